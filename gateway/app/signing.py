"""Signing with the hosted office's keys (ports.Signer), client assertions, and our own access tokens."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from gateway.ports import Clock
from gateway.wire.xml import parse
from pki.assertions import client_assertion, verify_assertion
from pki.jws import sign_detached
from pki.keys import SigningKey
from pki.policy import PublicKey
from pki.rendered import sign_rendered_document, sign_rendered_envelope
from pki.tokens import issue_token, jwks
from pki.wss import sign

__all__ = ["HostSigner", "KeyAsserter", "TokenDesk"]

_TOKEN_LIFE = timedelta(hours=1)


class HostSigner:
    """One hosted office's signatures. `receipt_key` differs where a partner cannot read P-256."""

    def __init__(self, key: SigningKey, receipt_key: SigningKey) -> None:
        self._key = key
        self._receipt_key = receipt_key

    def sign_document(self, document: bytes) -> bytes:
        """Put an enveloped signature into a canonical XML document."""
        return sign_rendered_document(document, key=self._receipt_key)

    def sign_envelope(self, envelope: bytes, at: datetime) -> bytes:
        """Put a WS-Security header into a SOAP envelope of ours."""
        root = parse(envelope)
        sign(root, key=self._key, now=at)
        return etree.tostring(root)

    def sign_reply(self, envelope: bytes, at: datetime) -> bytes:
        """Put a WS-Security header into a reply of our renderer, whose Body is canonical as it stands."""
        return sign_rendered_envelope(envelope, key=self._key, now=at)

    def sign_detached(self, payload: bytes) -> str:
        """Give a detached JWS over `payload`."""
        return sign_detached(payload, key=self._key)


class KeyAsserter:
    """Client assertions with the key agreed with one counterpart (ports.Asserter)."""

    def __init__(self, key: SigningKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def client_assertion(self, *, client_id: str, audience: str) -> Secret:
        """Make an assertion that is used once (RFC 7523)."""
        return Secret(
            client_assertion(
                client_id=client_id,
                audience=audience,
                key=self._key,
                now=self._clock.now(),
                jti=secrets.token_urlsafe(16),
                lifetime=timedelta(minutes=1),
            )
        )


class TokenDesk:
    """Our own token endpoint's mind: checks assertions, issues and names tokens (RFC 7523, RFC 9068)."""

    def __init__(self, key: SigningKey, *, issuer: str) -> None:
        self.key = key
        self.issuer = issuer
        self.token_url = f"{issuer}/oauth2/token"
        self._clients: dict[str, tuple[OfficeCode, PublicKey, frozenset[str]]] = {}

    def register(self, clients: dict[str, tuple[OfficeCode, PublicKey, frozenset[str]]]) -> None:
        """Set the clients: id to office, public key and scopes."""
        self._clients = clients

    def check_assertion(self, assertion: Secret, at: datetime) -> tuple[str, str, datetime]:
        """Give client id, jti and expiry of a good assertion; Refused(ASSERTION_INVALID)."""
        result = verify_assertion(assertion.reveal(), audience=self.token_url, resolve_client=self._keys_of, now=at)
        if result.client_id is None or result.jti is None or result.expires is None:
            raise Refused(Reason.ASSERTION_INVALID)
        return result.client_id, result.jti, result.expires

    def _keys_of(self, client_id: str) -> list[PublicKey]:
        known = self._clients.get(client_id)
        return [known[1]] if known else []

    def issue(self, client_id: str, wanted: frozenset[str], at: datetime) -> tuple[Secret, timedelta, frozenset[str]]:
        """Issue a token for what the client may have of `wanted` (all it may have if empty); Refused(SCOPE_MISSING)."""
        allowed = self._clients[client_id][2]
        scopes = wanted & allowed if wanted else allowed
        if not scopes:
            raise Refused(Reason.SCOPE_MISSING)
        token = issue_token(
            key=self.key,
            issuer=self.issuer,
            subject=client_id,
            audience=self.issuer,
            scope=" ".join(sorted(scopes)),
            now=at,
            lifetime=_TOKEN_LIFE,
            jti=secrets.token_urlsafe(12),
        )
        return Secret(token), _TOKEN_LIFE, scopes

    def office_of(self, client_id: str) -> OfficeCode | None:
        """Give the office a client belongs to now."""
        known = self._clients.get(client_id)
        return known[0] if known else None

    def jwks(self) -> dict[str, Any]:
        """The public keys our tokens are verified with (RFC 7517)."""
        return jwks([self.key])
