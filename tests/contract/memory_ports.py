"""The ports an adapter is handed, in memory; test_memory_ports.py holds them to what the real ones do."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from gateway.core.document import Stored
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.secret import Secret
from gateway.core.transmission import Obtained
from gateway.ports import AdapterKit


class MemoryClock:
    """A wall clock that stands until it is moved."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_by(self, delay: timedelta) -> None:
        self.at += delay


class MemoryProgress:
    """What a transmission has committed; `lost` takes the lease away; `history` are all values ever written."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})
        self.history: list[dict[str, str | None]] = []
        self.lost = False

    @property
    def known(self) -> Mapping[str, str]:
        return MappingProxyType(self._known)

    async def commit(self, **values: str | None) -> None:
        if self.lost:
            raise Deferred(Reason.LEASE_LOST)
        self.history.append(values)
        for name, value in values.items():
            if value is None:
                self._known.pop(name, None)
            else:
                self._known[name] = value


class MemoryCounters:
    """Number ranges; a number is given out once."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    async def next(self, name: str, *, first: int, last: int) -> int:
        number = max(self._next.get(name, first), first)
        self._next[name] = number + 1
        if number > last:
            raise Refused(Reason.NUMBER_RANGE_EXHAUSTED)
        return number


class MemorySpool:
    """One incoming document; `content` is what was finished, None after a discard."""

    def __init__(self, *, name: str, role: Any, media_type: str, limit: int) -> None:
        self.name, self.role, self.media_type, self.limit = name, role, media_type, limit
        self.content: bytes | None = None
        self.state = "open"
        self._pieces: list[bytes] = []

    async def write(self, chunk: bytes) -> None:
        self._pieces.append(chunk)
        if sum(map(len, self._pieces)) > self.limit:
            raise Refused(Reason.BODY_TOO_LARGE, self.name)

    async def finish(self) -> Obtained:
        self.content, self.state = b"".join(self._pieces), "finished"
        return Obtained(
            name=self.name,
            role=self.role,
            media_type=self.media_type,
            size=len(self.content),
            sha256=hashlib.sha256(self.content).digest(),
            stored=Stored(document_id="d", wrapped_key=b"k", inline=self.content, address=None),
        )

    async def discard(self) -> None:
        if self.state == "open":
            self.content, self.state = None, "discarded"


class MemoryLog:
    """Keeps every line, as one text each."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def _keep(self, event: str, **values: Any) -> None:
        self.lines.append(" ".join([event, *(f"{name}={value}" for name, value in values.items())]))

    debug = info = warning = _keep


class MemoryMeter:
    """Keeps every call counted."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []

    def remote_call(self, counterpart: str, operation: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((counterpart, operation, outcome))


class MemoryTokens:
    """Tokens that count how often they were forgotten; `failure` is raised instead of giving one."""

    def __init__(self) -> None:
        self.forgotten = 0
        self.failure: Exception | None = None

    async def token(self) -> Secret:
        if self.failure is not None:
            raise self.failure
        return Secret(f"bearer-{self.forgotten}")

    def forget(self) -> None:
        self.forgotten += 1


class MemoryKit:
    """The parts of a kit, and the kit made of them."""

    def __init__(self, http: Any, *, clock: Any = None, tokens: Any = None) -> None:
        self.http = http
        self.clock = clock or MemoryClock()
        self.tokens = tokens or MemoryTokens()
        self.progress = MemoryProgress()
        self.counters = MemoryCounters()
        self.log = MemoryLog()
        self.meter = MemoryMeter()
        self.spools: list[MemorySpool] = []

    def kit(self, *, signer: Any = None) -> AdapterKit:
        return AdapterKit(
            http=self.http,
            clock=self.clock,
            signer=signer,
            tokens=self.tokens,
            counters=self.counters,
            progress=self.progress,
            log=self.log,
            meter=self.meter,
            spool=self._spool,
        )

    def _spool(self, **asked: Any) -> MemorySpool:
        self.spools.append(MemorySpool(**asked))
        return self.spools[-1]


def shown(parts: MemoryKit, failures: list[BaseException], renderer: Callable[[BaseException], str]) -> str:
    """Everything an adapter has let out besides its outcome: log, metrics, progress, failures."""
    return "\n".join(
        [
            *parts.log.lines,
            repr(parts.meter.calls),
            repr(parts.progress.history),
            *(renderer(failure) for failure in failures),
        ]
    )
