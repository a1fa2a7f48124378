"""An office's own system, as a program: calls a gateway over the public REST interface and checks every answer.

Rules: it knows nothing that the OpenAPI description does not say; every reply's signature is verified with the
gateway's certificate before it is believed.
"""

import asyncio
import hashlib
import json
import secrets
import ssl
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec

from gateway.wire.mtom import OutgoingPart, write_form
from pki.assertions import client_assertion
from pki.jws import sign_detached, verify_detached
from pki.keys import SigningKey, UnusableKey, load_certificate, load_signing_key
from pki.trust import Purpose, TrustList, pin

__all__ = ["Answered", "CallFailed", "OfficeClient", "Outbound", "Profile", "load_profile"]

_SIGNATURE: Final = "Pouch-Signature"


class CallFailed(Exception):
    """The gateway refused or could not be reached; `code`, `message`, `remedy`, `place` are its own words."""

    def __init__(self, code: str, message: str, remedy: str, status: int = 0, place: str = "") -> None:
        super().__init__(f"{code} {message}" if code else message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.status = status
        self.place = place
        #: Of the message that failed, where it may be worth sending again.
        self.message_id = ""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """client.toml: where the gateway is, who calls, and with what keys. Paths are relative to the file."""

    gateway: str
    ca: Path
    office: str
    hosted: str
    client_id: str
    key: Path
    certificate: Path
    gateway_certificate: Path


def load_profile(path: Path) -> Profile:
    """Read client.toml; ValueError says what is wrong with it."""

    def as_path(wanted: type, value: Any) -> Any:
        if wanted is Path and isinstance(value, str):
            return path.resolve().parent / value
        raise NotImplementedError

    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Profile, dec_hook=as_path)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """A document to deposit. `certification` as in the OpenAPI description, for certified copies."""

    content_id: str
    path: Path
    role: str
    media_type: str
    certification: Mapping[str, Any] | None = None

    def listed(self) -> dict[str, Any]:
        """The line of the signed list: name, size and SHA-256 of the file as it is now."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        line: dict[str, Any] = {
            "contentId": self.content_id,
            "size": self.path.stat().st_size,
            "sha256": digest,
            "role": self.role,
            "mediaType": self.media_type,
        }
        if self.certification is not None:
            line["certification"] = dict(self.certification)
        return line

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file's bytes."""
        with self.path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, 1 << 18):
                yield piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A verified answer: HTTP status, the JSON body, and how long it took in seconds."""

    status: int
    body: dict[str, Any]
    seconds: float


class OfficeClient:
    """One system's connection to its gateway; an async context manager."""

    def __init__(self, profile: Profile) -> None:
        """Load keys and certificates; ValueError if one cannot be used."""
        self.profile = profile
        try:
            self._key: SigningKey = load_signing_key(profile.key, profile.certificate)
            gateway = load_certificate(profile.gateway_certificate)
        except (UnusableKey, OSError) as error:
            raise ValueError(str(error)) from None
        self._trust = TrustList([pin(profile.hosted, Purpose.SIGNING, gateway)])
        self._context = ssl.create_default_context(cafile=str(profile.ca))
        self._session: aiohttp.ClientSession | None = None
        self._token: tuple[str, datetime] | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self.profile.gateway,
            connector=aiohttp.TCPConnector(ssl=self._context),
            timeout=aiohttp.ClientTimeout(total=600, sock_connect=10),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    # --- what an office asks -----------------------------------------------------------------------------------------

    def new_message_id(self) -> str:
        """An id that no other message has."""
        return f"{self.profile.client_id}-{secrets.token_hex(12)}"

    def head(self, message_id: str | None = None) -> dict[str, str]:
        """The head of a message: a new id unless one is given for a repeat."""
        return {
            "messageId": message_id or self.new_message_id(),
            "sender": self.profile.office,
            "receiver": self.profile.hosted,
        }

    async def deposit(
        self,
        application: Mapping[str, str],
        documents: Sequence[Outbound],
        *,
        registration: Mapping[str, str] | None = None,
        message_id: str | None = None,
    ) -> Answered:
        """Deposit documents of an application: the list of them is signed, their bytes follow as parts."""
        metadata: dict[str, Any] = {"header": self.head(message_id), "application": dict(application)}
        if registration is not None:
            metadata["registration"] = dict(registration)
        metadata["documents"] = [document.listed() for document in documents]
        return await self._send_documents("/api/v1/deposits", metadata, documents)

    async def replace(self, exchange_id: str, documents: Sequence[Outbound], explanation: str) -> Answered:
        """Put new documents in the place of the deposited ones."""
        metadata = {
            "header": self.head(),
            "explanation": explanation,
            "documents": [document.listed() for document in documents],
        }
        return await self._send_documents(f"/api/v1/exchanges/{exchange_id}/replacement", metadata, documents)

    async def release(self, exchange_id: str, decisions: Sequence[Mapping[str, str]]) -> Answered:
        """Take release decisions."""
        body = {"header": self.head(), "decisions": [dict(decision) for decision in decisions]}
        return await self.call("POST", f"/api/v1/exchanges/{exchange_id}/release", body, signed=True)

    async def correct(self, exchange_id: str, filing_date: str, explanation: str) -> Answered:
        """Correct the filing date."""
        body = {"header": self.head(), "filingDate": filing_date, "explanation": explanation}
        return await self.call("POST", f"/api/v1/exchanges/{exchange_id}/correction", body, signed=True)

    async def withdraw(self, exchange_id: str, cause: str, explanation: str | None = None) -> Answered:
        """Take a registration back."""
        body: dict[str, Any] = {"header": self.head(), "cause": cause}
        if explanation:
            body["explanation"] = explanation
        return await self.call("POST", f"/api/v1/exchanges/{exchange_id}/withdrawal", body, signed=True)

    async def retrieve(
        self,
        application: Mapping[str, str],
        access_code: str,
        *,
        holding_office: str | None = None,
        own_application: Mapping[str, str] | None = None,
    ) -> Answered:
        """Ask for another office's document."""
        body: dict[str, Any] = {
            "header": self.head(),
            "application": dict(application),
            "accessCode": access_code,
        }
        if holding_office:
            body["holdingOffice"] = holding_office
        if own_application:
            body["ownApplication"] = dict(own_application)
        return await self.call("POST", "/api/v1/retrievals", body, signed=True)

    async def status(self, exchange_id: str) -> Answered:
        """Ask what is known of an exchange."""
        return await self.call("GET", f"/api/v1/exchanges/{exchange_id}")

    async def poll(self, limit: int = 50) -> Answered:
        """Ask for notifications that are not confirmed."""
        return await self.call("GET", f"/api/v1/notifications?limit={limit}")

    async def confirm(self, notification_id: str) -> Answered:
        """Confirm a notification: it does not come again."""
        body = {"header": self.head()}
        return await self.call("POST", f"/api/v1/notifications/{notification_id}/confirmation", body)

    async def package(self, exchange_id: str) -> Answered:
        """Fetch the list of an exchange's documents, and the access code where it is ours to give."""
        return await self.call("GET", f"/api/v1/exchanges/{exchange_id}/package")

    async def fetch_document(self, exchange_id: str, content_id: str, target: Path) -> str:
        """Fetch one document into a new file; gives the SHA-256 of what was written, in hexadecimal."""
        digest = hashlib.sha256()
        path = f"/api/v1/exchanges/{exchange_id}/documents/{content_id}"
        async with self._open().get(path, headers=await self._authorization()) as response:
            if response.status != 200:
                raise _failure(response.status, await response.read())
            with target.open("xb") as file:
                async for piece in response.content.iter_chunked(1 << 18):
                    digest.update(piece)
                    await asyncio.to_thread(file.write, piece)
        return digest.hexdigest()

    async def hold(self, exchange_id: str | None, explanation: str, *, lift: bool = False) -> Answered:
        """Stop an exchange, or the whole office, or lift the stop."""
        path = f"/api/v1/exchanges/{exchange_id}/hold" if exchange_id else "/api/v1/hold"
        body = {"header": self.head(), "explanation": explanation}
        return await self.call("DELETE" if lift else "POST", path, body)

    async def resend(self, exchange_id: str, own_application: Mapping[str, str] | None = None) -> Answered:
        """Try again now what was refused, held or put off; `own_application` names the file it is to be laid in."""
        body: dict[str, Any] = {"header": self.head()}
        if own_application:
            body["ownApplication"] = dict(own_application)
        return await self.call("POST", f"/api/v1/exchanges/{exchange_id}/resend", body)

    # --- how it is sent ----------------------------------------------------------------------------------------------

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, signed: bool = False
    ) -> Answered:
        """Send one JSON call and verify the answer; CallFailed with the gateway's own words."""
        payload = json.dumps(body).encode() if body is not None else b""
        headers = await self._authorization()
        if body is not None:
            headers["Content-Type"] = "application/json"
        if signed:
            headers[_SIGNATURE] = sign_detached(payload, key=self._key)
        return await self._exchange(method, path, payload or None, headers)

    async def _send_documents(self, path: str, metadata: dict[str, Any], documents: Sequence[Outbound]) -> Answered:
        payload = json.dumps(metadata).encode()
        parts = [
            OutgoingPart(
                name=document.content_id,
                media_type=document.media_type,
                size=document.path.stat().st_size,
                open=document.chunks,
            )
            for document in documents
        ]
        form = write_form(
            payload,
            parts,
            root_name="metadata",
            root_media_type="application/json",
            boundary=f"pouch-{secrets.token_hex(16)}",
        )
        headers = await self._authorization()
        headers["Content-Type"] = form.content_type
        headers["Content-Length"] = str(form.length)
        headers[_SIGNATURE] = sign_detached(payload, key=self._key)
        return await self._exchange("POST", path, form.body, headers)

    async def _exchange(
        self, method: str, path: str, data: bytes | AsyncIterator[bytes] | None, headers: Mapping[str, str]
    ) -> Answered:
        started = asyncio.get_running_loop().time()
        try:
            async with self._open().request(method, path, data=data, headers=headers) as response:
                body = await response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailed(
                "",
                f"the gateway at {self.profile.gateway} does not answer ({type(error).__name__})",
                "Is it running? Try: curl its ops port at /readyz, and look at its log.",
            ) from None
        seconds = asyncio.get_running_loop().time() - started
        if response.status >= 400:
            raise _failure(response.status, body)
        verdict = verify_detached(
            response.headers.get(_SIGNATURE, ""), body, trust=self._trust, now=datetime.now(UTC)
        ).verdict
        if not verdict.passed:
            raise CallFailed(
                "",
                f"the answer is not signed by the gateway: {verdict.explanation}",
                "Compare gateway_certificate in client.toml with the gateway's certificate.",
            )
        return Answered(status=response.status, body=json.loads(body) if body else {}, seconds=seconds)

    async def _authorization(self) -> dict[str, str]:
        now = datetime.now(UTC)
        if self._token is None or self._token[1] <= now:
            token_url = f"{self.profile.gateway}/oauth2/token"
            assertion = client_assertion(
                client_id=self.profile.client_id,
                audience=token_url,
                key=self._key,
                now=now,
                jti=secrets.token_urlsafe(16),
            )
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion,
            }
            try:
                async with self._open().post("/oauth2/token", data=form) as response:
                    body = await response.read()
            except (aiohttp.ClientError, OSError) as error:
                raise CallFailed(
                    "",
                    f"the gateway at {self.profile.gateway} does not answer ({type(error).__name__})",
                    "Is it running? Look at its log.",
                ) from None
            if response.status != 200:
                raise _failure(response.status, body)
            answer = json.loads(body)
            life = timedelta(seconds=max(10, int(answer["expires_in"]) - 60))
            self._token = (answer["access_token"], now + life)
        return {"Authorization": f"Bearer {self._token[0]}"}

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("OfficeClient is used inside `async with`")
        return self._session


def _failure(status: int, body: bytes) -> CallFailed:
    try:
        error = json.loads(body)
        code, message = str(error["code"]), str(error["message"])
        return CallFailed(code, message, str(error.get("remedy") or ""), status, str(error.get("place") or ""))
    except (ValueError, KeyError, TypeError):
        return CallFailed("", f"HTTP status {status}", "Look at the gateway's log.", status)
