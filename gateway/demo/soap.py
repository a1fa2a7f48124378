"""Signed SOAP 1.2 from an office's own system, with documents as MTOM parts; every answer's signature is verified.

Beside the zeep script in docs/examples: zeep cannot send MTOM.
"""

import secrets
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from lxml import etree

from gateway.client import Outbound, Profile
from gateway.demo.timeline import StoryFailed
from gateway.wire import xml
from gateway.wire.markup import tag, wrap
from gateway.wire.mtom import OutgoingPart, write_related
from pki.keys import load_certificate, load_signing_key
from pki.trust import Purpose, TrustList, pin
from pki.wss import sign, verify

__all__ = ["SoapSystem", "deposit_request", "release_request"]

_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_MEDIA: Final = "application/soap+xml"
_EXCHANGE: Final = "urn:pouch:exchange:1"


@dataclass(frozen=True, slots=True)
class SoapSystem:
    """An office's own system that speaks SOAP, after its client.toml."""

    profile: Profile

    async def ask(self, operation: str, content: str, documents: Sequence[Outbound] = ()) -> dict[str, str]:
        """Send an operation; gives the texts of the answer's elements by name. StoryFailed for a fault."""
        profile = self.profile
        key = load_signing_key(profile.key, profile.certificate)
        envelope = xml.parse(
            f'<soap:Envelope xmlns:soap="{_SOAP}"><soap:Header/><soap:Body><{operation} xmlns="{_EXCHANGE}">{content}'
            f"</{operation}></soap:Body></soap:Envelope>".encode()
        )
        sign(envelope, key=key, now=datetime.now(UTC))
        answer = await self._post(etree.tostring(envelope), documents)
        trust = TrustList([pin(profile.hosted, Purpose.SIGNING, load_certificate(profile.gateway_certificate))])
        result = verify(xml.parse(answer), trust=trust, now=datetime.now(UTC))
        if result.signed_body is None:
            raise StoryFailed(f"the answer to {operation} is not signed by the gateway: {result.verdict.explanation}")
        told = {
            xml.local_name(element): xml.text_of(element) for element in result.signed_body.iter() if not len(element)
        }
        if f"{operation}Response" not in {xml.local_name(element) for element in result.signed_body}:
            raise StoryFailed(
                f"{operation} was answered by {told.get('Code')} {told.get('Reason')}", told.get("Remedy", "")
            )
        return told

    async def _post(self, root: bytes, documents: Sequence[Outbound]) -> bytes:
        body: bytes | AsyncIterator[bytes] = root
        headers = {"Content-Type": f"{_MEDIA}; charset=utf-8"}
        if documents:
            parts = [_part(document) for document in documents]
            outgoing = write_related(root, parts, soap_media_type=_MEDIA, boundary=f"pouch-{secrets.token_hex(16)}")
            body = outgoing.body
            headers = {"Content-Type": outgoing.content_type, "Content-Length": str(outgoing.length)}
        context = ssl.create_default_context(cafile=str(self.profile.ca))
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
            session.post(f"{self.profile.gateway}/soap/exchange", data=body, headers=headers) as response,
        ):
            return await response.read()


def _part(document: Outbound) -> OutgoingPart:
    size = document.path.stat().st_size
    return OutgoingPart(name=document.content_id, media_type=document.media_type, size=size, open=document.chunks)


def deposit_request(
    head: Mapping[str, str],
    application: Mapping[str, str],
    registration: Mapping[str, str],
    lines: Sequence[Mapping[str, Any]],
) -> str:
    """The content of DepositPriorityDocument; `lines` as Outbound.listed gives them."""
    return (
        _header(head)
        + _compound("Application", application)
        + _compound("Registration", registration)
        + wrap("Documents", (_compound("Document", line) for line in lines))
    )


def release_request(head: Mapping[str, str], exchange_id: str, decisions: Sequence[Mapping[str, str]]) -> str:
    """The content of ReleaseDocument."""
    decided = wrap("Decisions", (_compound("Decision", decision) for decision in decisions))
    return _header(head) + tag("ExchangeId", exchange_id) + decided


def _header(head: Mapping[str, str]) -> str:
    return _compound("Header", head)


def _compound(name: str, values: Mapping[str, Any]) -> str:
    """The names of the REST interface are those of SOAP, but for the first letter."""
    return wrap(name, (_element(inner[0].upper() + inner[1:], value) for inner, value in values.items()))


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return _compound(name, value)
    return tag(name, str(value).lower() if isinstance(value, bool) else value)
