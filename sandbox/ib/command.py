"""Start the Bureau: WIPO DAS REST API V1 for the offices of a configuration file.

Prints one JSON line when it listens: {"listening": "https://127.0.0.1:PORT", "seed": null}. Stops on SIGTERM.
Its window for tests and demonstrations is /_sandbox/about, record, mailbox, documents, hostility and keys.
"""

from __future__ import annotations

import argparse

from sandbox.hostility import Hostility
from sandbox.ib.config import EXAMPLE, load
from sandbox.ib.server import build
from sandbox.serving import add_configured_arguments, serve, trust

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_configured_arguments(parser, EXAMPLE)


async def run(arguments: argparse.Namespace) -> None:
    """Serve until cancelled; raises ValueError or OSError if the configuration cannot be used."""
    hostility = Hostility.by_seed(arguments.hostile)
    app, bureau = build(load(arguments.config), hostility=hostility, outgoing=trust(arguments.ca))
    await serve(app, arguments, bureau.listens)
