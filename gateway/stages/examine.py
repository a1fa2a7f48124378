"""Examine: each document of a deposit or replacement is looked into before it is recorded, and each that was obtained.

Rules: errors turn away with their findings in the answer; what is kept is a fact of the exchange, and so in its status.
What a counterpart gave is never turned away: it is what that office certified, and its faults are told.
Values of a document stand in the findings that go to its sender, never in a fact.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Final

from gateway.core.document import Document, Role
from gateway.core.exchange import Fact, FactName
from gateway.core.finding import Report
from gateway.core.office import Application
from gateway.core.reason import Refused
from gateway.core.request import Deposit, Replacement, Request
from gateway.packages.turning import kept, reason_of, turned_away_by
from gateway.stages.line import Line

__all__ = ["examine", "facts_of", "look_into"]

#: Codes a fact names; a package with more kinds of faults is described well enough by these.
_TOLD: Final = 10


async def examine(documents: Iterable[Document], request: Request, line: Line) -> tuple[Report, ...]:
    """Give a report for each document; Refused with the Reason of the first error, and with all findings.

    Nothing is examined where the line has no examiner.
    """
    if line.examiner is None:
        return ()
    application = request.application if isinstance(request, Deposit) else None
    listed = request.documents if isinstance(request, Deposit | Replacement) else ()
    inline = {each.content_id: each.content for each in listed if each.content is not None}
    reports = []
    for document in documents:
        held = inline.get(document.listed.content_id)  # what came inside the message need not be unsealed
        content = line.documents.read(document) if held is None else _one(held)
        report = await line.examiner.examine(document.listed, application, content)
        errors = turned_away_by(report, refuses_unreadable=line.examiner.refuses_unreadable)
        if errors:
            others = tuple(each for each in kept(report) if each not in errors)
            raise Refused(reason_of(errors[0]), document.listed.content_id, findings=errors + others)
        reports.append(report)
    return tuple(reports)


async def look_into(documents: Iterable[Document], application: Application, line: Line) -> tuple[Report, ...]:
    """Give a report for each document that came from a counterpart, but for what the counterpart says of itself."""
    if line.examiner is None:
        return ()
    return tuple(
        [
            await line.examiner.examine(document.listed, application, line.documents.read(document))
            for document in documents
            if document.listed.role is not Role.REGISTRATION_CERTIFICATE
        ]
    )


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content


def facts_of(reports: Iterable[Report], at: datetime) -> tuple[Fact, ...]:
    """What is to be known of documents that were taken: codes of their findings, verdicts of their own signatures."""
    facts = []
    for report in reports:
        codes = list(dict.fromkeys(each.code.code for each in kept(report)))
        if codes:
            value = f"{report.name}: {' '.join(codes[:_TOLD])}"
            facts.append(Fact(name=FactName.FINDINGS, at=at, value=value))
        if report.certification is not None:
            seal = report.certification
            words = [seal.judgement.value, *([seal.sub_indication] if seal.sub_indication else [])]
            facts.append(Fact(name=FactName.CERTIFICATION_VERDICT, at=at, value=f"{report.name}: {' '.join(words)}"))
    return tuple(facts)
