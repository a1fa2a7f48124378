"""What the contract's errands are about: document `number` of the office XC, made by its number alone."""

import hashlib
from datetime import UTC, date, datetime

from gateway.core.document import DocumentKind, ListedDocument, Role
from gateway.core.errand import Cargo, CargoDocument
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.release import Condition, Decision, Outcome, decide
from gateway.core.request import Hosting
from gateway.core.secret import Secret

CODE = "7QX1"
DATE = date(2026, 2, 3)


def document_number(number):
    return f"XC 2026/{number:06d}"


def content_of(number, what="copy"):
    return f"%PDF-1.7 {what} {number}".encode()


def application_of(number, filed=DATE):
    text = document_number(number)
    return Application(office=OfficeCode("XC"), right=Right.PATENT, number=text, normal=text, filing_date=filed)


def cargo_of(number, *, what="copy", hosting=Hosting.BUREAU, filed=DATE):
    """A released cargo with one certified copy."""
    content = content_of(number, what)

    async def pieces():
        yield content

    listed = ListedDocument(
        content_id="copy",
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        role=Role.CERTIFIED_COPY,
        media_type="application/pdf",
    )
    cargo = Cargo(
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=application_of(number, filed),
        documents=(CargoDocument(listed=listed, open=pieces),),
        version=1,
        hosting=hosting,
        access_code=Secret(CODE),
        applicant_email=None,
        received_at=datetime.now(UTC),
    )
    given = [
        Decision(condition=condition, outcome=Outcome.GIVEN, by="XC", basis="form", decided_at=cargo.received_at)
        for condition in Condition
    ]
    return decide(cargo, given, on_hold=False)
