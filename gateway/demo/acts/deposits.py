"""Step 1: XA's own system deposits certified copies: small ones inline by zeep, a large one as an MTOM part."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.client import Outbound
from gateway.demo.checks import read_signed, sha256_of, signed_digests, text_in
from gateway.demo.soap import SoapSystem, deposit_request
from gateway.demo.stage import Affair, Stage
from gateway.demo.zeep_script import ZeepDeposit, deposit_by_zeep

__all__ = ["deposit", "deposit_library_copy", "outbound"]

#: Bytes of all documents together that go inline (schemas/exchange-1.xsd).
_INLINE: Final = 4 << 20


async def deposit(stage: Stage) -> None:
    """Both of XA's documents; each deposit ends in a signed receipt over its bytes."""
    line, xa, papers = stage.timeline, stage.xa, stage.papers
    line.step(1, "XA's own system deposits certified copies; the gateway answers with a signed receipt")
    library, hosted = papers.library, papers.hosted

    library.deposit, library.receipt = await deposit_library_copy(stage)
    _check_receipt(stage, library, [library.paper, papers.bibliography])

    documents = outbound(hosted)
    request = deposit_request(
        xa.client.head(hosted.message_id),
        hosted.application,
        {"hosting": "bureau", "codeIssuer": "office"},
        [document.listed() for document in documents],
    )
    size = hosted.paper.stat().st_size
    with line.call(
        xa.system, xa.gateway, f"DepositPriorityDocument, SOAP 1.2, {size / (1 << 20):.1f} MiB as an MTOM part"
    ):
        told = await SoapSystem(xa.profile).ask("DepositPriorityDocument", request, documents)
    hosted.deposit, hosted.receipt = told["ExchangeId"], b64decode(told["Receipt"])
    _check_receipt(stage, hosted, [hosted.paper])


async def deposit_library_copy(stage: Stage) -> tuple[str, bytes]:
    """Send the first document, the same message each time; gives exchange id and receipt."""
    line, xa, papers = stage.timeline, stage.xa, stage.papers
    affair = papers.library.sent = papers.library.sent or replace(papers.library)
    size = affair.paper.stat().st_size + papers.bibliography.stat().st_size
    if size > _INLINE:
        documents = outbound(affair, papers.bibliography)
        request = deposit_request(
            xa.client.head(affair.message_id),
            affair.application,
            {"hosting": "office", "codeIssuer": "office"},
            [document.listed() for document in documents],
        )
        with line.call(xa.system, xa.gateway, "DepositPriorityDocument, SOAP 1.2, 2 documents as MTOM parts"):
            told = await SoapSystem(xa.profile).ask("DepositPriorityDocument", request, documents)
        return told["ExchangeId"], b64decode(told["Receipt"])
    message = ZeepDeposit(
        document=affair.paper,
        bibliography=papers.bibliography,
        number=affair.number,
        filed=affair.filed,
        certified_on=affair.certified_on,
        hosting="office",
        code_issuer="office",
        message_id=affair.message_id,
    )
    with line.call(xa.system, xa.gateway, "DepositPriorityDocument, SOAP 1.1 by zeep, 2 documents inline"):
        return await deposit_by_zeep(xa.profile, message)


def outbound(affair: Affair, bibliography: Path | None = None) -> Sequence[Outbound]:
    """The lines of a document's package."""
    certification = {
        "certifiedBy": affair.office,
        "form": "digitally-signed",
        "certifiedOn": affair.certified_on,
        "filingDateCertified": True,
    }
    documents = [
        Outbound(
            content_id="certified-copy",
            path=affair.paper,
            role="certified-copy",
            media_type="application/pdf",
            certification=certification,
        )
    ]
    if bibliography is not None:
        documents.append(
            Outbound(content_id="bibliography", path=bibliography, role="bibliography", media_type="application/xml")
        )
    return documents


def _check_receipt(stage: Stage, affair: Affair, papers: Sequence[Path]) -> None:
    receipt = read_signed(affair.receipt, stage.xa.profile)
    line = stage.timeline
    line.check(
        text_in(receipt, "MessageId") == affair.message_id, "the receipt is signed by gateway XA, for this message"
    )
    wanted = {sha256_of(path) for path in papers}
    line.check(signed_digests(receipt) == wanted, "it says that it holds these bytes: SHA-256 of each document")
    line.check(text_in(receipt, "State") == "held", "and that they are held")
