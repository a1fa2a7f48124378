"""The programs of the demonstration: started as separate processes, watched, and ended; their words go into log files.

Rules: each is the head of a process group of its own, so that Ctrl-C reaches the demonstration alone, which then ends
them in order; none is left behind: we hold the other end of their standard input, and they end when it does, so that
they do also when the demonstration is killed.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from gateway.demo.timeline import StoryFailed

__all__ = ["Crew", "Program", "free_ports", "python"]

_T = TypeVar("_T")

#: Seconds a program may take to end by itself: a gateway finishes its work and stops its database.
_GRACE: Final = 45.0
#: Seconds between two looks.
_LOOK: Final = 0.05
#: Below the range from which outgoing connections take their ports (Linux: 32768 and above), so that none is taken.
_FIRST_PORT: Final = 21_000
_LAST_PORT: Final = 32_000


def python(*words: str) -> list[str]:
    """The words that start a module of ours with this interpreter."""
    return [sys.executable, "-P", "-m", *words]


def free_ports(count: int) -> list[int]:
    """Find ports on which nobody listens on this machine now."""
    found: list[int] = []
    port = _FIRST_PORT + int.from_bytes(os.urandom(2), "big") % 8000
    while len(found) < count and port < _LAST_PORT:
        with socket.socket() as trying, suppress(OSError):
            trying.bind(("127.0.0.1", port))
            found.append(port)
        port += 1
    if len(found) < count:
        raise StoryFailed("this machine has no free ports between 21000 and 32000", "End other programs and try again.")
    return found


class Program:
    """One process with its log."""

    def __init__(self, name: str, words: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._words = words
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; returns as soon as it runs, not when it is ready."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "POUCH_SUPERVISED": "1"},
            )

    def check(self) -> None:
        """StoryFailed if it has ended."""
        if self._process is None or self._process.returncode is not None:
            code = self._process.returncode if self._process else "not started"
            words = "\n".join(f"    {line}" for line in self._last_words())
            raise StoryFailed(f"{self.name} has ended ({code})", f"Its last words, in {self.log}:\n{words}")

    def _last_words(self) -> list[str]:
        with suppress(OSError):
            return self.log.read_text(errors="replace").splitlines()[-5:]
        return []

    async def stop(self) -> None:
        """Ask it to end, and make it if it does not."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    def _signal(self, which: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                if which is signal.SIGKILL:
                    os.killpg(self._process.pid, which)
                else:
                    self._process.send_signal(which)


class Crew:
    """All programs of one folder of logs; an async context manager that ends them together."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.programs: list[Program] = []

    async def __aenter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(program.stop() for program in self.programs))

    async def launch(self, name: str, words: Sequence[str]) -> Program:
        """Start a module of ours by these words."""
        program = Program(name, python(*words), self._logs / f"{name.replace(' ', '-')}.log")
        self.programs.append(program)
        await program.start()
        return program

    def advice(self) -> str:
        """Which files to read when something went wrong."""
        return "Read the logs:\n" + "\n".join(f"  {program.log}" for program in self.programs)

    async def wait(
        self, what: str, look: Callable[[], Awaitable[_T]], done: Callable[[_T], Any], patience: float
    ) -> _T:
        """Look until it is `done`, and give what was seen.

        StoryFailed if a program ends meanwhile, or if it takes more than `patience` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while not done(seen := await look()):
            for program in self.programs:
                program.check()
            if loop.time() > deadline:
                raise StoryFailed(f"waited {patience:.0f} s in vain until {what}", self.advice())
            await asyncio.sleep(_LOOK)
        return seen
