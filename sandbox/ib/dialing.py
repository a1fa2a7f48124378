"""The Bureau as a client of an office's endpoint: one call, tried again, with its token; one download.

Rules: tried again with doubled waits after a lost line, 429 or 5xx, and never after another refusal; no
redirect is followed; answers are small; a file comes from the endpoint's own scheme and host or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from sandbox.ib.auth import outbound_token
from sandbox.ib.bureau import Bureau
from sandbox.ib.config import Office

__all__ = ["Answer", "Unreachable", "download", "post"]

_LARGEST_ANSWER = 65_536


class Unreachable(Exception):
    """Every try ended in a lost line or a temporary refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status and JSON object of an office's answer; the object is empty if it was anything else."""

    status: int
    content: dict[str, Any]

    @property
    def good(self) -> bool:
        """Whether the office agreed."""
        return self.status // 100 == HTTPStatus.OK // 100


async def post(bureau: Bureau, office: Office, path: str, body: dict[str, Any]) -> Answer:
    """POST a JSON body below the office's endpoint; raises Unreachable."""
    url = URL(f"{(office.endpoint or '').rstrip('/')}{path}")
    return await _persist(bureau, partial(_post, bureau, office, url, body))


async def download(bureau: Bureau, office: Office, url: str, path: Path) -> str | None:
    """GET the file to `path` and return its SHA-256 in hex, or None if refused; raises Unreachable."""
    target, own = URL(url, encoded=True), URL(office.endpoint or "")
    if (target.scheme, target.host) != (own.scheme, own.host):
        return None
    answer = await _persist(bureau, partial(_download, bureau, target, path))
    checksum = answer.content.get("checksum")
    return checksum if answer.good and isinstance(checksum, str) else None


async def _persist(bureau: Bureau, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    timings = bureau.settings.timings
    for tried in range(timings.retries + 1):
        if tried:
            await bureau.sleep(timings.first_retry * 2 ** (tried - 1))
        try:
            answer = await attempt()
        except (aiohttp.ClientError, TimeoutError, OSError):
            continue
        if answer.status != HTTPStatus.TOO_MANY_REQUESTS and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return answer
    raise Unreachable


def _session(bureau: Bureau) -> aiohttp.ClientSession:
    if bureau.http is None:
        raise Unreachable
    return bureau.http


async def _post(bureau: Bureau, office: Office, url: URL, body: dict[str, Any]) -> Answer:
    headers = {"Authorization": f"Bearer {outbound_token(bureau, office)}"}
    call = _session(bureau).post(url, json=body, headers=headers, allow_redirects=False)
    async with call as response:
        text = bytearray()
        async for chunk in response.content.iter_chunked(4096):
            text += chunk
            if len(text) > _LARGEST_ANSWER:
                return Answer(status=response.status, content={})
        return Answer(status=response.status, content=_object(bytes(text)))


def _object(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


async def _download(bureau: Bureau, url: URL, path: Path) -> Answer:
    async with _session(bureau).get(url, allow_redirects=False) as response:
        if response.status != HTTPStatus.OK:
            # Not even a success of another kind, such as 206, is the whole file.
            return Answer(status=max(response.status, HTTPStatus.BAD_REQUEST), content={})
        digest = hashlib.sha256()
        size = 0
        with path.open("wb") as stream:
            async for chunk in response.content.iter_chunked(65_536):
                digest.update(chunk)
                size += len(chunk)
                if size > bureau.settings.largest_file:
                    return Answer(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, content={})
                stream.write(chunk)
    return Answer(status=HTTPStatus.OK, content={"checksum": digest.hexdigest()})
