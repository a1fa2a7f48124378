"""Checking what stands beside the tree: columns against leaves, the waiting list, the chain of checkpoints, and what
entries commit to.

Rules: as in ledger_check.py, the first difference ends the check and is named; a leaf of a form that does not name a
thing says nothing about it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from gateway.core.exchange import Step
from gateway.core.in_force import STEPS
from gateway.core.instant import rfc3339
from gateway.core.merkle import leaf_hash
from gateway.core.office import OfficeCode
from gateway.core.outage import Event
from gateway.store.guard import guarded
from gateway.store.ledger_read import LedgerDamaged, Queryable

__all__ = ["RowCheck", "check_columns", "commits"]

#: Entries that wait for their place and are looked at; there are few unless nobody places them.
_WAITING: Final = 10_000
#: Checkpoints compared at once, and a number below all of theirs.
_PIECE: Final = 5_000
_FIRST_NUMBER: Final = -(1 << 63)
_EVENTS: Final = {
    Event.BEGAN.value: Step.OUTAGE_BEGAN.value,
    Event.ENDED.value: Step.OUTAGE_ENDED.value,
    Event.ANNOUNCED.value: Step.DOWNTIME_ANNOUNCED.value,
    Event.CALLED_OFF.value: Step.DOWNTIME_CALLED_OFF.value,
}


_OTHER: Final = "has other columns beside it than its leaf says"
_COMMITTING: Final = frozenset({*(step.value for step in STEPS.values()), *_EVENTS.values()})


def commits(step: str) -> bool:
    """Whether an entry of this step commits to a row of ledger_change or outage_event."""
    return step in _COMMITTING


class _Leaf(msgspec.Struct):
    id: str | None = None
    kind: str | None = None
    at: str | None = None
    office: str | None = None
    exchange: str | None = None
    digests: dict[str, str] | None = None
    count: int | None = None


_read_leaf = msgspec.json.Decoder(_Leaf).decode


def check_columns(row: Any, digest: bytes, place: str, hosted: str) -> None:
    """LedgerDamaged unless an entry's columns are what its leaf says, whose hash `digest` is.

    `row` is one of the queries ledger_entry_rows and ledger_waiting_rows. Called for every entry: kept fast.
    """
    if row["entry_hash"] != digest:
        raise LedgerDamaged(place, "has another leaf hash beside it than its leaf has")
    try:
        said = _read_leaf(memoryview(row["leaf"])[1:])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return
    exchange = row["exchange_id"]
    if said.id is not None and (
        said.id != str(row["entry_id"]) or said.exchange != (None if exchange is None else str(exchange))
    ):
        raise LedgerDamaged(place, _OTHER)
    if said.kind not in (None, row["step"]) or said.office not in (None, hosted):
        raise LedgerDamaged(place, _OTHER)
    if said.at is not None and datetime.fromisoformat(said.at) != row["at"]:
        raise LedgerDamaged(place, _OTHER)


class RowCheck:
    """Checks one hosted office's rows. Deferred(DATABASE_UNAVAILABLE) from every method."""

    def __init__(self, database: Queryable, queries: Mapping[str, str], hosted: OfficeCode) -> None:
        self._database = database
        self._queries = queries
        self._hosted = hosted

    async def check(self, committing: Iterable[tuple[str, str]]) -> None:
        """Check everything beside the tree; LedgerDamaged.

        `committing` are step and id of the entries with a place that commit to a row here (see `commits`).
        """
        waiting = await self._waiting()
        await self._chain()
        told = await self._changes() | await self._events() | await self._restored()
        for _, entry_id in sorted({*committing, *waiting}):
            if entry_id not in told:
                raise LedgerDamaged(f"entry {entry_id}", "commits to something that is not there")

    async def _waiting(self) -> set[tuple[str, str]]:
        committing = set()
        for row in await self._rows("ledger_waiting_rows", _WAITING):
            if row["leaf"] is None:
                raise LedgerDamaged(f"entry {row['entry_id']}", "waits for a place and is not there")
            if row["placed"]:
                raise LedgerDamaged(f"entry {row['entry_id']}", "has a place and waits for one")
            if row["at"] != row["waiting_at"]:
                raise LedgerDamaged(f"entry {row['entry_id']}", "waits since another time than its own")
            check_columns(row, leaf_hash(row["leaf"]), f"entry {row['entry_id']}", self._hosted)
            if commits(row["step"]):
                committing.add((row["step"], str(row["entry_id"])))
        return committing

    async def _chain(self) -> None:
        """Piece by piece, each beginning with the last row of the one before: a log that grows has one a second."""
        start = _FIRST_NUMBER
        while rows := await self._rows("ledger_chain_piece", start, _PIECE):
            for row in rows if start == _FIRST_NUMBER else rows[1:]:
                if not row["good"]:
                    size = row["size"]
                    raise LedgerDamaged(f"the checkpoint of size {size}", "does not follow from the one before it")
            if len(rows) < _PIECE:
                break
            start = rows[-1]["number"]
        for row in await self._rows("ledger_head_astray"):
            raise LedgerDamaged("the newest checkpoint", f"is not number {row['number']}, which was signed last")

    async def _changes(self) -> set[str]:
        told: set[str] = set()
        former: dict[str, tuple[int, str]] = {}
        for row in await self._rows("changes_all"):
            number, before = former.get(row["kind"], (0, None))
            place = f"the change {row['kind']} {row['number']}"
            said = _read_leaf(row["leaf"][1:])
            digests, after = said.digests or {}, hashlib.sha256(row["picture"]).hexdigest()
            kinds = [kind.value for kind, step in STEPS.items() if step.value == said.kind]
            if row["number"] != number + 1 or digests.get("before") != before:
                raise LedgerDamaged(place, "does not follow from the one before it")
            if (
                [row["kind"]] != kinds
                or digests.get("after") != after
                or digests.get("change") != hashlib.sha256(row["content"]).hexdigest()
            ):
                raise LedgerDamaged(place, "is not what its entry committed to")
            former[row["kind"]] = (row["number"], after)
            told.add(str(row["entry_id"]))
        return told

    async def _events(self) -> set[str]:
        entries: set[str] = set()
        for row in await self._rows("outage_events_all"):
            place = f"what is told of outage {row['outage_id']}"
            said = _read_leaf(row["leaf"][1:])
            digest = hashlib.sha256(row["content"]).hexdigest()
            content = msgspec.json.decode(row["content"]) if (said.digests or {}).get("outage") == digest else {}
            told = (content.get("outage"), content.get("event"), _EVENTS.get(row["event"]), said.at)
            if told != (str(row["outage_id"]), row["event"], said.kind, rfc3339(row["at"])):
                raise LedgerDamaged(place, "is not what its entry committed to")
            entries.add(str(row["entry_id"]))
        return entries

    async def _restored(self) -> set[str]:
        """Entries that came back from an export: what they commit to was lost with the database of before."""
        found: set[str] = set()
        for row in await self._rows("ledger_restored"):
            said = _read_leaf(row["leaf"][1:]) if row["leaf"] is not None else _Leaf()
            if (said.kind, said.count) != (Step.PUT_BACK.value, row["size"] - row["first"]):
                raise LedgerDamaged(f"entry {row['entry_id']}", "does not tell what was put back")
            steps = sorted(_COMMITTING)
            rows = await self._rows("ledger_restored_steps", steps, row["first"], row["size"])
            found |= {str(each["entry_id"]) for each in rows}
        return found

    async def _rows(self, name: str, *arguments: object) -> list[Any]:
        with guarded():
            return await self._database.fetch(self._queries[name], self._hosted, *arguments)
