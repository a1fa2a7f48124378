"""A dossier for a command: opens the gateway, makes the dossier, writes the file."""

import secrets
from pathlib import Path

from gateway.app.dossier import Dossier, make_dossier
from gateway.app.dossier_documents import load_recipient
from gateway.app.dossier_enclosing import DossierTooLarge
from gateway.app.opening import open_database, open_gateway
from gateway.app.system import SystemClock
from gateway.settings import Settings
from gateway.store.durable import replace_file
from gateway.store.ledger_read import LedgerDamaged
from pki.keys import UnusableKey

__all__ = ["NotMade", "write_dossier_file"]


class NotMade(Exception):
    """No dossier was made; the text says why and what to do."""


async def write_dossier_file(settings: Settings, exchange_id: str, path: Path, recipient: Path | None) -> Dossier:
    """Make the dossier of an exchange and write it to `path`, which must not exist yet.

    With `recipient`, a file with a certificate, the documents are in it, encrypted for its holder. Raises NotMade,
    OSError, SettingsError, CannotOpen, Refused, Deferred.
    """
    _check_place(path)
    try:
        certificate = None if recipient is None else load_recipient(recipient, SystemClock().now())
        async with open_database(settings) as dsn, open_gateway(settings, dsn) as gateway:
            dossier = await make_dossier(gateway, exchange_id, recipient=certificate)
    except (UnusableKey, DossierTooLarge) as error:
        raise NotMade(f"{error}.") from None
    except LedgerDamaged as damage:
        raise NotMade(f"the ledger is not whole ({damage}). Run: pouch ledger verify --db -c {settings.file}") from None
    replace_file(path, dossier.content, mode=0o600, overwrite=False)
    return dossier


def _check_place(path: Path) -> None:
    """Before the ledger says that it was handed out: NotMade if something is there, OSError if nothing can be."""
    if path.exists() or path.is_symlink():
        raise NotMade(f"{path} is there already: a dossier overwrites nothing. Name another file.")
    probe = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    probe.touch(exist_ok=False)
    probe.unlink()
