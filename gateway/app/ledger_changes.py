"""What changed in settings, keys, trust and agreements, read back and held against the entries that commit to it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.core.office import OfficeCode
from gateway.store.changes import KeptChange, PostgresChanges
from gateway.store.ledger_read import Queryable

__all__ = ["ToldChange", "read_changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChange:
    """One change in words: names only. `wrong` says in what the row is not what its entry committed to."""

    kind: str
    number: int
    at: datetime
    software: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    altered: tuple[str, ...]
    entry_id: str
    leaf_hash: str
    seq: int | None
    wrong: str | None


async def read_changes(database: Queryable, queries: Mapping[str, str], hosted: OfficeCode) -> list[ToldChange]:
    """Give all changes of a hosted office's gateway, oldest first; Deferred(DATABASE_UNAVAILABLE)."""
    former: dict[str, tuple[int, str]] = {}
    told = []
    for kept in await PostgresChanges(database, queries).all(hosted):
        told.append(_told(kept, former.get(kept.kind)))
        former[kept.kind] = (kept.number, hashlib.sha256(kept.picture).hexdigest())
    return told


def _told(kept: KeptChange, former: tuple[int, str] | None) -> ToldChange:
    try:
        words = dict(json.loads(kept.content))
    except (ValueError, TypeError):
        words = {}
    return ToldChange(
        kind=kept.kind,
        number=kept.number,
        at=kept.at,
        software=str(words.get("software", "")),
        added=tuple(words.get("added", ())),
        removed=tuple(words.get("removed", ())),
        altered=tuple(words.get("altered", ())),
        entry_id=kept.entry_id,
        leaf_hash=kept.leaf_hash.hex(),
        seq=kept.seq,
        wrong=_wrong(kept, former),
    )


def _wrong(kept: KeptChange, former: tuple[int, str] | None) -> str | None:
    try:
        digests: dict[str, str] = json.loads(kept.leaf[1:])["digests"]
    except (ValueError, KeyError, TypeError):
        return "the entry is not one of this kind"
    if hashlib.sha256(kept.content).hexdigest() != digests.get("change"):
        return "the words are not those the entry committed to"
    if hashlib.sha256(kept.picture).hexdigest() != digests.get("after"):
        return "the picture is not the one the entry committed to"
    if former is not None and (former[0] + 1 != kept.number or former[1] != digests.get("before")):
        return "the change before it is not the one the entry names"
    if former is None and kept.number != 1:
        return "the changes before it are missing"
    return None
