"""Step 7, second half: the first deposit again, wrong access codes, and a search for what must be nowhere."""

import asyncio
import json
import secrets
from typing import Final

from gateway.client import CallFailed
from gateway.demo.acts.deposits import deposit_library_copy
from gateway.demo.programs import python
from gateway.demo.searching import places_of
from gateway.demo.stage import Stage, reasons_of
from gateway.demo.timeline import StoryFailed

__all__ = ["refuse"]

#: Wrong codes that are answered before a person has to decide.
_GUESSES: Final = 3
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


async def refuse(stage: Stage) -> None:
    """What is said twice counts once; who guesses is stopped; the expected code is told to nobody."""
    line, affair = stage.timeline, stage.papers.library
    exchange_id, receipt = await deposit_library_copy(stage)
    same = receipt == affair.receipt and exchange_id == affair.deposit
    line.check(same, f"the first deposit again: byte for byte the same receipt, {len(receipt)} bytes")

    refused = [await _guess(stage, number) for number in range(1, _GUESSES + 1)]
    try:
        await stage.xb.client.retrieve(affair.application, affair.code)
        raise StoryFailed("after wrong codes a further one was taken", stage.crew.advice())
    except CallFailed as failure:
        code, remedy = failure.code, failure.remedy
    line.check(code == "4009", f"the next one is held for a person, even with the right code: {code} {remedy}", code)
    await _lift(stage, refused[-1])
    with line.call(stage.xb.system, stage.xb.gateway, "POST /api/v1/retrievals, with the right code"):
        answered = await stage.xb.client.retrieve(affair.application, affair.code)
        await stage.until_state(stage.xb, answered.body["exchangeId"], "received", "handed-over")
    line.check(True, "it is taken again")
    await _search(stage)


async def _guess(stage: Stage, number: int) -> str:
    """Ask with a code that differs; gives the exchange that was refused."""
    line, xb, affair = stage.timeline, stage.xb, stage.papers.library
    while (guess := "".join(secrets.choice(_LETTERS) for _ in affair.code)) == affair.code:
        pass
    with line.call(xb.system, xb.gateway, f"POST /api/v1/retrievals, wrong code no. {number}"):
        answered = await xb.client.retrieve(affair.application, guess)
        exchange_id: str = answered.body["exchangeId"]
        status = await stage.until_state(xb, exchange_id, "refused")
    told = reasons_of(status)
    line.check("5008" in told, f"refused: {told}", told)
    line.check(
        affair.code not in json.dumps(status), "and the answer does not tell the right one, though DAS had told it"
    )
    return exchange_id


async def _lift(stage: Stage, exchange_id: str) -> None:
    profile = stage.xb.ground.founded.client
    words = ["hold", exchange_id, "--lift", "--explanation", "asked the applicant", "-p", str(profile)]
    with stage.timeline.call("a person at XB", stage.xb.gateway, f"pouch hold {exchange_id[:8]}… --lift"):
        process = await asyncio.create_subprocess_exec(
            *python("gateway", *words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
    stage.timeline.check(process.returncode == 0, "the stop is lifted", said.decode(errors="replace"))


async def _search(stage: Stage) -> None:
    """No access code stands anywhere in clear: neither in a log, nor in a database."""
    line, papers = stage.timeline, stage.papers
    codes = [affair.code for affair in (papers.library, papers.hosted, papers.returned)]
    logs = [program.log for program in stage.crew.programs]
    with line.call("demonstration", "every log and table", "search for the access codes, as text and as bytes"):
        found, searched = await places_of(codes, stage.ground, logs)
        known, _ = await places_of([papers.library.number], stage.ground, logs)
    line.check(not found, f"no expected code in {searched}", found)
    line.check(len(known) > 1, "while the same search finds the application's number where it belongs", known)
