"""pouch ledger verify --db: the office's own log, computed again from its database."""

from pathlib import Path

from gateway.app.ledger_check import check_database
from gateway.app.opening import CannotOpen
from gateway.core.reason import Deferred
from gateway.evidence.findings import CannotTell, EvidenceVerdict, Tampered
from gateway.settings import SettingsError, load_settings
from pki.verdict import Indication

__all__ = ["verify_database"]


async def verify_database(config: Path, office: str | None = None) -> EvidenceVerdict:
    """Check an office's log, the first hosted one's by default.

    Raises Tampered, naming the first bad entry, or CannotTell, naming what is missing.
    """
    try:
        checked = await check_database(load_settings(config), office)
    except (SettingsError, CannotOpen) as error:
        raise CannotTell("the database", str(error)) from None
    except Deferred as error:
        raise CannotTell("the database", error.reason.text) from None
    if checked.place is not None:
        raise Tampered(checked.place, checked.explanation or "")
    if checked.signed == 0:
        raise CannotTell("the checkpoints", "no signature vouches for the entries: is ledger.keys set?")
    later = checked.size - checked.signed
    return EvidenceVerdict(
        indication=Indication.PASSED,
        explanation="every entry, tile and checkpoint in the database is as it was signed",
        origin=checked.origin,
        size=checked.size,
        root=checked.root,
        remarks=(f"{later} entries came after the last checkpoint",) if later else (),
    )
