"""An office's IPAS to try against: its SOAP service with daily log, user documents and server folder.

On start it prints one JSON line, {"listening": origin, "seed": seed or null}; the service is below that origin
at /IpasServices/IpasServices. Watch and disturb it: GET /_sandbox/record, GET and POST /_sandbox/hostility.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.hostility import Hostility
from sandbox.ipas.config import EXAMPLE, load
from sandbox.ipas.manners import Manners
from sandbox.ipas.server import Installation, make_app
from sandbox.serving import add_listening_arguments, serve

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_listening_arguments(parser)
    parser.add_argument("--config", type=Path, metavar="F", help="TOML; without it, the example below")
    parser.add_argument("--state", type=Path, metavar="F", help="JSON file that keeps the state over a restart")
    parser.epilog = f"configuration:\n\n{EXAMPLE}"


async def run(arguments: argparse.Namespace) -> None:
    """Serve until cancelled; raises ValueError or OSError for a configuration that cannot be used."""
    seed = arguments.hostile
    installation = Installation.start(
        load(arguments.config),
        hostility=Hostility.by_seed(seed),
        manners=Manners(nil_items=seed is not None),
        state=arguments.state,
    )
    await serve(make_app(installation), arguments)
