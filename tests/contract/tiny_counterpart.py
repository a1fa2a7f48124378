"""The counterpart of adapters/_skeleton: keeps registrations, tells what it did, and can be rude. Shares no code."""

from collections import defaultdict

from aiohttp import web

from sandbox.hostility import Hostility, Rule, Switch, hostile_middleware
from sandbox.serving import listen

TOKEN = "tiny-token-1"


class TinyOffice:
    """Registrations by number, and what has taken effect."""

    def __init__(self):
        self.registered = defaultdict(list)
        self.hostility = Hostility()
        self.origin = ""

    def app(self):
        operation = lambda request: request.match_info.route.name  # noqa: E731 - two lines say no more
        app = web.Application(middlewares=[hostile_middleware(self.hostility, operation)])
        app.router.add_post("/registrations", self._register, name="register")
        app.router.add_get("/registrations", self._find, name="find")
        return app

    def disturb(self, switch, operation, calls, seconds):
        self.hostility.add(Rule(switch=Switch(switch), operation=operation, calls=calls, seconds=seconds))

    async def _register(self, request):
        self._check(request)
        asked = await request.json()
        assert set(asked) == {"number", "kind", "filed", "sha256"}
        number = f"{len(self.registered) + 1}-{asked['number']}"
        self.registered[asked["number"]].append({"id": number, "sha256": asked["sha256"]})
        return web.json_response({"id": number}, status=201)

    async def _find(self, request):
        self._check(request)
        return web.json_response({"registrations": self.registered.get(request.query["number"], [])})

    def _check(self, request):
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized


async def open_tiny_office(tls):
    """A listening TinyOffice and its runner, which ends it by `await runner.cleanup()`."""
    office = TinyOffice()
    runner, office.origin = await listen(
        office.app(), host="127.0.0.1", port=0, certificate=tls.certificate, key=tls.key
    )
    return office, runner
