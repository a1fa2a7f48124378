"""Unreadable: what is not HTTP never reaches a handler, and is counted and answered like everything else nevertheless.

Rules: nothing of what came is said again; it proves nobody, and is written into the ledger as a count.
"""

from aiohttp import web

from gateway.core.reason import Deferred, Reason, Refused
from gateway.endpoints.door import Door
from gateway.endpoints.middleware import SECURITY_HEADERS
from gateway.endpoints.presence import Presence
from gateway.endpoints.rest.voice import RestVoice, answer
from gateway.endpoints.server import Unreadable
from gateway.wire.rest_render import render_error
from monitoring.log import logger

__all__ = ["make_unreadable"]

_log = logger("door")


def make_unreadable(door: Door, presence: Presence) -> Unreadable:
    """Give what answers a request that the HTTP library refused with this status; it speaks as REST does."""

    def say(request: web.BaseRequest, status: int, cause: BaseException | None) -> web.Response:
        source = request.remote or "unknown"
        if status < 500:
            error: Refused | Deferred = Refused(Reason.NOT_HTTP)
            presence.failed(source)
        else:
            error = Deferred(Reason.INTERNAL)
            _log.error("a request ended outside its handler", door=RestVoice.name, exc_info=cause)
        reason, line = error.reason, door.line
        line.meter.refused(reason.code, RestVoice.name)
        door.crowd.count(source, reason, RestVoice.name, line.clock.now())
        return answer(
            render_error(error, None), door.first_hosted, door, status=reason.http, headers=dict(SECURITY_HEADERS)
        )

    return say
