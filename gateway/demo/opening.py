"""Opening: starts every program of the ground, waits until each is ready, and opens the clients of the two systems."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import aiohttp

from gateway.client import OfficeClient, load_profile
from gateway.demo.ground import Ground, OfficeGround
from gateway.demo.programs import Crew
from gateway.demo.stage import Office, Papers, Stage
from gateway.demo.timeline import StoryFailed, Timeline
from gateway.demo.windows import Window

__all__ = ["open_stage"]

#: Seconds for a start: a database is made in some, on a slow disk in many.
_PATIENCE: Final = 180.0


@asynccontextmanager
async def open_stage(ground: Ground, timeline: Timeline, papers: Papers) -> AsyncIterator[Stage]:
    """Have everything run; all programs are ended when it is left."""
    async with AsyncExitStack() as stack:
        crew = await stack.enter_async_context(Crew(ground.folder / "logs"))
        waiting: list[tuple[str, Callable[[], Awaitable[bool]]]] = []
        windows = []
        for name, sandbox, url in (
            ("sandbox Bureau", ground.bureau, ground.bureau_url),
            ("sandbox IPAS of XA", ground.xa.ipas, ground.xa.ipas_url),
            ("sandbox IPAS of XB", ground.xb.ipas, ground.xb.ipas_url),
        ):
            await crew.launch(name, ["sandbox", *sandbox.words])
            windows.append(await stack.enter_async_context(Window(url, ground.ca)))
            waiting.append((name, windows[-1].is_open))
        context = ssl.create_default_context(cafile=str(ground.ca))
        connector = aiohttp.TCPConnector(ssl=context)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        for office in (ground.xa, ground.xb):
            name = f"gateway {office.code}"
            await crew.launch(name, ["gateway", "serve", "-c", str(office.founded.main)])
            waiting.append((f"{name} with its own database", _readiness(session, office)))
        try:
            async with asyncio.TaskGroup() as group:
                for name, is_ready in waiting:
                    group.create_task(_until_ready(crew, timeline, name, is_ready))
        except* StoryFailed as failures:
            raise failures.exceptions[0] from None
        bureau, ipas_xa, ipas_xb = windows
        yield Stage(
            ground=ground,
            timeline=timeline,
            crew=crew,
            xa=await _office(stack, ground.xa, ipas_xa),
            xb=await _office(stack, ground.xb, ipas_xb),
            bureau=bureau,
            papers=papers,
        )


async def _until_ready(crew: Crew, timeline: Timeline, name: str, is_ready: Callable[[], Awaitable[bool]]) -> None:
    with timeline.call("demonstration", name.partition(" with ")[0], f"start {name}"):
        await crew.wait(f"{name} is ready", is_ready, bool, _PATIENCE)


async def _office(stack: AsyncExitStack, ground: OfficeGround, ipas: Window) -> Office:
    profile = load_profile(ground.founded.client)
    client = await stack.enter_async_context(OfficeClient(profile))
    return Office(code=ground.code, profile=profile, client=client, ipas=ipas, ground=ground)


def _readiness(session: aiohttp.ClientSession, office: OfficeGround) -> Callable[[], Awaitable[bool]]:
    """Ready by its own word, and the front door answers."""

    async def look() -> bool:
        try:
            for url in (f"{office.ops}/readyz", f"{office.founding.url}/api/v1/openapi.json"):
                async with session.get(url) as response:
                    if response.status != 200:
                        return False
        except (aiohttp.ClientError, OSError):
            return False
        return True

    return look
