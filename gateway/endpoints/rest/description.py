"""GET /api/v1/openapi.json: the description of this door, as it is kept in schemas/."""

from functools import cache
from importlib.resources import files

from aiohttp import web

from gateway.endpoints.middleware import Visit
from gateway.endpoints.rest.voice import answer

__all__ = ["get_openapi"]


async def get_openapi(visit: Visit) -> web.StreamResponse:
    """Give the OpenAPI description; for anybody."""
    door = visit.door
    return answer(_description(), door.first_hosted, door, headers={"Cache-Control": "max-age=300"})


@cache
def _description() -> bytes:
    return files("schemas").joinpath("openapi.json").read_bytes()
