"""Start a foreign office: its own digital library behind a DAS-shaped endpoint, and a client of the Bureau.

Prints one JSON line when it listens: {"listening": "https://127.0.0.1:PORT", "seed": null}. Stops on SIGTERM.
Its window for tests and demonstrations is /_sandbox/record, retrieved, register, retrieve and hostility.
"""

from __future__ import annotations

import argparse

from sandbox.hostility import Hostility
from sandbox.office.config import EXAMPLE, load
from sandbox.office.server import build
from sandbox.serving import add_configured_arguments, serve, trust

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_configured_arguments(parser, EXAMPLE)


async def run(arguments: argparse.Namespace) -> None:
    """Serve until cancelled; raises ValueError or OSError if the configuration cannot be used."""
    hostility = Hostility.by_seed(arguments.hostile)
    app, office = build(load(arguments.config), hostility=hostility, outgoing=trust(arguments.ca))
    await serve(app, arguments, office.listens)
