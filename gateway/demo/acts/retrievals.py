"""Step 4: each office asks for the other's document: XB polls, XA is notified; the Bureau gives from its store, or asks
XA's library."""

from gateway.demo.stage import Affair, Office, Stage

__all__ = ["ask_for", "retrieve"]


async def retrieve(stage: Stage) -> None:
    """Three retrievals, by number, date, kind and code."""
    line, xa, xb, bureau, papers = stage.timeline, stage.xa, stage.xb, stage.bureau, stage.papers
    library, hosted, returned = papers.library, papers.hosted, papers.returned
    line.step(4, "The codes travel office, applicant, second office; each system asks for the other's document")

    # what the next step needs: an answer of XB's IPAS that is lost although the work was done
    await xb.ipas.wish({"switch": "cut-after", "operation": "UserdocReceive", "calls": 1})
    await ask_for(stage, xb, library, own_number="XB/P/2026/1")
    await ask_for(stage, xb, hosted)
    await ask_for(stage, xa, returned, own_number="XA/P/2026/1")

    here = ("received", "handed-over")
    with line.call("Bureau", xa.gateway, "POST /das-api/v1/requests/retrievals, then the file"):
        await stage.until(
            "the Bureau has taken the file", lambda: bureau.effects("downloaded-from-office", office="XA")
        )
    for office, affair, how in (
        (xb, library, "polled until it was there; taken from XA's library"),
        (xb, hosted, "polled until it was there; taken from the Bureau's store"),
        (xa, returned, "fetched when it was notified"),
    ):
        with line.call(office.gateway, "Bureau", how):
            await stage.until_state(office, affair.retrieval, *here)

    forwarded = await bureau.effects("retrieval-forwarded", office="XA")
    line.check(len(forwarded) == 1, "the Bureau asked XA's DAS-shaped door once, with a bearer token of its own")
    line.check(await bureau.effects("notification-received", office="XA"), "gateway XA told it when the file was ready")
    await stage.until(
        "the Bureau has notified XA", lambda: bureau.effects("notification-sent", office="XA", status=204)
    )
    line.check(True, "XA was notified at its endpoint (204)")
    line.check(
        not await bureau.effects("notification-sent", office="XB"), "XB has no endpoint: it was notified of nothing"
    )


async def ask_for(stage: Stage, office: Office, affair: Affair, own_number: str | None = None) -> None:
    """Ask for a document with its code."""
    own = {"number": own_number} if own_number else None
    where = f", for {own_number}" if own_number else ""
    with stage.timeline.call(
        office.system, office.gateway, f"POST /api/v1/retrievals: {affair.office} {affair.number}{where}"
    ):
        answered = await office.client.retrieve(affair.application, affair.code, own_application=own)
    affair.retrieval = answered.body["exchangeId"]
