"""What the front door is given: the line, its limits, and the few things that are not the line's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway.core.office import OfficeCode
from gateway.core.secret import Secret
from gateway.endpoints.ledger.log import LogReading
from gateway.endpoints.ledger.reconciling import Reconciling
from gateway.stages.line import Line
from gateway.stages.refuse import Crowd
from gateway.wire.multipart import MimeLimits

__all__ = ["Assertions", "Door", "Limits", "TokenIssuer"]


class TokenIssuer(Protocol):
    """The mind of /oauth2/token: checks client assertions, issues access tokens (RFC 7523, RFC 9068)."""

    def check_assertion(self, assertion: Secret, at: datetime) -> tuple[str, str, datetime]:
        """Give client id, jti and expiry of a good assertion; Refused(ASSERTION_INVALID)."""
        ...

    def issue(self, client_id: str, wanted: frozenset[str], at: datetime) -> tuple[Secret, timedelta, frozenset[str]]:
        """Give a token, its life and its scopes: of `wanted`, or all it may have if that is empty.

        Refused(SCOPE_MISSING) if nothing is left.
        """
        ...

    def jwks(self) -> Mapping[str, Any]:
        """The public keys our tokens are verified with (RFC 7517)."""
        ...


class Assertions(Protocol):
    """Client assertions that were used: each once, in every worker (RFC 7523, section 3, jti)."""

    async def first_use(self, client: str, jti: str, expires_at: datetime) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much, and how fast, one process's door takes.

    `inline` bytes of one document inside XML or JSON, `body` of a whole message; rates are averages with a burst:
    messages of a proven sender, refusals of an unproven source; `idle` seconds without a byte end a connection, and
    `slowest` bytes a second are the least at which a body may come.
    """

    inline: int = 4 << 20
    body: int = 2 << 30
    messages_per_second: float = 500.0
    burst: int = 1000
    failures_per_second: float = 2.0
    failure_burst: int = 200
    idle: float = 60.0
    slowest: int = 4096

    @property
    def mime(self) -> MimeLimits:
        """The limits of a message: inline content is a third larger as base64, and there is XML or JSON around it."""
        return MimeLimits(total=self.body, root=self.inline + self.inline // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """All that the front door needs. `public_url` is how others reach it, without a slash at the end.

    Without `ledger` there is nothing at the ledger's addresses; without `reconciling` no book is compared there.
    """

    line: Line
    crowd: Crowd
    limits: Limits
    public_url: str
    tokens: TokenIssuer
    assertions: Assertions
    ledger: LogReading | None = None
    reconciling: Reconciling | None = None

    @property
    def first_hosted(self) -> OfficeCode:
        """The office that signs where it is not known which one was meant."""
        return next(iter(self.line.signers))
