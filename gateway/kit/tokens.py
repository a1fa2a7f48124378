"""Access tokens of a counterpart by private_key_jwt (ports.TokenSource; RFC 6749 4.4, RFC 7523, das.md 1.2).

Rules: one request at a time, its token shared and kept until shortly before it expires; tokens are Secrets; a failure
here never means that the call it was for may have taken effect.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

import msgspec

from gateway.core.reason import Deferred, Reason
from gateway.core.secret import Secret
from gateway.ports import Answer, Asserter, Clock, Http
from gateway.wire.retry_after import retry_after

__all__ = ["BearerTokens", "NoTokens", "TokenClient"]

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: It goes into a header (RFC 6750, 2.1), so that nothing else may stand in it.
_TOKEN: Final = re.compile(r"[!-~]{1,16384}")
#: Lives outside these bounds are not believed; the margin keeps a token from expiring on its way.
_SHORTEST_LIFE: Final = timedelta(seconds=10)
_LONGEST_LIFE: Final = timedelta(days=1)
_MARGIN: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClient:
    """What the counterpart knows us by: the token endpoint's URL is also the audience of our assertions."""

    url: str
    client_id: str
    scope: str


class _TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    access_token: Secret
    token_type: str
    expires_in: float = 300.0


class BearerTokens:
    """Tokens of one client at one counterpart."""

    def __init__(self, *, http: Http, asserter: Asserter, clock: Clock, client: TokenClient) -> None:
        self._http = http
        self._asserter = asserter
        self._clock = clock
        self._client = client
        self._turn = asyncio.Lock()
        self._token: Secret | None = None
        self._until: datetime | None = None

    async def token(self) -> Secret:
        """Give a token that is still valid for a while; Deferred with a reason of family 5 if there is none."""
        async with self._turn:
            if self._token is None or self._until is None or self._clock.now() >= self._until:
                self._token, self._until = await self._fetch()
            return self._token

    def forget(self) -> None:
        """Take a new token next time: the counterpart did not accept this one."""
        self._token = None

    async def _fetch(self) -> tuple[Secret, datetime]:
        client = self._client
        assertion = self._asserter.client_assertion(client_id=client.client_id, audience=client.url)
        form = {
            "grant_type": "client_credentials",
            "scope": client.scope,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion.reveal(),
        }
        try:
            answer = await self._http.call(
                "POST",
                client.url,
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                body=urlencode(form).encode(),
            )
        except Deferred as deferred:
            if deferred.reason is Reason.REMOTE_OUTCOME_UNKNOWN:
                raise Deferred(Reason.REMOTE_UNREACHABLE, "token endpoint") from None
            raise
        now = self._clock.now()
        if answer.status != 200:
            _raise_refusal(answer, now)
        return _read(answer, now)


class NoTokens:
    """For a counterpart that takes no tokens; an adapter that asks for one is set up wrongly."""

    async def token(self) -> Secret:
        """Raise Deferred(REMOTE_UNAUTHORIZED)."""
        raise Deferred(Reason.REMOTE_UNAUTHORIZED, "no token client in the settings")

    def forget(self) -> None:
        """Have nothing to forget."""


def _raise_refusal(answer: Answer, now: datetime) -> NoReturn:
    if answer.status in (400, 401, 403):  # RFC 6749 5.2: invalid_client, invalid_scope and the like
        raise Deferred(Reason.REMOTE_UNAUTHORIZED, "token endpoint")
    if answer.status in (429, 503):
        delay = retry_after(answer.headers.get("retry-after"), now)
        raise Deferred(Reason.REMOTE_BUSY, "token endpoint", delay=delay)
    reason = Reason.REMOTE_UNREACHABLE if answer.status >= 500 else Reason.REMOTE_MALFORMED
    raise Deferred(reason, "token endpoint")


def _read(answer: Answer, now: datetime) -> tuple[Secret, datetime]:
    try:
        read = msgspec.json.decode(answer.body, type=_TokenAnswer, dec_hook=_into_secret)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Deferred(Reason.REMOTE_MALFORMED, "token endpoint") from None
    if read.token_type.lower() != "bearer":
        raise Deferred(Reason.REMOTE_MALFORMED, "token endpoint")
    told = min(max(read.expires_in, _SHORTEST_LIFE.total_seconds()), _LONGEST_LIFE.total_seconds())
    life = timedelta(seconds=told)
    return read.access_token, now + life - min(_MARGIN, life / 4)


def _into_secret(wanted: type, value: Any) -> Any:
    if wanted is Secret and isinstance(value, str) and _TOKEN.fullmatch(value):
        return Secret(value)
    raise ValueError("not a token")
