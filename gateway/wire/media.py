"""Media types and header parameters (RFC 9110 section 8.3, RFC 2045 section 5.1), read strictly and bounded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.core.reason import Reason, Refused

__all__ = ["MediaType", "SoapMedia", "parse_media_type", "parse_parameters", "read_soap_media"]

_LIMIT: Final = 1000  # characters of one header value
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z\-]+"
_TYPE: Final = re.compile(rf"({_WORD})/({_WORD})")
_PARAMETER: Final = re.compile(rf'[ \t]*;[ \t]*(?:({_WORD})=(?:({_WORD})|"((?:[^"\\]|\\.)*)"))?')
_ESCAPED: Final = re.compile(r"\\(.)")
# Some senders leave the boundary or start value unquoted although it is no token; what follows is checked again.
_LOOSE: Final = re.compile(r"[ \t]*;[ \t]*(boundary|start|type|start-info|action)=([^;\s\"]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """A media type: `name` in lower case without parameters, parameter names in lower case."""

    name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapMedia:
    """How a SOAP message arrives: as MIME parts or alone, which version its media type says, and the action it names.

    `version` is "1.1" or "1.2", or None where a multipart does not say; `action` None where none is named.
    """

    multipart: bool
    version: str | None
    action: str | None


def parse_media_type(value: str | None) -> MediaType:
    """Read a Content-Type; Refused(UNSUPPORTED_MEDIA_TYPE) if there is none or it cannot be read."""
    if value is None or len(value) > _LIMIT:
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    text = value.strip(" \t")
    found = _TYPE.match(text)
    parameters = parse_parameters(text, found.end()) if found else None
    if found is None or parameters is None:
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    return MediaType(name=found[0].lower(), parameters=parameters)


def parse_parameters(text: str, start: int) -> Mapping[str, str] | None:
    """Read `; name=value` pairs to the end of `text`; None if they are not well formed or a name comes twice."""
    parameters: dict[str, str] = {}
    position = start
    while position < len(text):
        found = _PARAMETER.match(text, position)
        loose = _LOOSE.match(text, position)
        if loose is not None and (found is None or loose.end() > found.end()):
            name, value, position = loose[1].lower(), loose[2], loose.end()
        elif found is None:
            return None if text[position:].strip(" \t") else parameters
        else:
            position = found.end()
            if found[1] is None:  # an empty parameter, as after a last semicolon
                continue
            name = found[1].lower()
            value = found[2] if found[2] is not None else _ESCAPED.sub(r"\1", found[3])
        if name in parameters:
            return None
        parameters[name] = value
    return parameters


def read_soap_media(content_type: str | None, soap_action: str | None) -> SoapMedia:
    """Read how a SOAP request comes, from its Content-Type and, for SOAP 1.1, its SOAPAction header.

    The action is that of SOAPAction (SOAP 1.1 section 6.1.1), of the `action` parameter (RFC 3902), or of the
    media type quoted in `start-info` (MTOM). Refused(UNSUPPORTED_MEDIA_TYPE) for any other type or charset.
    """
    media = parse_media_type(content_type)
    if media.name == "multipart/related":
        info = media.parameters.get("start-info") or media.parameters.get("type")
        inner = _inner(info)
        action = media.parameters.get("action") or (inner.parameters.get("action") if inner else None)
        return SoapMedia(
            multipart=True,
            version=_VERSIONS.get(inner.name) if inner else None,
            action=_action(action or soap_action),
        )
    if media.name not in _VERSIONS or media.parameters.get("charset", "utf-8").lower() != "utf-8":
        raise Refused(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type")
    action = media.parameters.get("action") if media.name == "application/soap+xml" else None
    return SoapMedia(multipart=False, version=_VERSIONS[media.name], action=_action(action or soap_action))


_VERSIONS: Final = {"text/xml": "1.1", "application/soap+xml": "1.2"}


def _inner(value: str | None) -> MediaType | None:
    if value is None:
        return None
    try:
        return parse_media_type(value)
    except Refused:
        return None  # the hint is unreadable; the envelope itself says its version


def _action(value: str | None) -> str | None:
    if value is None:
        return None
    bare = value.strip(" \t")
    if len(bare) >= 2 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1]
    return bare or None
