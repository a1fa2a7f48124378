"""The `pouch` command: one small file per sub-command under gateway/commands/, loaded only when it is called.

Exit codes: 0 done, 1 refused or failed, 2 usage, 3 cannot tell.
"""

from typing import Final

import click

from gateway.commands.lazy import LazyGroup

__all__ = ["main"]

#: sub-command -> (module below gateway.commands, what it does in one line)
COMMANDS: Final = {
    "demo": "the whole story on this machine: two offices, the Bureau, two IPAS",
    "init": "settings, offices file, keys and test certificates for an office",
    "serve": "front doors and delivery",
    "work": "delivery alone",
    "check": "load, open and probe everything, then exit",
    "migrate": "bring the database schema up",
    "validate": "say what is wrong with a document or package",
    "package": "make, open and view packages by hand",
    "schemas": "install official schemas, which are then enforced",
    "convert": "bibliographic data from ST.36 to ST.96 and back",
    "send": "deposit a document by hand",
    "release": "take release decisions on a held document",
    "correct": "correct the filing date of a deposit",
    "replace": "put a new document in the place of a deposited one",
    "withdraw": "take a registration back",
    "hold": "stop an exchange or the whole office, or lift the stop",
    "retrieve": "ask for another office's document",
    "status": "show what is known of an exchange",
    "poll": "fetch and confirm waiting notifications",
    "forget": "destroy the keys and personal values of an exchange; its proofs stay",
    "resend": "try again now what was refused, held or put off",
    "ledger": "verify and prove what a ledger says",
    "dossier": "all evidence on one exchange in one file that verifies without us",
    "verify": "check a dossier, with no database and no network",
    "outages": "who was away, and a signed notice of it",
    "downtime": "announce planned downtime, and end it",
    "sandbox": "a counterpart to try against: ib, ipas or office",
    "bench": "repeatable measurements as JSON",
}
_HIDDEN: Final = {"serve-worker": "one worker process of `pouch serve`"}


@click.command(
    cls=LazyGroup,
    offered=COMMANDS,
    modules="gateway.commands.",
    hidden=_HIDDEN,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="pouch")
def main() -> None:
    """Pouch: the diplomatic bag for priority documents between intellectual-property offices."""


if __name__ == "__main__":
    main()
