"""GET /soap/exchange?wsdl: the contract, in one file, under our public address.

Rules: a query names what is wanted and never where it lies: any other one is an address that does not exist.
"""

from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.endpoints.middleware import Visit
from gateway.wire.soap_wsdl import render_wsdl

__all__ = ["SOAP_PATH", "get_description"]

SOAP_PATH = "/soap/exchange"


async def get_description(visit: Visit) -> web.StreamResponse:
    """Give the WSDL."""
    asked = [(name.lower(), value) for name, value in visit.request.query.items()]
    if not asked:
        raise Refused(Reason.METHOD_NOT_ALLOWED)
    if asked != [("wsdl", "")]:
        raise Refused(Reason.NO_SUCH_ADDRESS)
    return web.Response(
        body=render_wsdl(f"{visit.door.public_url}{SOAP_PATH}"),
        headers={"Content-Type": "text/xml; charset=utf-8", "Cache-Control": "max-age=300"},
    )
