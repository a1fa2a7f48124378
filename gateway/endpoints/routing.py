"""Routing: addresses, methods and handlers as a table; aiohttp gets every address with all its methods.

Rules: an address that exists answers every method itself: OPTIONS with what it takes, HEAD where it takes GET, and
METHOD_NOT_ALLOWED for the rest; what no address fits is answered by the last row of the table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.endpoints.door import Door
from gateway.endpoints.intake import expects
from gateway.endpoints.middleware import Handler, Refusal, Visit, Voice, guarded
from gateway.endpoints.presence import Presence

__all__ = ["Address", "add_addresses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address: its path in aiohttp's form, its handlers by method, the voice that says no there."""

    path: str
    handlers: Mapping[str, Handler]
    voice: Voice

    @property
    def allowed(self) -> str:
        """The methods it takes, as an Allow header has them."""
        methods = {*self.handlers, "OPTIONS"} | ({"HEAD"} if "GET" in self.handlers else set())
        return ", ".join(sorted(methods))


def add_addresses(app: web.Application, addresses: Iterable[Address], door: Door, presence: Presence) -> None:
    """Add addresses in their order: the first that fits is taken."""
    for address in addresses:
        resource = app.router.add_resource(address.path)
        voice = _WithAllow(address.voice, address.allowed)
        handlers = dict(address.handlers)
        if "GET" in handlers:
            handlers["HEAD"] = handlers["GET"]
        handlers["*"] = _Otherwise(address.allowed).handle if handlers else _nothing_here
        for method, handler in handlers.items():
            resource.add_route(method, guarded(handler, voice, door, presence), expect_handler=expects)


async def _nothing_here(visit: Visit) -> web.StreamResponse:
    raise Refused(Reason.NO_SUCH_ADDRESS)


class _Otherwise:
    """Answers the methods that an address does not take."""

    def __init__(self, allowed: str) -> None:
        self._allowed = allowed

    async def handle(self, visit: Visit) -> web.StreamResponse:
        if visit.request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": self._allowed})
        raise Refused(Reason.METHOD_NOT_ALLOWED)


@dataclass(frozen=True, slots=True)
class _WithAllow:
    """A voice that, where a method is not allowed, also says which are (RFC 9110, section 15.5.6)."""

    voice: Voice
    allowed: str

    @property
    def name(self) -> str:
        return self.voice.name

    def say(self, refusal: Refusal, request: web.Request, door: Door) -> web.Response:
        response = self.voice.say(refusal, request, door)
        if refusal.reason is Reason.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = self.allowed
        return response
