"""How the SOAP door speaks: replies and faults in the version of the question, signed by the hosted office."""

from typing import Final

from aiohttp import web

from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.endpoints.door import Door
from gateway.endpoints.middleware import Refusal
from gateway.stages.line import Line
from gateway.wire.media import read_soap_media
from gateway.wire.soap_envelope import SoapVersion, version_of_media
from gateway.wire.soap_render import fault_status, render_fault

__all__ = ["VERSION", "SoapVoice", "sign", "sign_reply", "soap_headers"]

#: The version a request was seen to have; where it stands in no request, its media type is asked.
VERSION: Final = web.RequestKey("version", SoapVersion)

#: Refusals that have nothing to do with SOAP, and an HTTP status that everybody between us knows.
_OF_HTTP: Final = frozenset({Reason.NO_SUCH_ADDRESS, Reason.METHOD_NOT_ALLOWED})


def sign(envelope: bytes, hosted: OfficeCode, line: Line) -> bytes:
    """Sign an envelope of ours for a hosted office."""
    return line.signers[hosted].sign_envelope(envelope, line.clock.now())


def sign_reply(envelope: bytes, hosted: OfficeCode, line: Line) -> bytes:
    """Sign a reply of ours for a hosted office; faults go through `sign`, since not all of them are canonical."""
    return line.signers[hosted].sign_reply(envelope, line.clock.now())


def soap_headers(version: SoapVersion) -> dict[str, str]:
    """The Content-Type of a plain SOAP answer."""
    return {"Content-Type": f"{version.media_type}; charset=utf-8"}


class SoapVoice:
    """Speaks in faults."""

    name: Final = "soap"

    def say(self, refusal: Refusal, request: web.Request, door: Door) -> web.Response:
        """Answer with a signed fault."""
        version = request.get(VERSION) or _version_named(request)
        fault = render_fault(version, refusal.error, refusal.exchange_id)
        reason = refusal.reason
        return web.Response(
            status=reason.http if reason in _OF_HTTP else fault_status(version, reason),
            body=sign(fault, refusal.hosted, door.line),
            headers=soap_headers(version),
        )


def _version_named(request: web.Request) -> SoapVersion:
    try:
        return version_of_media(read_soap_media(request.headers.get("Content-Type"), None))
    except Refused:
        return version_of_media(None)
