"""Who calls our endpoint: the Bureau's bearer token, checked by its published keys (das.md 1.2, option 1).

Rules: RS256 only; the key is the published one that `kid` names, and an unknown `kid` makes us look again,
once; then time, audience, client and scope.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import aiohttp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

__all__ = ["BureauTokens"]

_SCOPE = "das-api/office-exchange"


class BureauTokens:
    """The check of incoming tokens, with the keys as last fetched."""

    def __init__(
        self, audience: str, fetch_keys: Callable[[], Awaitable[dict[str, Any]]], now: Callable[[], datetime]
    ) -> None:
        self._audience = audience
        self._fetch_keys = fetch_keys
        self._now = now
        self._keys: KeySet | None = None

    async def holds(self, authorization: str) -> bool:
        """Whether this `Authorization` header is the Bureau's, for us, now."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return False
        claims = self._read(token)
        if claims is None:
            try:
                self._keys = KeySet.import_key_set(await self._fetch_keys())  # type: ignore[arg-type]
            except (aiohttp.ClientError, TimeoutError, OSError, JoseError, ValueError, KeyError):
                return False
            claims = self._read(token)
        return claims is not None and self._is_for_us(claims)

    def _read(self, token: str) -> dict[str, Any] | None:
        if self._keys is None:
            return None
        try:
            return dict(jwt.decode(token, self._keys, algorithms=["RS256"]).claims)
        except (JoseError, ValueError, TypeError):
            return None

    def _is_for_us(self, claims: dict[str, Any]) -> bool:
        now = self._now().timestamp()
        scope, start, end = claims.get("scope"), claims.get("nbf"), claims.get("exp")
        in_time = isinstance(start, int) and isinstance(end, int) and start <= now < end
        ours = claims.get("sub") == claims.get("aud") == self._audience
        return in_time and ours and isinstance(scope, list) and _SCOPE in scope
