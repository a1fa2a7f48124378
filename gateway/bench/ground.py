"""Ground: a gateway founded for one measurement in a folder of its own, and run as the separate process it is.

Rules: no setting is easier than an office's but the rates, which a bench exceeds on purpose; the database is always
the embedded one, since the processes of any other cannot be found.
"""

import asyncio
import os
import socket
import ssl
import sys
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from gateway.bench.load import Address
from gateway.bench.plan import OFFICE, BenchFailed
from gateway.bench.processes import Usage, count_listeners, family_of, measure
from gateway.founding import AlreadyFounded, Founding, Neighbours, found_gateway

__all__ = ["Ground", "RunningGateway", "prepare_ground"]

_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.1
#: Nobody listens there, and nobody is called: what is deposited stays held.
_NOBODY: Final = "127.0.0.1:9"
#: Above what any machine reaches.
_RATE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A founded gateway and where its doors will be."""

    folder: Path
    front: int
    ops: int
    tls: bool

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "pouch.toml"

    @property
    def profile(self) -> Path:
        """How the office's own system calls this gateway."""
        return self.folder / "client.toml"

    @property
    def keys(self) -> Path:
        """The folder of keys and certificates."""
        return self.folder / "keys"

    @property
    def cluster(self) -> Path:
        """The embedded database's own folder."""
        return self.folder / "storage" / "postgres" / "cluster"

    @property
    def host(self) -> str:
        """What a Host header says."""
        return f"{_HOST}:{self.front}"

    def address(self) -> Address:
        """Where the front door is."""
        context = ssl.create_default_context(cafile=str(self.keys / "ca.pem")) if self.tls else None
        return Address(host=_HOST, port=self.front, tls=context)


def prepare_ground(folder: Path, *, tls: bool, office: str = OFFICE) -> Ground:
    """Found a gateway of an office in an empty folder; BenchFailed if there is one already."""
    front, ops = _free_ports()
    ground = Ground(folder=folder, front=front, ops=ops, tls=tls)
    founding = Founding(
        folder=folder,
        office=office,
        name="Office under measurement",
        front=ground.host,
        ops=f"{_HOST}:{ops}",
        neighbours=Neighbours(bureau=_NOBODY, ipas=_NOBODY, called=False),
        settings={"front_door": {"messages_per_second": float(_RATE), "burst": _RATE}},
    )
    try:
        found_gateway(founding)
    except AlreadyFounded as error:
        raise BenchFailed(str(error)) from None
    if not tls:
        _open_plainly(ground)
    return ground


def _open_plainly(ground: Ground) -> None:
    """Take the certificate from the door: it then speaks plain HTTP, as behind a TLS proxy."""
    main = tomllib.loads(ground.config.read_text())
    front: dict[str, Any] = main["front_door"]
    del front["tls_certificate"], front["tls_key"]
    front["public_url"] = f"http://{ground.host}"
    ground.config.write_bytes(msgspec.toml.encode(main))
    client = tomllib.loads(ground.profile.read_text())
    client["gateway"] = front["public_url"]
    ground.profile.write_bytes(msgspec.toml.encode(client))


def _free_ports() -> tuple[int, int]:
    """Two ports that nobody has now."""
    with socket.socket() as one, socket.socket() as other:
        one.bind((_HOST, 0))
        other.bind((_HOST, 0))
        return one.getsockname()[1], other.getsockname()[1]


class RunningGateway:
    """`pouch serve` on a ground; an async context manager that waits until it is ready and stops it at the end."""

    def __init__(self, ground: Ground, *, workers: int) -> None:
        self._ground = ground
        self._workers = workers
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POUCH_DATABASE")}
        environment["POUCH_SUPERVISED"] = "1"  # it ends with its standard input, also when the bench is killed
        with (self._ground.folder / "gateway.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway", "serve", "-c", str(self._ground.config)),
                *("--workers", str(self._workers)),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        try:
            await self._become_ready()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    def gateway(self) -> dict[int, Usage]:
        """The gateway's processes as they are now."""
        return family_of(self._running().pid, measure())

    def usage(self) -> tuple[float, float]:
        """Milliseconds of processor the gateway and its database have used; BenchFailed if one of them is gone."""
        usages = measure()
        gateway = family_of(self._running().pid, usages)
        database = family_of(self._postmaster(), usages)
        if not gateway or not database:
            raise BenchFailed(f"the gateway or its database has ended; {self._last_words()}")
        return sum(usage.cpu_ms for usage in gateway.values()), sum(usage.cpu_ms for usage in database.values())

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("a gateway is used inside `async with`")
        return self._process

    def _postmaster(self) -> int:
        """The database's first process, by its own note."""
        try:
            return int((self._ground.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            raise BenchFailed(f"the embedded database has left no postmaster.pid; {self._last_words()}") from None

    async def _become_ready(self) -> None:
        process = self._running()
        loop = asyncio.get_running_loop()
        until = loop.time() + _START_SECONDS
        # ready says that there are workers; the run begins when each of them has opened its door
        while not await _is_ready(self._ground.ops) or count_listeners(self._ground.front) < self._workers:
            if process.returncode is not None:
                raise BenchFailed(f"the gateway ended while starting; {self._last_words()}")
            if loop.time() > until:
                raise BenchFailed(f"the gateway was not ready within {_START_SECONDS:.0f} s; {self._last_words()}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _stop(self) -> None:
        process = self._running()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()

    def _last_words(self) -> str:
        text = (self._ground.folder / "gateway.log").read_text(errors="replace").strip()
        return f"its last words: {text[-800:]}" if text else "it said nothing"


async def _is_ready(port: int) -> bool:
    """Whether the ops port answers /readyz with 200."""
    try:
        reader, writer = await asyncio.open_connection(_HOST, port)
    except OSError:
        return False
    try:
        writer.write(f"GET /readyz HTTP/1.1\r\nHost: {_HOST}\r\nConnection: close\r\n\r\n".encode())
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
