"""An embedded cluster's folder: what lies where, how it is made, how its server is configured and launched.

    FOLDER/                0700, the gateway's
      passwords.json       0600, the gateway's: without it nobody gets in
      cluster/             0700, the server's: PostgreSQL's own files, its log in cluster/log
      socket/              0700, the server's: the only way in, there is no TCP
      control.lock users.lock server.lock

Rules:
- Root's server gets its folders as open descriptors (/proc/self/fd/N), not as paths: it need not be able to pass
  through the folders above, and no other program of its user can.
- A cluster gets its name when it is whole; one that was left half made is made again.
- Root follows no link that the server's user could have laid.
"""

import contextlib
import hashlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.core.secret import Secret
from gateway.store.durable import replace_file, sync_folder
from gateway.store.embedded_install import MAJOR, EmbeddedRefused, RunAs
from gateway.store.embedded_settings import ACCESS, SUPERUSER, render_settings
from gateway.store.roles import Passwords, new_passwords

__all__ = ["ClusterFolder"]

#: A socket's path takes at most 107 bytes, and PostgreSQL adds "/.s.PGSQL.5432".
_LONGEST_SOCKET_FOLDER: Final = 107 - len("/.s.PGSQL.5432")


#: Where it lies if there is no room for its name; the folder itself is of mode 0700.
_TEMPORARY: Final = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFolder:
    """The folder of one embedded cluster and the user its server runs as. All methods block."""

    folder: Path
    runner: RunAs

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own folder; there once the cluster is whole."""
        return self.folder / "cluster"

    @property
    def socket(self) -> Path:
        """The socket's folder: beside the cluster, or under a temporary folder where that path would be too long.

        Every process of this machine finds the same, whatever its TMPDIR is, which also may be too long.
        """
        beside = self.folder / "socket"
        if len(os.fsencode(beside)) <= _LONGEST_SOCKET_FOLDER:
            return beside
        usable = (place for place in _TEMPORARY if os.access(place, os.W_OK | os.X_OK))
        name = f"pouch-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"
        return next(usable, Path(tempfile.gettempdir())) / name

    def prepare(self) -> None:
        """Make the folder if it is not there. Raises EmbeddedRefused if it is not the server's user's to use."""
        if len(os.fsencode(self.socket)) > _LONGEST_SOCKET_FOLDER:
            raise EmbeddedRefused(
                f"the path of {self.folder} is too long for a socket, and so is that of the temporary folder; "
                "choose a shorter gateway.storage, or let this user write to /tmp"
            )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            raise EmbeddedRefused(f"{self.folder} is not this user's to use; run as the user who made it")
        if self.cluster.is_dir():
            owner = self.cluster.stat().st_uid
            if owner != self.runner.uid:
                raise EmbeddedRefused(
                    f"{self.cluster} belongs to user id {owner}, not to {self.runner.name}; "
                    "run as before, or stop everything and chown -R it"
                )
            major = self._read("PG_VERSION").strip()[:10]
            if major != str(MAJOR):
                raise EmbeddedRefused(
                    f"{self.cluster} was made by PostgreSQL {major}, this is {MAJOR}; dump it with the former version"
                )

    def passwords(self) -> Passwords:
        """Load the passwords, or make them before the cluster is made. Raises EmbeddedRefused."""
        path = self.folder / "passwords.json"
        try:
            values = json.loads(path.read_text("ascii"))
            return Passwords(**{role: Secret(values[role]) for role in ("superuser", "owner", "app")})
        except FileNotFoundError:
            if self.cluster.is_dir():
                raise EmbeddedRefused(f"{path} is missing; restore it from its backup") from None
        except (ValueError, KeyError, TypeError):
            raise EmbeddedRefused(f"{path} is damaged; restore it from its backup") from None
        passwords = new_passwords()
        values = {role: getattr(passwords, role).reveal() for role in ("superuser", "owner", "app")}
        replace_file(path, json.dumps(values).encode("ascii"), mode=0o600)
        return passwords

    def create(self, programs: Path, superuser: Secret, lock: int) -> None:
        """Make the cluster: checksums, scram, locale C, UTF-8. Raises EmbeddedRefused with initdb's last words.

        initdb inherits `lock`: it goes on if this process is killed, and must not be disturbed while it does.
        """
        growing = self.folder / "cluster.new"
        shutil.rmtree(growing, ignore_errors=True)
        self._make_folder(growing)
        for_reading, for_writing = os.pipe()
        try:
            if self.runner.switch:
                os.fchown(for_reading, self.runner.uid, -1)  # so that the server's user may open /dev/fd/N
            os.write(for_writing, superuser.reveal().encode("ascii") + b"\n")
            os.close(for_writing)
            with self._as_seen_by_the_server(growing) as (path, descriptors):
                done = self._run(
                    [
                        str(programs / "initdb"),
                        f"--pgdata={path}",
                        f"--username={SUPERUSER}",
                        f"--pwfile=/dev/fd/{for_reading}",
                        "--auth=scram-sha-256",
                        "--data-checksums",
                        "--locale=C",
                        "--encoding=UTF8",
                        "--no-instructions",
                    ],
                    capture_output=True,
                    pass_fds=(*descriptors, for_reading, lock),
                )
        finally:
            os.close(for_reading)
        if done.returncode:
            words = done.stderr.decode("utf-8", "replace").strip()[-500:]
            raise EmbeddedRefused(f"PostgreSQL could not make {self.cluster}: {words}")
        growing.rename(self.cluster)
        sync_folder(self.folder)

    def launch(self, programs: Path, settings: Mapping[str, str], lock: int) -> None:
        """Start the server in the background, as nobody's child; it and all its processes inherit `lock`.

        Returns before the server answers; what it says until its log is open goes to cluster/start.log.
        Raises EmbeddedRefused.
        """
        if not self.socket.is_dir():
            self._make_folder(self.socket)
        state = self.socket.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != self.runner.uid or state.st_mode & 0o077:
            raise EmbeddedRefused(f"{self.socket} is not a private folder of {self.runner.name}; remove it")
        self._forget_leftovers()
        self._configure(settings)
        with (
            self._as_seen_by_the_server(self.cluster) as (cluster, cluster_descriptors),
            self._as_seen_by_the_server(self.socket) as (socket, socket_descriptors),
        ):
            quoted = socket.replace('"', '""')
            # The shell ends at once, so that the server is nobody's child and outlives this process.
            started = self._run(
                [
                    "/bin/sh",
                    "-c",
                    'exec >"$0" 2>&1 </dev/null; "$@" &',
                    f"{cluster}/start.log",
                    str(programs / "postgres"),
                    "-D",
                    cluster,
                    "-c",
                    f'unix_socket_directories="{quoted}"',
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(*cluster_descriptors, *socket_descriptors, lock),
            )
        if started.returncode:
            raise EmbeddedRefused(f"{self.runner.name} cannot write to {self.cluster}")

    def tidy(self) -> None:
        """Remove the stopped server's socket folder if it had to be elsewhere."""
        if self.socket.parent != self.folder:
            with contextlib.suppress(OSError):
                self.socket.rmdir()

    def process(self) -> int | None:
        """Give the server's process number by its own note, None if there is no note."""
        try:
            return abs(int(self._read("postmaster.pid").split("\n", 1)[0]))
        except (OSError, ValueError):
            return None

    def runs_here(self, process: int) -> bool:
        """Whether a process works in this cluster, as every process of its server does; without /proc, trust it."""
        if not Path("/proc/self").exists():
            return True
        try:
            return Path(f"/proc/{process}/cwd").samefile(self.cluster)
        except OSError:  # gone, a zombie, or another user's
            return False

    def last_words(self) -> str:
        """Give what the server said last before it could open its log."""
        with contextlib.suppress(OSError):
            return self._read("start.log").strip()[-500:]
        return ""

    def _forget_leftovers(self) -> None:
        """Remove what a crash left: the `server` lock is free, yet PostgreSQL believes process numbers.

        Another process may have the number now, or the dead server may be a zombie that nobody reaps (a container's
        first process). A note whose process is gone is left to PostgreSQL, which also looks at the shared memory.
        """
        process = self.process()
        if process is not None and Path(f"/proc/{process}").exists():
            if self.runs_here(process):
                raise EmbeddedRefused(f"process {process} serves {self.cluster}, started by other means; stop it")
            (self.cluster / "postmaster.pid").unlink()
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.socket / name).unlink(missing_ok=True)

    def _configure(self, settings: Mapping[str, str]) -> None:
        owner = (self.runner.uid, self.runner.gid) if self.runner.switch else None
        for name, content in (("postgresql.conf", render_settings(settings)), ("pg_hba.conf", ACCESS)):
            replace_file(self.cluster / name, content.encode(), mode=0o600, owner=owner)

    def _run(self, command: list[str], **how: Any) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(command, check=False, **how, **self.runner.popen)
        except PermissionError:
            raise self._powerless() from None

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self.runner.switch:
            try:
                os.chown(folder, self.runner.uid, self.runner.gid, follow_symlinks=False)
            except OSError:
                raise self._powerless() from None

    def _powerless(self) -> EmbeddedRefused:
        return EmbeddedRefused(
            f"this process cannot act as {self.runner.name} (a restricted container?); start it as another user"
        )

    def _read(self, name: str) -> str:
        descriptor = os.open(self.cluster / name, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
            return file.read(100_000)

    @contextlib.contextmanager
    def _as_seen_by_the_server(self, folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Give a folder's name for the server's user, and the descriptors a child must inherit for it."""
        if not self.runner.switch:
            yield str(folder), ()
            return
        if not Path("/proc/self/fd").is_dir():
            raise EmbeddedRefused("root can run the embedded PostgreSQL on Linux with /proc only; run as another user")
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            yield f"/proc/self/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)
