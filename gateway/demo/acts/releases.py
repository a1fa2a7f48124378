"""Step 2: nothing leaves before it is released: by decisions one by one, or by an agreement's standing rule."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gateway.demo.acts.deposits import outbound
from gateway.demo.soap import SoapSystem, release_request
from gateway.demo.stage import Stage

__all__ = ["release"]

_OUTCOMES: Final = {"applicant-request": "given", "formalities": "given", "secrecy": "not-due", "fee": "given"}
_APPLICANT: Final = "applicant@example.org"


async def release(stage: Stage) -> None:
    """XA's documents are held and then released; XB's leaves by its standing rule."""
    line, xa, xb, papers = stage.timeline, stage.xa, stage.xb, stage.papers
    library, hosted, returned = papers.library, papers.hosted, papers.returned
    line.step(2, "The documents are held until they are released; default is deny")

    states = {(await xa.status(affair.deposit))["state"] for affair in (library, hosted)}
    line.check(states == {"held"}, "gateway XA holds both documents", states)
    line.check(not (await stage.bureau.see("record"))["effects"], "the Bureau has not been called at all")
    package = (await xa.client.package(library.deposit)).body
    line.check("accessCode" not in package, "the access code is given to nobody yet")

    decisions = _decisions()
    request = release_request(xa.client.head(), library.deposit, decisions[:3])
    with line.call(xa.system, xa.gateway, "ReleaseDocument, SOAP 1.2: request, formalities, secrecy"):
        told = await SoapSystem(xa.profile).ask("ReleaseDocument", request)
    line.check(told["State"] == "held", "three of four conditions settled: still held", told["State"])
    for affair, rest in ((library, decisions[3:]), (hosted, decisions)):
        with line.call(xa.system, xa.gateway, f"POST release: {', '.join(each['condition'] for each in rest)}"):
            await xa.client.release(affair.deposit, rest)
        status = await stage.until_state(xa, affair.deposit, "released", "placed")
        taken = {each["condition"]: each["outcome"] for each in status["releaseDecisions"]}
        line.check(taken == _OUTCOMES, "all four settled, each with by whom and on what basis: released", taken)

    registration = {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": _APPLICANT}
    with line.call(xb.system, xb.gateway, "POST /api/v1/deposits, detached JWS over the list, bytes as form parts"):
        answered = await xb.client.deposit(
            returned.application,
            outbound(returned),
            registration=registration,
            message_id=returned.message_id,
        )
    returned.deposit = answered.body["exchangeId"]
    status = await stage.until_state(xb, returned.deposit, "released", "placed")
    by = {each["by"] for each in status["releaseDecisions"]}
    line.check(by == {"standing rule"}, "XB's document was released by the agreement's standing rule", by)


def _decisions() -> list[Mapping[str, str]]:
    at = datetime.now(UTC).isoformat()
    return [
        {"condition": condition, "outcome": outcome, "by": "release desk of XA", "basis": "form PD-1", "decidedAt": at}
        for condition, outcome in _OUTCOMES.items()
    ]
