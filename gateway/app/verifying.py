"""Verifying what callers present (ports.Verifier): pki's verdicts, told in the rows of the Reason table."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from gateway.app.revoking import RevocationInUse
from gateway.app.signing import TokenDesk
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.secret import Secret
from gateway.ports import Http, Signature
from pki.jws import verify_detached
from pki.tokens import verify_bearer, verify_token
from pki.trust import TrustList
from pki.verdict import SubIndication, Verdict
from pki.wss import WssPolicy, verify

__all__ = ["REASONS", "Caller", "OfficeVerifier"]

_S, _R = SubIndication, Reason

#: pki's words -> ours; a test holds that no word is missing.
REASONS: Final[dict[SubIndication, Reason]] = {
    _S.FORMAT_FAILURE: _R.SIGNATURE_STRUCTURE,
    _S.HASH_FAILURE: _R.SIGNATURE_INVALID,
    _S.SIG_CRYPTO_FAILURE: _R.SIGNATURE_INVALID,
    _S.REVOKED: _R.CERTIFICATE_REVOKED,
    _S.SIG_CONSTRAINTS_FAILURE: _R.SIGNATURE_STRUCTURE,
    _S.CRYPTO_CONSTRAINTS_FAILURE: _R.SIGNATURE_TRANSFORM,
    _S.CHAIN_CONSTRAINTS_FAILURE: _R.CERTIFICATE_NOT_VALID,
    _S.NO_SIGNING_CERTIFICATE_FOUND: _R.CERTIFICATE_UNKNOWN,
    _S.NO_CERTIFICATE_CHAIN_FOUND: _R.CERTIFICATE_UNKNOWN,
    _S.SIGNED_DATA_NOT_FOUND: _R.SIGNATURE_COVERAGE,
    _S.EXPIRED: _R.CERTIFICATE_NOT_VALID,
    _S.NOT_YET_VALID: _R.CERTIFICATE_NOT_VALID,
    _S.NO_SIGNATURE: _R.SIGNATURE_MISSING,
    _S.NO_TIMESTAMP: _R.TIMESTAMP_MISSING,
    _S.MULTIPLE_SIGNATURES: _R.SIGNATURE_MULTIPLE,
    _S.TRANSFORM_NOT_ALLOWED: _R.SIGNATURE_TRANSFORM,
    _S.NOT_COVERED: _R.SIGNATURE_COVERAGE,
    _S.MESSAGE_EXPIRED: _R.MESSAGE_EXPIRED,
    _S.MESSAGE_FROM_FUTURE: _R.MESSAGE_FROM_FUTURE,
    _S.WRONG_AUDIENCE: _R.TOKEN_INVALID,
    _S.SUBJECT_NOT_ALLOWED: _R.TOKEN_INVALID,
    _S.INSUFFICIENT_SCOPE: _R.SCOPE_MISSING,
}

#: How long a counterpart's key set is believed, and the least time between two looks at its server.
_KEYS_LIFE: Final = timedelta(minutes=10)
_KEYS_PAUSE: Final = timedelta(seconds=15)
#: Seconds its server may take: somebody is waiting at our door.
_KEYS_PATIENCE: Final = 10.0


@dataclass(slots=True, kw_only=True)
class Caller:
    """A counterpart that calls one hosted office: where its server's keys are and what its tokens must say."""

    hosted: OfficeCode
    office: OfficeCode
    http: Http
    jwks_url: str
    audience: str
    subjects: frozenset[str]
    scope: str | None
    issuer: str | None
    keys: Mapping[str, Any] | None = None
    taken_at: datetime | None = None
    asked_at: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class OfficeVerifier:
    """Knows the offices' certificates, our tokens and the counterparts' token servers."""

    def __init__(self, *, desk: TokenDesk, callers: Sequence[Caller], policy: WssPolicy) -> None:
        self._desk = desk
        self._callers = callers
        self._policy = policy
        self.trust = TrustList()
        self.revocation: RevocationInUse | None = None

    def verify_envelope(self, envelope: Any, at: datetime) -> tuple[Signature, Any]:
        """Verify WS-Security; gives the signer and the Body that was covered."""
        result = verify(envelope, trust=self.trust, now=at, policy=self._policy)
        if result.office is None or result.signed_body is None:
            raise _refusal(result.verdict)
        return self._unrevoked(result.office, result.verdict, at), result.signed_body

    def verify_detached(self, signature: str, payload: bytes, at: datetime) -> Signature:
        """Verify a detached JWS by one of the offices' certificates."""
        result = verify_detached(signature, payload, trust=self.trust, now=at)
        if result.office is None:
            raise _refusal(result.verdict)
        return self._unrevoked(result.office, result.verdict, at)

    def _unrevoked(self, code: str, verdict: Verdict, at: datetime) -> Signature:
        """The signer, unless its certificate is revoked: Refused(CERTIFICATE_REVOKED or REVOCATION_UNKNOWN)."""
        office = OfficeCode(code)
        if self.revocation is not None:
            self.revocation.check(office, verdict.certificate, at)
        return Signature(office=office, subject=code)

    def verify_token(self, token: Secret, at: datetime) -> Signature:
        """Verify an access token of ours, and that its client is still registered."""
        desk = self._desk
        result = verify_token(
            token.reveal(),
            keys={desk.key.thumbprint: desk.key.certificate.public_key()},  # type: ignore[dict-item]
            issuer=desk.issuer,
            audience=desk.issuer,
            now=at,
        )
        office = desk.office_of(result.subject) if result.verdict.passed and result.subject else None
        if office is None or result.subject is None:
            raise Refused(Reason.TOKEN_INVALID)
        return Signature(office=office, subject=result.subject, scopes=result.scopes)

    async def verify_caller(self, token: Secret, at: datetime) -> tuple[OfficeCode, Signature]:
        """Verify a counterpart's bearer token against its server's key set (das.md 1.2, option 1).

        Refused(TOKEN_INVALID); Deferred if it may be good, but a server whose it could be does not give its keys.
        """
        away: Deferred | None = None
        for caller in self._callers:
            try:
                subject = await _subject(caller, token, at)
            except Deferred as error:  # one counterpart's server is no other's
                away = error
                continue
            if subject is not None:
                return caller.hosted, Signature(office=caller.office, subject=subject)
        raise away or Refused(Reason.TOKEN_INVALID)


def _refusal(verdict: Verdict) -> Refused:
    sub = verdict.sub_indication
    return Refused(REASONS[sub] if sub else Reason.SIGNATURE_INVALID)


async def _subject(caller: Caller, token: Secret, at: datetime) -> str | None:
    """Whose token it is, if it is one of this caller's server."""
    for fresh in (False, True):
        result = verify_bearer(
            token.reveal(),
            await _keys(caller, at, fresh=fresh),
            audience=caller.audience,
            scope=caller.scope,
            allowed_subjects=caller.subjects,
            now=at,
            issuer=caller.issuer,
        )
        if result.verdict.passed:
            return result.subject
        if result.verdict.sub_indication is not SubIndication.NO_SIGNING_CERTIFICATE_FOUND:
            return None
    return None


async def _keys(caller: Caller, at: datetime, *, fresh: bool) -> Mapping[str, Any]:
    """The key set, kept for a while; an unknown key is looked for once more, but not at a stranger's pace.

    Nor is a server that fails: strangers could have us ask it for every token they make up.
    """
    async with caller.lock:
        if caller.keys is not None and _is_within(_KEYS_PAUSE if fresh else _KEYS_LIFE, caller.taken_at, at):
            return caller.keys
        if _is_within(_KEYS_PAUSE, caller.asked_at, at):
            if caller.keys is not None and fresh:
                return caller.keys
            raise Deferred(Reason.REMOTE_UNREACHABLE)
        caller.asked_at = at
        caller.keys = await _fetch_keys(caller)
        caller.taken_at = at
        return caller.keys


def _is_within(limit: timedelta, since: datetime | None, at: datetime) -> bool:
    return since is not None and timedelta() <= at - since < limit


async def _fetch_keys(caller: Caller) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_KEYS_PATIENCE):
            answer = await caller.http.call("GET", caller.jwks_url, headers={"Accept": "application/json"})
    except TimeoutError:
        raise Deferred(Reason.REMOTE_UNREACHABLE) from None
    if answer.status != 200:
        raise Deferred(Reason.REMOTE_UNREACHABLE)
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Deferred(Reason.REMOTE_MALFORMED) from None
