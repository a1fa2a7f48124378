"""A time-stamping authority to try against (RFC 3161 over HTTP), with a certificate chain of its own.

On start it prints one JSON line, {"listening": origin, "seed": seed or null}; requests go to that origin, and its
certificates are made once and kept in --folder: name FOLDER/root.pem in ledger.timestamping.authority.certificates.
Watch and disturb it: GET /_sandbox/record, GET and POST /_sandbox/hostility, for example {"manner": "wrong-nonce"}.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.hostility import Hostility
from sandbox.record import utc_now
from sandbox.serving import add_listening_arguments, serve
from sandbox.tsa.authority import open_authority
from sandbox.tsa.manners import Manners
from sandbox.tsa.server import Desk, make_app
from sandbox.tsa.stamping import Manner

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_listening_arguments(parser)
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="its keys and certificates")
    parser.epilog = f"manners: {', '.join(manner.value for manner in Manner)}"


async def run(arguments: argparse.Namespace) -> None:
    """Serve until cancelled; raises ValueError or OSError for a folder that cannot be used."""
    authority = open_authority(arguments.folder, utc_now())
    hostility = Hostility.by_seed(arguments.hostile)
    await serve(make_app(Desk(authority=authority, hostility=hostility, manners=Manners())), arguments)
