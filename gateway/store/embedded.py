"""The embedded PostgreSQL: started beside the gateway when no server is configured, stopped by its last user.

Rules:
- A server lives if it answers, or if something holds the `server` lock; a process number proves nothing.
- The server outlives a launcher that dies. The next start finds it answering and goes on with it.
- No TCP, one password per role, checksums, fsync and synchronous_commit on.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal
from urllib.parse import quote

import asyncpg

from gateway.core.secret import Secret
from gateway.store.embedded_cluster import ClusterFolder
from gateway.store.embedded_install import EmbeddedRefused, install_programs, run_as
from gateway.store.embedded_lock import FolderLock
from gateway.store.embedded_settings import SUPERUSER
from gateway.store.roles import Dsns, prepare_database

__all__ = ["EmbeddedPostgres", "EmbeddedRefused", "StopMode"]

StopMode = Literal["smart", "fast", "immediate"]

_SIGNALS: Final = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_POLL_SECONDS: Final = 0.01
_CONNECT_SECONDS: Final = 10
#: It is starting, stopping, recovering or full, or is not there.
_NO_ANSWER: Final = (
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
)
_WRONG_PASSWORD: Final = (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)


class _NotYet(EmbeddedRefused):
    """The server lives, but does not answer in time."""


class EmbeddedPostgres:
    """One cluster in one folder. Several processes may each have one of these on the same folder at the same time."""

    def __init__(
        self,
        folder: Path,
        *,
        user: str | None = None,
        programs: Path | None = None,
        database: str = "pouch",
        settings: Mapping[str, str] | None = None,
        patience: timedelta = timedelta(seconds=60),
    ) -> None:
        """Name the folder; nothing happens before `start`.

        As root, `user` is who the server runs as (nobody) and `programs` where its programs are copied to. `settings`
        are PostgreSQL's own, in place of ours. `patience` bounds each of start and stop; give it more where a
        crash recovery may take long.
        """
        self._folder = Path(os.path.abspath(folder))  # noqa: PTH100 - a link in the path is the operator's choice
        self._user = user
        self._programs = programs
        self._database = database
        self._settings = dict(settings or {})
        self._patience = patience.total_seconds()
        self._control = FolderLock(self._folder / "control.lock")
        self._users = FolderLock(self._folder / "users.lock")
        self._server = FolderLock(self._folder / "server.lock")

    async def start(self) -> Dsns:
        """Have the server run, making the cluster, roles and database where they are missing; give their addresses.

        Goes on with a server that already runs on the folder. Raises EmbeddedRefused with what to do.
        """
        deadline = self._deadline()
        cluster = ClusterFolder(folder=self._folder, runner=run_as(self._user))
        await asyncio.to_thread(cluster.prepare)
        await self._begin_control(deadline)
        try:
            if not self._users.try_shared():  # held alone only under `control`, which is ours now
                raise EmbeddedRefused(f"another process holds {self._folder}/users.lock alone; stop it")
            passwords = await asyncio.to_thread(cluster.passwords)
            await self._run(cluster, passwords.superuser, deadline)
            server = self._address(cluster, passwords.superuser)
            return await prepare_database(server, database=self._database, passwords=passwords)
        except BaseException as error:
            if not isinstance(error, _NotYet):  # what recovers from a crash shall be further at the next start
                await self._tell_to_stop(cluster, "fast", self._deadline())
            self._users.release()
            raise
        finally:
            self._control.release()

    async def revive(self) -> bool:
        """Start the server again if nothing of it lives any more; gives whether that was needed.

        For a holder of the cluster, who started it. Addresses and passwords stay. Raises as `start`.
        """
        if not self._server.try_exclusive():
            return False
        self._server.release()
        await self.start()
        return True

    async def stop(self, mode: StopMode = "fast") -> bool:
        """Leave the cluster, and stop its server if nobody else uses it; gives whether it was stopped.

        smart waits for clients to leave, fast breaks them off, immediate skips the last checkpoint (recovery at the
        next start). Raises EmbeddedRefused if the server does not end in time.
        """
        if not self._folder.is_dir():
            return False
        deadline = self._deadline()
        cluster = ClusterFolder(folder=self._folder, runner=run_as(self._user))
        await self._begin_control(deadline)
        try:
            if not await self._tell_to_stop(cluster, mode, deadline):
                return False
            if not await self._server.exclusive(deadline):
                raise EmbeddedRefused(f"the PostgreSQL server of {self._folder} has not ended yet; see cluster/log")
            cluster.tidy()
            return True
        finally:
            self._server.release()
            self._users.release()
            self._control.release()

    async def __aenter__(self) -> Dsns:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _run(self, cluster: ClusterFolder, superuser: Secret, deadline: float) -> None:
        """Return when the server answers; launch it if nothing of it lives."""
        launched = False
        while not await self._answers(cluster, superuser, deadline):
            if self._server.try_exclusive():
                try:
                    if launched:
                        raise EmbeddedRefused(f"the PostgreSQL server ended while starting: {cluster.last_words()}")
                    await _to_its_end(self._launch, cluster, superuser)
                    launched = True
                finally:
                    self._server.release()
            if asyncio.get_running_loop().time() > deadline:
                raise _NotYet(
                    f"the PostgreSQL server of {self._folder} does not answer yet; it may be recovering from a crash: "
                    "see cluster/log, wait and start again"
                )
            await asyncio.sleep(_POLL_SECONDS)

    def _launch(self, cluster: ClusterFolder, superuser: Secret) -> None:
        programs = install_programs(cluster.runner, self._programs)
        if not cluster.cluster.is_dir():
            cluster.create(programs, superuser, self._server.descriptor)
        cluster.launch(programs, self._settings, self._server.descriptor)

    async def _answers(self, cluster: ClusterFolder, superuser: Secret, deadline: float) -> bool:
        patience = max(_POLL_SECONDS, min(_CONNECT_SECONDS, deadline - asyncio.get_running_loop().time()))
        try:
            connection = await asyncpg.connect(self._address(cluster, superuser).reveal(), timeout=patience)
        except _WRONG_PASSWORD:
            raise EmbeddedRefused(f"passwords.json of {self._folder} is not that of its cluster; restore it") from None
        except _NO_ANSWER:
            return False
        await connection.close(timeout=_CONNECT_SECONDS)
        return True

    async def _tell_to_stop(self, cluster: ClusterFolder, mode: StopMode, deadline: float) -> bool:
        """Signal the server unless others use it, or it is not ours or not there; give whether it is to end."""
        if not self._users.try_exclusive():
            return False
        while not self._server.try_exclusive():
            process = cluster.process()  # not yet there in a server's first moments
            if process is not None and cluster.runs_here(process):
                os.kill(process, _SIGNALS[mode])
                return True
            if asyncio.get_running_loop().time() > deadline:
                return True
            await asyncio.sleep(_POLL_SECONDS)
        self._server.release()
        return False

    def _address(self, cluster: ClusterFolder, superuser: Secret) -> Secret:
        socket = quote(str(cluster.socket), safe="")
        return Secret(
            f"postgresql://{SUPERUSER}:{quote(superuser.reveal(), safe='')}@/postgres?host={socket}&port=5432"
        )

    async def _begin_control(self, deadline: float) -> None:
        if not await self._control.exclusive(deadline):
            raise EmbeddedRefused(f"another process is starting or stopping the server of {self._folder}; try again")

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._patience


async def _to_its_end(work: Callable[..., None], *arguments: Any) -> None:
    """Run work in a thread, and wait for it also when cancelled: it uses the lock that is released afterwards."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
