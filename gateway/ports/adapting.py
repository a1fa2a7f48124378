"""What an adapter is given and what it must be: the kit and the OfficeAdapter.

Rules: an adapter gets the AdapterKit and an Errand and nothing else; what leaves is a Released cargo.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.core.errand import Errand
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Pending
from gateway.ports.identity import Clock, Signer
from gateway.ports.storing import Progress, Spool

__all__ = [
    "AdapterKit",
    "AdapterLog",
    "AdapterMeter",
    "Answer",
    "Counters",
    "Http",
    "OfficeAdapter",
    "TokenSource",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A counterpart's HTTP answer, read whole and bounded. `headers` keys in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """HTTP to one counterpart: its TLS trust, time-outs and limits are set by the operator, not by the adapter.

    Raises Deferred(REMOTE_UNREACHABLE) if nothing can have been sent, Deferred(REMOTE_OUTCOME_UNKNOWN) if it is not
    known whether the call took effect, and Deferred(REMOTE_MALFORMED) for an answer over the limit.
    """

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes | AsyncIterator[bytes] | None = None,
        size: int | None = None,
    ) -> Answer: ...

    def download(
        self, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> AbstractAsyncContextManager[tuple[Answer, AsyncIterator[bytes]]]:
        """Open a streamed answer, by GET, or by POST with a body; its Answer has an empty body."""
        ...


class TokenSource(Protocol):
    """Access tokens of a counterpart by private_key_jwt (RFC 7523), cached until shortly before they expire."""

    async def token(self) -> Secret: ...
    def forget(self) -> None: ...


class Counters(Protocol):
    """Number ranges agreed with an office; a number is given out once, in its own transaction."""

    async def next(self, name: str, *, first: int, last: int) -> int:
        """Give the next number of a range; Refused(NUMBER_RANGE_EXHAUSTED) after `last`."""
        ...


class AdapterLog(Protocol):
    """Structured log lines that already carry exchange and transmission; never remote text, never a secret."""

    def debug(self, event: str, **values: Any) -> Any: ...
    def info(self, event: str, **values: Any) -> Any: ...
    def warning(self, event: str, **values: Any) -> Any: ...


class AdapterMeter(Protocol):
    """Counts a counterpart's answers by operation and outcome, both from the adapter's own tables."""

    def remote_call(self, counterpart: str, operation: str, outcome: str, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterKit:
    """All that an adapter gets of the gateway, for one transmission at one counterpart."""

    http: Http
    clock: Clock
    signer: Signer
    tokens: TokenSource
    counters: Counters
    progress: Progress
    log: AdapterLog
    meter: AdapterMeter
    spool: Callable[..., Spool]


class OfficeAdapter(Protocol):
    """One office system. Made by its package's `adapter(settings)` from the operator's settings (config.py).

    `deliver` does one errand as far as it goes now. It returns Delivered or Pending and raises Deferred or Refused
    with a Reason of the adapter's own table. It may be called again at any time after a crash: it reads
    `kit.progress` and the counterpart back before it writes anything again.
    """

    name: str

    async def deliver(self, errand: Errand, kit: AdapterKit) -> Delivered | Pending: ...
    async def probe(self, kit: AdapterKit) -> str:
        """Look whether the counterpart answers; gives one line for `pouch check`, raises as `deliver` does."""
        ...
