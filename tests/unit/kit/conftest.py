"""A counterpart in this process, on a real socket, for the rooms of gateway/kit."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from gateway.kit.http import CounterpartHttp, Reach, authority

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class KitClock:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class LocalServer:
    """Every request goes to `answer`; `seen` counts them."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[web.BaseRequest] = []
        self.answer: Handler = _nothing

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        return await self.answer(request)


async def _nothing(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="{}", content_type="application/json")


@pytest.fixture
def kit_clock() -> KitClock:
    return KitClock()


@pytest.fixture
async def local_server() -> AsyncIterator[LocalServer]:
    server = LocalServer()
    runner = web.ServerRunner(web.Server(server.take), access_log=None, shutdown_timeout=0.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def local_http(local_server: LocalServer) -> AsyncIterator[CounterpartHttp]:
    """Client that may call the local server and gives up quickly."""
    reach = Reach(
        authorities=frozenset({authority(local_server.url)}), plain_http=True, idle=0.2, total=5.0, answer_limit=1000
    )
    http = CounterpartHttp(reach)
    yield http
    await http.close()
