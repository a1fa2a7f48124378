"""How the REST door speaks: JSON, with a detached JWS of the hosted office over every body (RFC 7515, appendix F)."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from gateway.core.office import OfficeCode
from gateway.endpoints.bearer import challenge
from gateway.endpoints.door import Door
from gateway.endpoints.middleware import Refusal
from gateway.wire.rest_render import JSON, render_error

__all__ = ["API", "SIGNATURE", "RestVoice", "answer"]

API: Final = "/api/v1"
#: The header of a detached JWS, in calls and answers.
SIGNATURE: Final = "Pouch-Signature"


def answer(
    body: bytes, hosted: OfficeCode, door: Door, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with a JSON body, signed for `hosted`."""
    signature = door.line.signers[hosted].sign_detached(body)
    return web.Response(
        status=status, body=body, headers={"Content-Type": JSON, SIGNATURE: signature, **(headers or {})}
    )


class RestVoice:
    """Speaks in error objects."""

    name: Final = "rest"

    def say(self, refusal: Refusal, request: web.Request, door: Door) -> web.Response:
        """Answer with an error object."""
        body = render_error(refusal.error, refusal.exchange_id)
        reason = refusal.reason
        return answer(body, refusal.hosted, door, status=reason.http, headers=challenge(reason))
