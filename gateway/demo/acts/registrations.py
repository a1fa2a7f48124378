"""Step 3: the gateways register with DAS, in both hosting patterns and both code modes."""

from typing import Any, Final

from gateway.demo.checks import only, sha256_of
from gateway.demo.stage import Affair, Office, Stage

__all__ = ["register"]

_CODE_LENGTH: Final = 4


async def register(stage: Stage) -> None:
    """All three documents are registered; the codes are where they belong, and nowhere else."""
    line, xa, xb, bureau, papers = stage.timeline, stage.xa, stage.xb, stage.bureau, stage.papers
    library, hosted, returned = papers.library, papers.hosted, papers.returned
    line.step(3, "The gateways register with DAS over its REST calls, by private_key_jwt (ES256)")

    for office, affair, what in (
        (xa, library, "registration; the file stays in XA's own library"),
        (xa, hosted, "upload URL, PUT, poll until accepted, registration, status"),
        (xb, returned, "upload URL, PUT, poll until accepted, registration, status"),
    ):
        with line.call(office.gateway, "Bureau", what):
            await stage.until_state(office, affair.deposit, "placed")

    for code in ("XA", "XB"):
        tokens = await bureau.effects("token-issued", office=code)
        line.check(tokens, f"the Bureau has issued tokens to {code}: {len(tokens)}")
    stored = {effect["size"] for effect in await bureau.effects("upload-stored")}
    wanted = {hosted.paper.stat().st_size, returned.paper.stat().st_size}
    line.check(stored == wanted, "the Bureau was sent two files, and none of XA's own library", stored)
    await _check_hosting(stage, library, "office")
    await _check_hosting(stage, hosted, "bureau")

    for affair in (library, hosted):
        affair.code = (await xa.client.package(affair.deposit)).body.get("accessCode", "")
    drawn = [len(affair.code) for affair in (library, hosted)] == [_CODE_LENGTH] * 2 and library.code != hosted.code
    line.check(drawn, "XA's codes: drawn by gateway XA, given to XA's system only now that DAS has said success")
    mails = [mail for mail in await bureau.see("mailbox") if mail["accessCode"]]
    line.check(len(mails) == 1, "XB's code: made by the Bureau and mailed to the applicant", len(mails))
    returned.code = mails[0]["accessCode"]
    package = (await xb.client.package(returned.deposit)).body
    line.check("accessCode" not in package, "gateway XB has never seen it")
    await _check_certificate(stage, xa, library)


async def _check_hosting(stage: Stage, affair: Affair, hosting: str) -> None:
    registered = await _registered(stage, affair)
    stage.timeline.check(
        registered["hosting"] == hosting,
        f"XA {affair.number} is registered once, hosting: {hosting}",
        registered["hosting"],
    )
    if hosting == "bureau":
        rows = [row for row in await stage.bureau.see("documents") if row["number"] == f"XA {affair.number}"]
        held = only(rows, "document of that number at the Bureau")
        digest = held["versions"][-1]["fileChecksum"]
        stage.timeline.check(digest == sha256_of(affair.paper), "the Bureau holds these bytes: SHA-256")


async def _registered(stage: Stage, affair: Affair) -> dict[str, Any]:
    """The Bureau's own record of the registration."""
    found = await stage.bureau.effects("registered", document=f"{affair.office} {affair.number}")
    return only(found, f"registration of {affair.office} {affair.number}")


async def _check_certificate(stage: Stage, office: Office, affair: Affair) -> None:
    """The Bureau's certificate of registration, where the office knows the code that it is asked by."""
    status = await office.status(affair.deposit)
    roles = [document["role"] for document in status["documents"]]
    stage.timeline.check(
        "registration-certificate" in roles, "gateway XA has fetched the registration certificate", roles
    )
    acknowledged = [ack for each in status["transmissions"] for ack in each["acknowledgementIds"]]
    registered = await _registered(stage, affair)
    stage.timeline.check(registered["ack"] in acknowledged, "and knows DAS's acknowledgement id", acknowledged)
