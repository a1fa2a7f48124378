"""Step 7, first half: XA corrects, replaces and withdraws; versions chain on both sides, and XB is told."""

from datetime import date, timedelta
from typing import Any

from gateway.demo.acts.deposits import outbound
from gateway.demo.acts.fetches import fetch_and_compare
from gateway.demo.acts.handovers import check_handover
from gateway.demo.acts.retrievals import ask_for
from gateway.demo.checks import only, sha256_of
from gateway.demo.stage import Affair, Office, Stage, reasons_of

__all__ = ["change"]

_OWN_NUMBER = "XB/P/2026/1"


async def change(stage: Stage) -> None:
    """A correction of the date, a new file, a withdrawal."""
    stage.timeline.step(7, "XA corrects, replaces and withdraws; what goes wrong is refused and proven")
    await _correct(stage)
    await _replace(stage)
    await _withdraw(stage)


async def _correct(stage: Stage) -> None:
    line, xa, xb, affair = stage.timeline, stage.xa, stage.xb, stage.papers.library
    corrected = (date.fromisoformat(affair.filed) + timedelta(days=1)).isoformat()
    with line.call(xa.system, xa.gateway, f"POST correction: filing date {affair.filed} → {corrected}"):
        await xa.client.correct(affair.deposit, corrected, "The date stamp was misread.")
    with line.call(xa.gateway, "Bureau", "PUT registration, status"):
        await _until_told(stage, xa, affair.deposit, "corrected")
    dates = [version["documentDate"] for version in (await _registered(stage, affair))["versions"]]
    line.check(dates == [affair.filed, corrected], "the Bureau has both dates, the newest is served", dates)
    with line.call(xb.gateway, "Bureau", "look whether what was fetched has changed"):
        await _until_told(stage, xb, affair.retrieval, "changed")
    line.check(True, "XB's system is told: changed")
    status = await stage.until(
        "the old date is refused", lambda: xb.status(affair.retrieval), lambda seen: "5007" in reasons_of(seen)
    )
    line.check(status["state"] == "confirmed", "under the old date it is not to be had; what was fetched stays fetched")
    affair.filed = corrected
    await ask_for(stage, xb, affair, own_number=_OWN_NUMBER)
    with line.call(xb.gateway, "Bureau", "polled until it was there, under the corrected date"):
        await stage.until_state(xb, affair.retrieval, "handed-over")


async def _replace(stage: Stage) -> None:
    line, xa, xb, affair = stage.timeline, stage.xa, stage.xb, stage.papers.library
    former, affair.paper = affair.paper, stage.papers.corrected
    with line.call(xa.system, xa.gateway, "POST replacement, detached JWS, new file as a form part"):
        await xa.client.replace(affair.deposit, outbound(affair), "A page was missing.")
    with line.call(xa.gateway, "Bureau", "PUT registration: a new file in XA's own library"):
        await _until_told(stage, xa, affair.deposit, "replaced")
    with line.call(xb.gateway, "Bureau", "look, see that it changed, fetch it again"):
        await _until_told(stage, xb, affair.retrieval, "changed")
        status = await stage.until(
            "XB has handed over the new version",
            lambda: xb.status(affair.retrieval),
            lambda seen: (seen["version"], seen["state"]) == (2, "handed-over"),
        )
    line.check(True, "XB's system is told: changed, and then: received")
    await fetch_and_compare(stage, xb, affair)
    await check_handover(stage, xb, affair)
    await _check_chain(stage, xb, status, [former, affair.paper], 2)
    await _check_chain(stage, xa, await xa.status(affair.deposit), [former, affair.paper], 3)


async def _check_chain(stage: Stage, office: Office, status: dict[str, Any], papers: list[Any], version: int) -> None:
    copies = [each for each in status["documents"] if each["role"] == "certified-copy"]
    digests = [each["sha256"] for each in sorted(copies, key=lambda each: int(each["version"]))]
    fits = digests == [sha256_of(paper) for paper in papers] and status["version"] == version
    stage.timeline.check(
        fits, f"{office.gateway} holds both files as versions of one exchange", [status["version"], digests]
    )


async def _withdraw(stage: Stage) -> None:
    line, xa, xb, affair = stage.timeline, stage.xa, stage.xb, stage.papers.hosted
    with line.call(xa.system, xa.gateway, "POST withdrawal: registered in error"):
        await xa.client.withdraw(affair.deposit, "registered-in-error", "It belongs to another application.")
    with line.call(xa.gateway, "Bureau", "DELETE registration, status"):
        await _until_told(stage, xa, affair.deposit, "withdrawn")
    told = (await _registered(stage, affair))["withdrawn"]
    line.check(told == "registered-in-error", "the Bureau has it withdrawn, with the reason", told)
    await _until_told(stage, xb, affair.retrieval, "changed")
    line.check(True, "XB's system is told: changed")
    await fetch_and_compare(stage, xb, affair)


async def _registered(stage: Stage, affair: Affair) -> dict[str, Any]:
    rows: list[dict[str, Any]] = await stage.bureau.see("documents")
    mine = [row for row in rows if row["number"] == f"{affair.office} {affair.number}"]
    return only(mine, "document of that number at the Bureau")


async def _until_told(stage: Stage, office: Office, exchange_id: str, event: str) -> None:
    await stage.until(
        f"{office.system} is told: {event}", lambda: office.events(exchange_id), lambda events: event in events
    )
