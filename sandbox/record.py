"""What a counterpart did, in order: the append-only record that proves "once in effect".

Rules: an effect is noted in the same step that makes it; nothing is ever changed or taken out; no access
code, token or key is written into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["Effect", "Record", "utc_now"]

Scalar = str | int | bool | None


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing done: its place in the order (from 1), its kind, when, and what it was done to."""

    number: int
    kind: str
    at: datetime
    detail: dict[str, Scalar]

    def view(self) -> dict[str, Any]:
        """The effect as JSON values; the time is ISO 8601 in UTC."""
        return {"number": self.number, "kind": self.kind, "at": self.at.isoformat(), **self.detail}


class Record:
    """The effects of one counterpart since it started."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._effects: list[Effect] = []
        self._counts: Counter[str] = Counter()

    def append(self, kind: str, **detail: Scalar) -> Effect:
        """Note one effect and return it; `number`, `kind` and `at` are not names for details."""
        if reserved := {"number", "at"} & detail.keys():
            raise ValueError(f"reserved names: {sorted(reserved)}")
        effect = Effect(number=len(self._effects) + 1, kind=kind, at=self._now(), detail=detail)
        self._effects.append(effect)
        self._counts[kind] += 1
        return effect

    def count(self, kind: str) -> int:
        """How many effects of this kind there were."""
        return self._counts[kind]

    def effects(self, kind: str | None = None) -> tuple[Effect, ...]:
        """The effects in order, all or of one kind."""
        return tuple(effect for effect in self._effects if kind in (None, effect.kind))

    def view(self, kind: str | None = None) -> dict[str, Any]:
        """`{"counters": {kind: n}, "effects": [...]}` as JSON values, effects in order."""
        return {"counters": dict(self._counts), "effects": [effect.view() for effect in self.effects(kind)]}
