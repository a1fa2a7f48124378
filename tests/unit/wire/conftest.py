"""What the tests of the wire share: one complete request for each operation, as XML and as the core has it."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.core.document import (
    Certification,
    CertificationForm,
    Document,
    DocumentKind,
    ListedDocument,
    Publication,
    Role,
    Stored,
)
from gateway.core.exchange import Exchange, Fact, FactName, Party, State
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.release import Condition, Decision, Outcome
from gateway.core.request import (
    Cause,
    Confirmation,
    Correction,
    Deposit,
    Head,
    Hosting,
    Issuer,
    Read,
    ReadKind,
    Release,
    Replacement,
    Retrieval,
    Withdrawal,
)
from gateway.core.secret import Secret
from gateway.core.transmission import Leg, Task
from gateway.core.view import ExchangeView, TransmissionView

sys.path.append(str(Path(__file__).parents[1] / "core"))  # bibliography_samples.py

GOLDEN = Path(__file__).parents[2] / "golden" / "wire"
AN_ID = "01920000-0000-7000-8000-000000000001"

HEAD = Head(message_id="xa-2026-000017", sender=OfficeCode("XA"), hosted=OfficeCode("XA"))
APPLICATION = Application(
    office=OfficeCode("XA"),
    right=Right.PATENT,
    number="XA 2026/000017",
    normal="XA 2026/000017",
    filing_date=date(2026, 2, 28),
)
DOCUMENTS = (
    ListedDocument(
        content_id="copy@xa",
        size=3,
        sha256=bytes.fromhex("b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78"),
        role=Role.CERTIFIED_COPY,
        media_type="application/pdf",
        language="en",
        certification=Certification(
            certified_by=OfficeCode("XA"),
            form=CertificationForm.DIGITALLY_SIGNED,
            certified_on=date(2026, 3, 2),
            filing_date_certified=True,
        ),
        content=b"ABC",
    ),
    ListedDocument(
        content_id="bib@xa", size=70_000, sha256=bytes(32), role=Role.BIBLIOGRAPHY, media_type="application/xml"
    ),
)
REQUESTS = {
    "DepositPriorityDocument": Deposit(
        head=HEAD,
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=APPLICATION,
        documents=DOCUMENTS,
        hosting=Hosting.OFFICE,
        code_issuer=Issuer.OFFICE,
        applicant_email="applicant@example.org",
        publication=Publication.PUBLISHED,
    ),
    "ReleaseDocument": Release(
        head=HEAD,
        exchange_id=AN_ID,
        decisions=(
            Decision(
                condition=Condition.APPLICANT_REQUEST,
                outcome=Outcome.GIVEN,
                by="A. Clerk",
                basis="Form 17, box 3",
                decided_at=datetime(2026, 3, 2, 1, tzinfo=UTC),
            ),
            Decision(
                condition=Condition.FEE,
                outcome=Outcome.NOT_DUE,
                by="fee rule",
                basis="Paris Convention 4D(3)",
                decided_at=datetime(2026, 3, 2, 1, 0, 0, 250_000, tzinfo=UTC),
            ),
        ),
    ),
    "CorrectRegistration": Correction(
        head=HEAD,
        exchange_id=AN_ID,
        filing_date=date(2026, 2, 27),
        explanation="The date of receipt was misread.",
    ),
    "ReplaceDocument": Replacement(
        head=HEAD, exchange_id=AN_ID, explanation="Page 3 was missing.", documents=DOCUMENTS
    ),
    "WithdrawPriorityDocument": Withdrawal(
        head=HEAD, exchange_id=AN_ID, cause=Cause.WRONG_DOCUMENT, explanation="Copy of another application."
    ),
    "RequestPriorityDocument": Retrieval(
        head=HEAD,
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=APPLICATION,
        access_code=Secret("A2B4"),
        holding_office=OfficeCode("XC"),
        own_number="XB 77",
        own_filing_date=date(2026, 11, 1),
    ),
    "GetExchangeStatus": Read(head=HEAD, kind=ReadKind.STATUS, exchange_id=AN_ID),
    "PollExchanges": Read(head=HEAD, kind=ReadKind.POLL, limit=20),
    "FetchPackage": Read(head=HEAD, kind=ReadKind.FETCH, exchange_id=AN_ID, version=2),
    "ConfirmExchange": Confirmation(head=HEAD, notification_id=AN_ID),
}


@pytest.fixture(scope="session")
def requests_of_the_core() -> dict[str, object]:
    """{operation: request}, every optional value given."""
    return REQUESTS


@pytest.fixture(scope="session")
def requests_as_xml() -> dict[str, bytes]:
    """{operation: element}, saying the same as `requests_of_the_core`."""
    return {name: (GOLDEN / "requests" / f"{name}.xml").read_bytes() for name in REQUESTS}


@pytest.fixture(scope="session")
def view() -> ExchangeView:
    """An exchange with one of everything, full of what must be escaped."""
    at = datetime(2026, 3, 2, 1, 0, 0, 5, tzinfo=UTC)
    legs = [
        Leg(
            counterpart=OfficeCode("IB"),
            adapter="das",
            task=task,
            version=1,
            agreement="xa-das",
            due_at=at,
            progress={"acknowledgement": "A<1>", "step": "released"},
        )
        for task in (Task.PLACE, Task.HAND_OVER)
    ]
    return ExchangeView(
        exchange=Exchange(
            exchange_id=AN_ID,
            hosted=OfficeCode("XA"),
            party=Party.DEPOSITING,
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=replace(APPLICATION, number="<&>\r 1"),
            state=State.PLACED,
            version=2,
            revision=7,
            on_hold=False,
            publication=Publication.UNPUBLISHED,
            terms={},
            created_at=at,
        ),
        decisions=REQUESTS["ReleaseDocument"].decisions,
        facts=(
            Fact(name=FactName.REGISTERED, at=at, value="R & D"),
            Fact(name=FactName.TAKEN_BY_COUNTERPART, at=at),
        ),
        documents=tuple(
            Document(
                listed=listed,
                version=version,
                stored=Stored(document_id=AN_ID, wrapped_key=b"key", inline=b"sealed", address=None),
            )
            for version, listed in enumerate(DOCUMENTS, 1)
        ),
        transmissions=(
            TransmissionView(transmission_id=AN_ID, leg=legs[0], state="ready", attempts=3, reason="5001"),
            TransmissionView(transmission_id=AN_ID, leg=legs[1], state="done", attempts=1, reason=None),
        ),
    )


@pytest.fixture(scope="session")
def requests_as_json() -> dict[str, bytes]:
    """{operation: body}, saying the same as `requests_of_the_core`, and the two that only REST has."""
    return {path.stem: path.read_bytes() for path in (GOLDEN / "requests").glob("*.json")}
