"""Named hostile behaviours of a counterpart, each seeded and switchable at run time.

Rules:
- polite and deterministic unless told otherwise: a `Hostility` without rules never strikes;
- one random stream per (switch, operation), so the same seed strikes alike however requests interleave;
- a counted rule ("the next N calls of operation X") goes before a probability;
- only behaviour that a real counterpart, or the network before it, can show: nothing here breaks HTTP itself.
"""

from __future__ import annotations

import asyncio
import fnmatch
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

__all__ = ["RUDE", "Hostility", "Rule", "Switch", "hostile_middleware"]

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[Any]]


class Switch(StrEnum):
    """What can be switched on; the value is its name in configuration and on the wire."""

    SLOW = "slow"  # answer after `seconds`
    CUT_BEFORE = "cut-before"  # close the line, nothing was done
    CUT_AFTER = "cut-after"  # do the work, then close the line unanswered: the caller must read back
    SERVER_ERROR = "server-error"  # 503 with Retry-After, nothing was done
    ERROR_AFTER = "error-after"  # do the work, then answer 504 as a proxy would
    TOO_MANY = "too-many"  # 429 with Retry-After
    CAPTIVE_PORTAL = "captive-portal"  # 200 with somebody else's HTML page
    DUPLICATE = "duplicate"  # send each notification twice
    SHUFFLED = "shuffled"  # lists in no order
    ODD_IDS = "odd-ids"  # identifiers that are legal but unlike the usual ones
    LYING_CHECKSUM = "lying-checksum"  # announce a digest that is not the file's
    WRONG_SIZE = "wrong-size"  # serve a file that lacks its end
    EXPIRED_UPLOAD = "expired-upload"  # the pre-signed upload URL is already too old


#: What `--hostile SEED` switches on: everything a careful client overcomes by retrying and reading back.
RUDE: Mapping[Switch, float] = {
    Switch.SLOW: 0.05,
    Switch.CUT_BEFORE: 0.01,
    Switch.CUT_AFTER: 0.02,
    Switch.SERVER_ERROR: 0.03,
    Switch.ERROR_AFTER: 0.01,
    Switch.TOO_MANY: 0.02,
    Switch.CAPTIVE_PORTAL: 0.01,
    Switch.DUPLICATE: 0.05,
    Switch.SHUFFLED: 1.0,
    Switch.ODD_IDS: 1.0,
    Switch.LYING_CHECKSUM: 0.02,
    Switch.WRONG_SIZE: 0.02,
    Switch.EXPIRED_UPLOAD: 0.03,
}

_ODD_SHAPES = (
    "{n}",
    "000000000000{n}",
    "{n}/../{n}",
    "a+b={n}%2F&c",
    "urn:x-bureau:{n}?#",
    "Ünï çødé {n}",
    "'{n}\"; --",
    "{n}" + "x" * 180,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One behaviour switched on: for operations matching the pattern, by `calls` left or by probability."""

    switch: Switch
    operation: str = "*"
    probability: float = 0.0
    calls: int | None = None
    seconds: float = 0.2

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0 or self.seconds < 0 or (self.calls or 0) < 0:
            raise ValueError("a probability lies between 0 and 1; calls and seconds are not negative")


class Hostility:
    """The behaviours of one counterpart; `seed` is what reproduces them and None when it is polite."""

    def __init__(self, rules: Iterable[Rule] = (), *, seed: int | None = None, sleep: Sleep = asyncio.sleep) -> None:
        self.seed = seed
        self.sleep = sleep
        self._rules: list[Rule] = list(rules)
        self._streams: dict[tuple[str, str], random.Random] = {}
        self._struck: Counter[str] = Counter()
        self._odd = 0

    @classmethod
    def rude(cls, seed: int, probabilities: Mapping[Switch, float] = RUDE) -> Hostility:
        """Every behaviour of the table with its probability, for any operation."""
        rules = [Rule(switch=switch, probability=chance) for switch, chance in probabilities.items()]
        return cls(rules, seed=seed)

    @classmethod
    def by_seed(cls, seed: int | None) -> Hostility:
        """Rude by a seed, polite without one."""
        return cls() if seed is None else cls.rude(seed)

    def add(self, rule: Rule) -> None:
        """Switch one behaviour on; the newest rule is asked first."""
        self._rules.insert(0, rule)

    def clear(self) -> None:
        """Be polite again; what struck stays counted."""
        self._rules.clear()

    def strikes(self, switch: Switch, operation: str) -> Rule | None:
        """The rule that strikes this call, or None; a counted rule loses one call by it."""
        for place, rule in enumerate(self._rules):
            if rule.switch is not switch or not fnmatch.fnmatchcase(operation, rule.operation):
                continue
            if rule.calls is not None:
                if rule.calls == 0:
                    continue
                self._rules[place] = replace(rule, calls=rule.calls - 1)
            elif self._stream(switch, operation).random() >= rule.probability:
                continue
            self._struck[f"{switch}:{operation}"] += 1
            return rule
        return None

    def order(self, items: Sequence[T], operation: str) -> list[T]:
        """The items as they are, or in no order when the switch strikes."""
        ordered = list(items)
        if self.strikes(Switch.SHUFFLED, operation):
            self._stream(Switch.SHUFFLED, f"{operation}/order").shuffle(ordered)
        return ordered

    def identifier(self, usual: str, operation: str) -> str:
        """The usual identifier, or an odd, legal and unique one when the switch strikes."""
        if not self.strikes(Switch.ODD_IDS, operation):
            return usual
        self._odd += 1
        shape = self._stream(Switch.ODD_IDS, f"{operation}/shape").choice(_ODD_SHAPES)
        return shape.replace("{n}", f"{self._odd:04d}")

    def view(self) -> dict[str, Any]:
        """Seed, rules in force and what struck so far, as JSON values."""
        rules = [
            {
                "switch": rule.switch.value,
                "operation": rule.operation,
                "probability": rule.probability,
                "calls": rule.calls,
                "seconds": rule.seconds,
            }
            for rule in self._rules
        ]
        return {"seed": self.seed, "rules": rules, "struck": dict(self._struck)}

    def _stream(self, switch: Switch, operation: str) -> random.Random:
        key = (switch.value, operation)
        if key not in self._streams:
            # Reproducible by design: these numbers choose mischief, never a secret.
            self._streams[key] = random.Random(f"{self.seed}/{switch}/{operation}")  # noqa: S311
        return self._streams[key]


_PORTAL = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please log in to the network</body></html>"


def hostile_middleware(hostility: Hostility, operation_of: Callable[[web.Request], str | None]) -> Middleware:
    """An aiohttp middleware for what concerns any HTTP call; None from `operation_of` spares the call."""

    @web.middleware
    async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
        operation = operation_of(request)
        if operation is None:
            return await handler(request)
        if rule := hostility.strikes(Switch.SLOW, operation):
            await hostility.sleep(rule.seconds)
        if hostility.strikes(Switch.CUT_BEFORE, operation):
            return _cut(request)
        if rule := hostility.strikes(Switch.SERVER_ERROR, operation):
            return _turned_away(503, rule)
        if rule := hostility.strikes(Switch.TOO_MANY, operation):
            return _turned_away(429, rule)
        if hostility.strikes(Switch.CAPTIVE_PORTAL, operation):
            return web.Response(text=_PORTAL, content_type="text/html")
        response = await handler(request)
        if hostility.strikes(Switch.CUT_AFTER, operation):
            return _cut(request)
        if rule := hostility.strikes(Switch.ERROR_AFTER, operation):
            return _turned_away(504, rule)
        return response

    return misbehave


def _turned_away(status: int, rule: Rule) -> web.Response:
    return web.Response(status=status, headers={"Retry-After": str(int(rule.seconds))}, text="try again later")


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
