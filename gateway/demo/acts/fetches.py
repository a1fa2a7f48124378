"""Step 6: XB's system is told, fetches and confirms; XA sees what can be known."""

from base64 import b64decode
from typing import Any

from gateway.demo.checks import only, read_signed, sha256_of, text_in
from gateway.demo.stage import Affair, Office, Stage

__all__ = ["collect", "fetch_and_compare"]


async def collect(stage: Stage) -> None:
    """The signed notification, the package, the confirmation; then the depositing office's view."""
    line, xa, xb, papers = stage.timeline, stage.xa, stage.xb, stage.papers
    library = papers.library
    line.step(6, "XB's system polls, gets the signed notification, fetches the package and confirms")

    with line.call(xb.system, xb.gateway, "GET /api/v1/notifications"):
        waiting = (await xb.client.poll(100)).body["notifications"]
    mine = [notice for notice in waiting if notice["exchangeId"] == library.retrieval]
    received = only([notice for notice in mine if notice["event"] == "received"], "notification: received")
    signed = read_signed(b64decode(received["content"]), xb.profile)
    fits = (text_in(signed, "ExchangeId"), text_in(signed, "Event")) == (library.retrieval, "received")
    line.check(fits, "the notification is signed by gateway XB and says: received")
    await fetch_and_compare(stage, xb, library)
    with line.call(xb.system, xb.gateway, f"confirm {len(mine)} notifications"):
        for notice in mine:
            await xb.client.confirm(notice["notificationId"])
    line.check(not await xb.events(library.retrieval), "they do not come again")
    state = (await xb.status(library.retrieval))["state"]
    line.check(state == "confirmed", "XB's exchange is confirmed", state)

    with line.call(xa.system, xa.gateway, "GET status of what it deposited"):
        status = await xa.status(library.deposit)
    facts = {fact["name"]: fact.get("value") for fact in status["facts"]}
    line.check(facts.get("taken-by-counterpart") == "IB", "XA sees when the Bureau took it from its library", facts)
    line.check(facts.get("acknowledgement"), "DAS's acknowledgement id")
    await _fetch_certificate(stage, xa, library, status)


async def fetch_and_compare(stage: Stage, office: Office, affair: Affair) -> None:
    """Fetch the newest certified copy and compare it with the depositor's own file."""
    folder = stage.ground.folder / office.code.lower() / "fetched"
    folder.mkdir(exist_ok=True)
    with stage.timeline.call(office.system, office.gateway, "GET package and document"):
        package = (await office.client.package(affair.retrieval)).body
        copy = only([each for each in package["documents"] if each["role"] == "certified-copy"], "certified copy")
        path = folder / f"{affair.retrieval}-v{package['version']}.pdf"
        digest = await office.client.fetch_document(affair.retrieval, copy["contentId"], path)
    same = digest == copy["sha256"] == sha256_of(affair.paper)
    stage.timeline.check(same, f"byte for byte what {affair.office} certified: SHA-256 {digest[:16]}…")


async def _fetch_certificate(stage: Stage, office: Office, affair: Affair, status: dict[str, Any]) -> None:
    found = [each for each in status["documents"] if each["role"] == "registration-certificate"]
    certificate = only(found, "registration certificate")
    path = stage.ground.folder / "registration-certificate.pdf"
    digest = await office.client.fetch_document(affair.deposit, certificate["contentId"], path)
    fits = digest == certificate["sha256"] and path.read_bytes().startswith(b"%PDF-")
    stage.timeline.check(fits, "and the registration certificate, a PDF of the Bureau")
