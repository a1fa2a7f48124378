"""SOAP envelopes, read: version, headers that must be understood, the one operation, and whether all names agree.

Rules:
- SOAP 1.1 and 1.2 by the same steps; they differ in names only, and those stand in SoapVersion.
- What is read here decides nothing about trust: the operation is taken again from the Body that the signature
  covered (`operation_in`), never from the envelope.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from lxml import etree

from gateway.core.reason import Reason, Refused
from gateway.wire import xml
from gateway.wire.media import SoapMedia
from gateway.wire.operations import Operation
from gateway.wire.schema import EXCHANGE

__all__ = ["Envelope", "SoapVersion", "operation_in", "read_envelope", "version_of_media"]

_WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#: Headers this gateway acts on, when they are addressed to it.
_UNDERSTOOD: Final = frozenset({f"{{{_WSSE}}}Security"})


class SoapVersion(Enum):
    """One of the two versions: (name, namespace, media type, attribute that addresses a header, its values that
    mean us besides none, fault code of the sender, of the receiver)."""

    def __init__(
        self,
        label: str,
        namespace: str,
        media_type: str,
        addressing: str,
        us: frozenset[str],
        sender: str,
        receiver: str,
    ) -> None:
        self.label = label
        self.namespace = namespace
        self.media_type = media_type
        self.addressing = f"{{{namespace}}}{addressing}"
        self.must_understand = f"{{{namespace}}}mustUnderstand"
        self.us = us
        self.sender = sender
        self.receiver = receiver

    V11 = (
        "1.1",
        "http://schemas.xmlsoap.org/soap/envelope/",
        "text/xml",
        "actor",
        frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}),
        "Client",
        "Server",
    )
    V12 = (
        "1.2",
        "http://www.w3.org/2003/05/soap-envelope",
        "application/soap+xml",
        "role",
        frozenset(
            {
                "",
                "http://www.w3.org/2003/05/soap-envelope/role/next",
                "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
            }
        ),
        "Sender",
        "Receiver",
    )


_BY_ROOT: Final = {f"{{{version.namespace}}}Envelope": version for version in SoapVersion}
_OPERATIONS: Final = {f"{{{EXCHANGE}}}{operation.value}": operation for operation in Operation}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What an envelope says of itself. `body` is its Body, signed or not."""

    version: SoapVersion
    operation: Operation
    body: etree._Element


def version_of_media(media: SoapMedia | None) -> SoapVersion:
    """The version in which to answer what could not be read: that of the media type, or 1.1."""
    return SoapVersion.V12 if media is not None and media.version == SoapVersion.V12.label else SoapVersion.V11


def read_envelope(root: etree._Element, media: SoapMedia) -> Envelope:
    """Read an envelope that came with `media`, in these steps; the first that fails gives the Reason."""
    # 1. an envelope of the version its media type says: NOT_SOAP
    version = _BY_ROOT.get(root.tag)
    if version is None or media.version not in (None, version.label):
        raise Refused(Reason.NOT_SOAP, xml.place_of(root))
    # 2. at most one Header, then one Body, and nothing else: NOT_SOAP
    header_tag, body_tag = f"{{{version.namespace}}}Header", f"{{{version.namespace}}}Body"
    children = [child for child in root if isinstance(child.tag, str)]
    tags = [child.tag for child in children]
    if tags not in ([body_tag], [header_tag, body_tag]):
        raise Refused(Reason.NOT_SOAP, xml.place_of(root))
    # 3. every header that must be understood is: MUST_UNDERSTAND
    if len(children) == 2:
        _check_headers(children[0], version)
    # 4. one operation, known here: NOT_SOAP, WRONG_NAMESPACE
    body = children[-1]
    operation = _OPERATIONS.get(operation_in(body).tag)
    if operation is None:
        raise Refused(Reason.WRONG_NAMESPACE, xml.place_of(operation_in(body)))
    # 5. the action, if one is named, is that operation's (SOAP 1.1 section 6.1.1): SOAP_ACTION
    if media.action not in (None, operation.action):
        raise Refused(Reason.SOAP_ACTION)
    return Envelope(version=version, operation=operation, body=body)


def _check_headers(header: etree._Element, version: SoapVersion) -> None:
    for block in header:
        if not isinstance(block.tag, str) or block.get(version.must_understand, "0").strip() in ("0", "false"):
            continue
        if block.get(version.addressing, "").strip() in version.us and block.tag not in _UNDERSTOOD:
            raise Refused(Reason.MUST_UNDERSTAND, xml.place_of(block))


def operation_in(body: etree._Element) -> etree._Element:
    """Give the one element of a Body; Refused(NOT_SOAP) if there is none, more, or text beside it."""
    elements = [child for child in body if isinstance(child.tag, str)]
    texts = [body.text, *(child.tail for child in body)]
    if len(elements) != 1 or any(text is not None and text.strip(" \t\r\n") for text in texts):
        raise Refused(Reason.NOT_SOAP, xml.place_of(body))
    return elements[0]
