"""Ledger entries: the leaf that records one step of an exchange, for ever.

Rules:
- A leaf is a version byte and RFC 8785 JSON under 4 KiB: ids, kind, time, digests and a random salt; never bodies,
  names, numbers of applications or access codes, never a sequence number nor a receipt's digest.
- What concerns persons stands in it as a commitment only (commitment.py), among the digests.
- The leaf hash is that of RFC 6962 section 2.1: SHA-256(0x00 || leaf).
- The form is frozen by golden vectors; a new form gets a new version byte.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.core.commitment import PREFIX, Commitment
from gateway.core.exchange import Step
from gateway.core.instant import rfc3339
from gateway.core.office import OfficeCode
from gateway.core.request import canonical_json

__all__ = ["LEAF_LIMIT", "Entry", "make_entry"]

#: Bytes; an entry bundle of tlog-tiles takes 65,535, we stay far below.
LEAF_LIMIT = 4096

_VERSION = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger before the sequencer has given it its place; `commitments` with their salts beside it."""

    entry_id: str
    hosted: OfficeCode
    exchange_id: str | None
    step: Step
    at: datetime
    leaf: bytes
    leaf_hash: bytes
    commitments: tuple[Commitment, ...] = ()


def make_entry(
    *,
    entry_id: str,
    hosted: OfficeCode,
    exchange_id: str | None,
    step: Step,
    at: datetime,
    salt: bytes,
    actor: str,
    outcome: str = "done",
    digests: dict[str, str] | None = None,
    count: int | None = None,
    commitments: Sequence[Commitment] = (),
) -> Entry:
    """Make the entry of one step. `digests` maps what was digested to hexadecimal SHA-256; `salt` 16 random bytes.

    ValueError if the leaf grows beyond LEAF_LIMIT: that is a bug of the caller, not a fact about a message.
    """
    content: dict[str, object] = {
        "actor": actor,
        "at": rfc3339(at),
        "id": entry_id,
        "kind": step.value,
        "office": hosted,
        "outcome": outcome,
        "salt": salt.hex(),
    }
    if exchange_id is not None:
        content["exchange"] = exchange_id
    if digests or commitments:
        content["digests"] = {**(digests or {}), **{PREFIX + each.name: each.digest.hex() for each in commitments}}
    if count is not None:
        content["count"] = count
    leaf = _VERSION + canonical_json(content)
    if len(leaf) > LEAF_LIMIT:
        raise ValueError("a ledger leaf is longer than 4 KiB")
    return Entry(
        entry_id=entry_id,
        hosted=hosted,
        exchange_id=exchange_id,
        step=step,
        at=at,
        leaf=leaf,
        leaf_hash=hashlib.sha256(b"\x00" + leaf).digest(),
        commitments=tuple(commitments),
    )
