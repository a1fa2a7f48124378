"""Start a foreign office: its own digital library behind a DAS-shaped endpoint, and a client of the Bureau.

Prints one JSON line when it listens: {"listening": "https://127.0.0.1:PORT", "seed": null}. Stops on SIGTERM.
Its window for tests and demonstrations is /_sandbox/record, retrieved, register, retrieve and hostility.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.hostility import Hostility
from sandbox.office.config import EXAMPLE, load
from sandbox.office.server import build
from sandbox.serving import add_listening_arguments, serve, trust

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; `--help` ends with an example of the configuration."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="TOML, as in the example below")
    add_listening_arguments(parser)
    parser.epilog = f"example of a configuration:\n\n{EXAMPLE}"


async def run(arguments: argparse.Namespace) -> None:
    """Serve until cancelled; raises ValueError or OSError if the configuration cannot be used."""
    seed = arguments.hostile
    hostility = Hostility() if seed is None else Hostility.rude(seed)
    app, office = build(load(arguments.config), hostility=hostility, outgoing=trust(arguments.ca))
    await serve(app, arguments, seed, office.listens)
