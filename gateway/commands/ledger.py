"""pouch ledger: the evidence of an office's ledger, and of any other transparency log."""

from typing import Final

import click

from gateway.commands.lazy import LazyGroup

#: sub-command -> what it does in one line; its module is gateway.commands.ledger_<name>.
_COMMANDS: Final = {
    "verify": "a whole log, or one proof, checked from outside",
    "prove": "a proof of one entry, made from a log's tiles",
    "export": "our own log as files, to be kept or handed on",
    "reconcile": "what is missing or altered between us and a partner",
    "consistency": "that a log has only grown since a checkpoint one kept",
    "recover": "after a restore: what is missing, and how the log goes on",
    "changes": "what changed in settings, keys, trust and agreements",
}


@click.group(cls=LazyGroup, offered=_COMMANDS, modules="gateway.commands.ledger_")
def command() -> None:
    """Evidence that anyone can verify without us: RFC 6962 trees in the C2SP formats.

    Exit codes: 0 as it was signed, 1 tampered, 2 usage, 3 cannot tell.
    """
