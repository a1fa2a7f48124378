"""The referee's witness on a real socket, and a leader's session that talks to it."""

import asyncio
import time
from contextlib import asynccontextmanager

from aiohttp import web
from witness_words import RefereeWitness

from gateway.app.sequencing import sequence


@asynccontextmanager
async def witness_served(witness: RefereeWitness):
    """Serve it; gives its address. A mischief may give a handler of its own instead of an answer."""

    async def add(request):
        answer = witness.answer(await request.read(), int(time.time()))
        if not isinstance(answer, tuple):
            return await answer(request)
        status, kind, body = answer
        return web.Response(status=status, body=body, headers={"Content-Type": kind})

    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/w/add-checkpoint", add)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/w"
    finally:
        await runner.cleanup()


def as_witness(vkey, url):
    """A table of [[ledger.witness]]."""
    return {"url": url, "vkey": vkey, "plain_http": True}


@asynccontextmanager
async def sequencing(house, count=1):
    """Candidates for the lead, while it lasts."""
    tasks = [asyncio.create_task(sequence(house.gateway, house.dsn)) for _ in range(count)]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true):
    """Wait until something is so; gives what it gave."""
    async with asyncio.timeout(30):
        while not (found := await true()):
            await asyncio.sleep(0.02)
        return found


def answers(house, verdict, witness="witness.example/w"):
    """How often the witness answered so to XA's log."""
    labels = {"office": "XA", "witness": witness, "verdict": verdict}
    return house.gateway.meter.registry.get_sample_value("pouch_witness_answers_total", labels)
