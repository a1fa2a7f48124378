"""`python -m sandbox NAME`: start one counterpart to try against.

Rules: a counterpart is a package `sandbox.<name>` whose module `command` has `add_arguments(parser)` and
`async run(arguments)`; only the chosen one is imported; `run` ends by being cancelled: by SIGTERM, SIGINT, or, where
the environment says POUCH_SUPERVISED=1, by the end of its standard input, whose other end is held by who started it.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import signal
import sys
from contextlib import suppress
from typing import Protocol, cast

__all__ = ["COUNTERPARTS", "main"]

#: name of the sub-command -> what it plays
COUNTERPARTS = {
    "ib": "the International Bureau: WIPO DAS REST API, version 1",
    "ipas": "an office's IPAS with its SOAP service",
    "tsa": "a time-stamping authority (RFC 3161)",
    "office": "a foreign office with its own digital library",
}


class Counterpart(Protocol):
    """What `sandbox.<name>.command` offers."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""

    async def run(self, arguments: argparse.Namespace) -> None:
        """Serve until cancelled; raises ValueError for a configuration that cannot be used."""


def main(words: list[str] | None = None) -> int:
    """Run the command line; returns 0 after a stop by signal, 1 if it could not start, 2 for wrong usage."""
    given = sys.argv[1:] if words is None else words
    chooser = argparse.ArgumentParser(
        prog="sandbox",
        description="Counterparts to try against. They import nothing of the gateway.",
        epilog="; ".join(f"{name}: {what}" for name, what in COUNTERPARTS.items()),
    )
    chooser.add_argument("counterpart", choices=tuple(COUNTERPARTS))
    name = chooser.parse_args(given[:1]).counterpart
    command = cast(Counterpart, importlib.import_module(f"sandbox.{name}.command"))
    parser = argparse.ArgumentParser(
        prog=f"sandbox {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    arguments = parser.parse_args(given[1:])
    try:
        asyncio.run(_until_signal(command, arguments))
    except (ValueError, OSError) as wrong:
        sys.stderr.write(f"sandbox {name}: {wrong}\n")
        return 1
    return 0


async def _until_signal(command: Counterpart, arguments: argparse.Namespace) -> None:
    task = asyncio.ensure_future(command.run(arguments))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    if os.environ.get("POUCH_SUPERVISED") == "1":
        _watch_input(loop, task)
    try:
        await task
    except asyncio.CancelledError:
        return


def _watch_input(loop: asyncio.AbstractEventLoop, task: asyncio.Future[None]) -> None:
    """Cancel the task when nobody holds the other end of standard input any more, however he ended."""
    descriptor = sys.stdin.fileno()

    def look() -> None:
        with suppress(OSError):
            if os.read(descriptor, 1):
                return
        loop.remove_reader(descriptor)
        task.cancel()

    loop.add_reader(descriptor, look)


if __name__ == "__main__":
    sys.exit(main())
