"""How the ledger's door says no: an error object as at the REST door, without a signature of its own."""

from typing import Final

from aiohttp import web

from gateway.endpoints.bearer import challenge
from gateway.endpoints.door import Door
from gateway.endpoints.middleware import Refusal
from gateway.wire.rest_render import JSON, render_error

__all__ = ["LedgerVoice"]


class LedgerVoice:
    """Speaks in error objects."""

    name: Final = "ledger"

    def say(self, refusal: Refusal, request: web.Request, door: Door) -> web.Response:
        """Answer with an error object."""
        reason = refusal.reason
        body = render_error(refusal.error, refusal.exchange_id)
        return web.Response(status=reason.http, body=body, headers={"Content-Type": JSON, **challenge(reason)})
