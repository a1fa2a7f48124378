"""The office as a client of DAS: its token, one call, an upload, a download (das.md 1.2 and 1.3).

Rules: a token is taken again shortly before its end and after a 401; a lost line, 429 and 5xx are tried
again a while later; what cannot be had ends in `Turned`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from joserfc import jwt
from joserfc.jwk import ECKey

from sandbox.office.config import Settings

__all__ = ["DasClient", "Turned"]

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SCOPE = "das-api/office-exchange"


class Turned(Exception):
    """The Bureau said no, or nothing usable for too long; `status` 0 then."""

    def __init__(self, status: int, numbers: tuple[int, ...] = ()) -> None:
        super().__init__(f"turned away: {status} {numbers}")
        self.status, self.numbers = status, numbers


class DasClient:
    """Calls of one office; `session` is asked for at each call, since it lives as long as the server."""

    def __init__(
        self,
        settings: Settings,
        key: EllipticCurvePrivateKey,
        session: Callable[[], aiohttp.ClientSession],
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[Any]],
    ) -> None:
        self._settings = settings
        self._key = ECKey.import_key(key)
        self._session = session
        self._now = now
        self.sleep = sleep
        self._token = ""
        self._token_until = now()

    async def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The JSON object of a 2xx answer (empty for 204); raises Turned."""
        for _ in range(self._settings.patience):
            try:
                status, content = await self._once(method, path, body, query)
            except (aiohttp.ClientError, TimeoutError, OSError):
                status, content = 0, None
            if status // 100 == HTTPStatus.OK // 100 and isinstance(content, dict):
                return content
            if status == HTTPStatus.UNAUTHORIZED:
                self._token = ""
            elif status // 100 == HTTPStatus.BAD_REQUEST // 100 and status != HTTPStatus.TOO_MANY_REQUESTS:
                raise Turned(status, _numbers(content))
            await self.sleep(self._settings.poll_seconds)
        raise Turned(0)

    async def put(self, url: str, content: bytes, media: str) -> int:
        """PUT a file's bytes to a pre-signed URL, once; the status, or 0 for a lost line."""
        headers = {"Content-Type": media}
        try:
            async with self._session().put(url, data=content, headers=headers) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    async def get(self, url: str, path: Path) -> str | None:
        """GET a pre-signed URL into `path`, once; the SHA-256 in hex, or None."""
        digest = hashlib.sha256()
        try:
            async with self._session().get(url, allow_redirects=False) as answer:
                if answer.status != HTTPStatus.OK:
                    return None
                with path.open("wb") as stream:
                    async for chunk in answer.content.iter_chunked(65_536):
                        digest.update(chunk)
                        stream.write(chunk)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        return digest.hexdigest()

    async def keys(self) -> dict[str, Any]:
        """The Bureau's JWKS as it is published now; raises aiohttp.ClientError."""
        async with self._session().get(self._settings.jwks_uri) as answer:
            content = await answer.json()
        return content if isinstance(content, dict) else {}

    async def _once(
        self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str] | None
    ) -> tuple[int, Any]:
        if not self._token or self._now() >= self._token_until:
            await self._fetch_token()
        url = f"{self._settings.api}{path}"
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session().request(method, url, json=body, params=query, headers=headers) as answer:
            if answer.status == HTTPStatus.NO_CONTENT:
                return answer.status, {}
            return answer.status, _parsed(await answer.read())

    async def _fetch_token(self) -> None:
        seconds = int(self._now().timestamp())
        claims = {
            "iss": self._settings.client_id,
            "sub": self._settings.client_id,
            "aud": self._settings.token_endpoint,
            "iat": seconds,
            "exp": seconds + 60,
            "jti": uuid.uuid4().hex,
        }
        form = {
            "grant_type": "client_credentials",
            "scope": _SCOPE,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, self._key),
        }
        async with self._session().post(self._settings.token_endpoint, data=form) as answer:
            content = _parsed(await answer.read())
        if not isinstance(content, dict) or "access_token" not in content:
            raise aiohttp.ClientError("no token")
        self._token = str(content["access_token"])
        self._token_until = self._now() + timedelta(seconds=int(content.get("expires_in", 60)) - 30)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _numbers(content: Any) -> tuple[int, ...]:
    details = content.get("details", []) if isinstance(content, dict) else []
    return tuple(detail["code"] for detail in details if isinstance(detail, dict) and "code" in detail)
