"""Step 5: the gateways lay what they received into their own IPAS, by its own record."""

from datetime import UTC, datetime, timedelta

from gateway.demo.checks import sha256_of
from gateway.demo.stage import Affair, Office, Stage

__all__ = ["check_handover", "hand_over"]


async def hand_over(stage: Stage) -> None:
    """Three hand-overs: one whose answer was lost, one by the priority it claims, one at a desk that is open."""
    line, xa, xb, papers = stage.timeline, stage.xa, stage.xb, stage.papers
    line.step(5, "The gateways hand the documents to their IPAS over SOAP, and read back what they wrote")
    for office, affair in ((xb, papers.library), (xb, papers.hosted), (xa, papers.returned)):
        with line.call(office.gateway, f"IPAS of {office.code}", "number, daily log, UserdocReceive, write, read back"):
            await stage.until_state(office, affair.retrieval, "handed-over")
        await check_handover(stage, office, affair)

    struck = (await xb.ipas.see("hostility"))["struck"]
    received = await xb.ipas.effects("userdoc-received")
    line.check(struck.get("cut-after:UserdocReceive") == 1, "one answer of XB's IPAS was lost on the way", struck)
    line.check(len(received) == 2, "and yet there are two user documents for two hand-overs, by its own record")
    taken = [effect["document"].rpartition("/")[2] for effect in received]
    line.check("900001" not in taken, "the number that the desk had taken was passed over", taken)
    files = {effect["files"] for effect in received}
    line.check(files == {"XB/P/2026/1", "XB/P/2026/2"}, "one found by own number, one by the priority it claims", files)
    await _check_logs(stage, xb, opened_by_us=True)
    await _check_logs(stage, xa, opened_by_us=False)


async def check_handover(stage: Stage, office: Office, affair: Affair) -> None:
    """The bytes lie in the folder agreed, once, under the number that the gateway tells."""
    facts = await office.facts(affair.retrieval)
    number = facts.get("own-system-number")
    received = [effect for effect in await office.ipas.effects("userdoc-received") if effect["document"] == number]
    line = stage.timeline
    line.check(len(received) == 1, f"IPAS of {office.code} has received it as {number}, once", len(received))
    arrived = {(datetime.now(UTC) - timedelta(minutes=ago)).date().isoformat() for ago in (0, 10)}
    line.check(received[0]["day"] in arrived, "with the receipt date by rule: the day of its arrival")
    written = await office.ipas.effects("file-written", sha256=sha256_of(affair.paper), overwritten=False)
    line.check(len(written) == 1, "the certified bytes lie in its folder untouched: SHA-256", len(written))


async def _check_logs(stage: Stage, office: Office, *, opened_by_us: bool) -> None:
    opened = len(await office.ipas.effects("log-opened")) + len(await office.ipas.effects("log-reopened"))
    closed = len(await office.ipas.effects("log-closed"))
    if opened_by_us:
        fits, text = opened == closed > 0, "the daily log was opened, and closed again by whom it had opened it"
    else:
        fits, text = opened == closed == 0, "the desk had opened its log: it was neither opened nor closed"
    stage.timeline.check(fits, f"IPAS of {office.code}: {text}", (opened, closed))
