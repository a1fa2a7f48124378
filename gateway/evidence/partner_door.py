"""A partner's book read at its ledger's door, with a token of our own there: bounded in time, size and traffic.

Rules:
- One connection, no redirect, no cookie, no proxy from the environment, no compression; TLS unless on this machine.
- What is signed is verified here with the partner's verifier keys, and must be about us, that book and that moment.
- No text of the other side goes into a message but the code of a Reason.
"""

import asyncio
import json
import secrets
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

import aiohttp
from yarl import URL

from gateway.core.reason import by_code
from gateway.core.secret import Secret
from gateway.evidence.findings import CannotTell, Tampered
from pki.assertions import ASSERTION_TYPE, client_assertion
from pki.keys import SigningKey
from pki.note_keys import MalformedNote, NoteVerifier, UnverifiedNote
from pki.notes import verify_note

__all__ = ["PartnerAddress", "PartnerDoor"]

#: Making a book of ten million documents takes the partner's database a minute or two.
_TOTAL: Final = 600.0
_CONNECT: Final = 15.0
_CHUNK: Final = 64 * 1024
_TOKEN_LIMIT: Final = 64 * 1024
#: Request line, status line and blank lines of one call, about.
_LINES: Final = 40
#: How often, and how long at most, a partner that asks for patience is given it.
_PATIENCE: Final = 5
_LONGEST_WAIT: Final = 30.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerAddress:
    """Where a partner's gateway is, which office there, who we are to it, and with what key."""

    url: str
    hosted: str
    office: str
    client_id: str
    key: SigningKey = field(repr=False)
    context: ssl.SSLContext = field(repr=False)
    verifiers: tuple[NoteVerifier, ...]

    @property
    def origin(self) -> str:
        """The name of the partner's log, which its keys bear."""
        return self.verifiers[0].name


class PartnerDoor:
    """One session at a partner's door; an async context manager. `traffic` counts bytes of HTTP both ways."""

    def __init__(self, address: PartnerAddress, *, most_bytes: int) -> None:
        """ValueError for an address that is not called, or keys of several logs."""
        parts = urlsplit(address.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("a partner's gateway is called over https only")
        if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("the address of a gateway has a host, and neither user, query nor fragment")
        if len({verifier.name for verifier in address.verifiers}) != 1:
            raise ValueError("the verifier keys are of one log")
        self.address = address
        self.traffic = 0
        self._most = most_bytes
        self._token: tuple[Secret, datetime] | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.address.context, limit=1),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "pouch", "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=_TOTAL, connect=_CONNECT),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def read(self, path: str, body: bytes | None, limit: int) -> bytes:
        """Ask the ledger of the partner's office, patiently; CannotTell for every refusal, Tampered beyond `limit`."""
        for _ in range(_PATIENCE):
            headers = {"Authorization": f"Bearer {(await self._take_token()).reveal()}"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            status, content, wait = await self._call(f"/ledger/{self.address.hosted}/{path}", headers, body, limit)
            if status == 200:
                return content
            if status not in {429, 503} or wait is None:
                raise CannotTell(path, _refusal(status, content))
            await asyncio.sleep(min(wait, _LONGEST_WAIT))
        raise CannotTell(path, "the partner asks for patience again and again")

    def verified(self, content: bytes, place: str) -> str:
        """The text of a signed note that one of the partner's keys has signed; Tampered else."""
        try:
            return verify_note(content, self.address.verifiers).text
        except (MalformedNote, UnverifiedNote) as error:
            raise Tampered(place, str(error)) from None

    async def _take_token(self) -> Secret:
        now = datetime.now(UTC)
        if self._token is None or self._token[1] <= now:
            address = self.address
            assertion = client_assertion(
                client_id=address.client_id,
                audience=f"{address.url}/oauth2/token",
                key=address.key,
                now=now,
                jti=secrets.token_urlsafe(16),
            )
            form = urlencode(
                {
                    "grant_type": "client_credentials",
                    "client_assertion_type": ASSERTION_TYPE,
                    "client_assertion": assertion,
                    "scope": "ledger",
                }
            )
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            status, content, _ = await self._call("/oauth2/token", headers, form.encode("ascii"), _TOKEN_LIMIT)
            if status != 200:
                raise CannotTell("the token", _refusal(status, content))
            try:
                answer = json.loads(content)
                life = timedelta(seconds=max(10, int(answer["expires_in"]) - 60))
                self._token = Secret(str(answer["access_token"])), now + life
            except (ValueError, KeyError, TypeError, OverflowError):
                raise CannotTell("the token", "came in an answer that cannot be read") from None
        return self._token[0]

    async def _call(
        self, path: str, headers: dict[str, str], body: bytes | None, limit: int
    ) -> tuple[int, bytes, float | None]:
        """Status, body and the wait that is asked for."""
        if self._session is None:
            raise RuntimeError("a PartnerDoor is used inside its context")
        target = URL(f"{self.address.url.rstrip('/')}{path}", encoded=True)
        method = "GET" if body is None else "POST"
        try:
            async with self._session.request(
                method, target, data=body, headers=headers, allow_redirects=False
            ) as response:
                sent = sum(len(name) + len(value) + 4 for name, value in response.request_info.headers.items())
                came = sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
                self._count(len(path) + sent + came + _LINES + len(body or b""))
                content = await self._read_body(response, path, limit)
        except (aiohttp.ClientError, OSError):  # a time-out is an OSError
            failure = CannotTell(path, "could not be fetched: no connection, or it was cut or too slow")
        else:
            return response.status, content, _seconds(response.headers.get("Retry-After"))
        raise failure

    async def _read_body(self, response: aiohttp.ClientResponse, path: str, limit: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise CannotTell(path, "came in an encoding that was not asked for")
        content = bytearray()
        async for piece in response.content.iter_chunked(_CHUNK):
            content += piece
            self._count(len(piece))
            if len(content) > limit:
                raise Tampered(path, f"is larger than the {limit} bytes it can have")
        return bytes(content)

    def _count(self, count: int) -> None:
        self.traffic += count
        if self.traffic > self._most:
            raise CannotTell("the books", f"differ so much that comparing takes more than {self._most} bytes")


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else None


def _refusal(status: int, content: bytes) -> str:
    """What a refusal says, in the words of our own table."""
    try:
        reason = by_code(str(json.loads(content)["code"]))
    except (ValueError, KeyError, TypeError):
        return f"was answered with HTTP status {status}"
    return f"is refused: {reason.code} {reason.text} {reason.remedy}"
