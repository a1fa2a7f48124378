"""Requests: every field of every operation arrives in the core, and what the schema cannot judge is refused."""

import re

import pytest

from gateway.core.document import Publication
from gateway.core.reason import Reason, Refused
from gateway.core.request import Hosting, Issuer
from gateway.wire import xml
from gateway.wire.operations import Operation
from gateway.wire.soap_requests import FINER, read_request


@pytest.mark.parametrize("operation", [operation.value for operation in Operation])
def test_complete_request(operation: str, requests_as_xml, requests_of_the_core) -> None:
    assert read_request(xml.parse(requests_as_xml[operation])) == requests_of_the_core[operation]


@pytest.fixture
def change(requests_as_xml):
    """Read a complete request with one text of it replaced, by a regular expression."""

    def read(operation: str, pattern: str, new: str):
        text = requests_as_xml[operation].decode()
        changed = re.sub(pattern, new, text, count=1, flags=re.DOTALL)
        assert changed != text
        return read_request(xml.parse(changed.encode()))

    return read


def test_least_deposit(change) -> None:
    deposit = change("DepositPriorityDocument", "<Registration>.*</PublicationState>", "")
    assert (deposit.hosting, deposit.code_issuer) == (Hosting.BUREAU, Issuer.BUREAU)
    assert (deposit.applicant_email, deposit.publication) == (None, Publication.UNPUBLISHED)
    document = change("DepositPriorityDocument", "<Language>.*</Content>", "").documents[0]
    assert (document.language, document.certification, document.content) == (None, None, None)


def test_least_of_the_others(change) -> None:
    retrieval = change("RequestPriorityDocument", "<HoldingOffice>.*</OwnApplication>", "")
    assert (retrieval.holding_office, retrieval.own_number, retrieval.own_filing_date) == (None, None, None)
    retrieval = change("RequestPriorityDocument", "<FilingDate>2026-11-01</FilingDate>", "")
    assert (retrieval.own_number, retrieval.own_filing_date) == ("XB 77", None)
    assert change("WithdrawPriorityDocument", "<Explanation>.*</Explanation>", "").explanation is None
    assert change("PollExchanges", "<Limit>.*</Limit>", "").limit == 50
    assert change("FetchPackage", "<Version>.*</Version>", "").version is None


def test_white_space_is_part_of_texts_and_not_of_dates_and_numbers(change) -> None:
    assert change("CorrectRegistration", "The date", "  The date").explanation.startswith("  The")
    assert change("DepositPriorityDocument", "XA 2026/000017", "XA  2026/000017 ").application.number[-1] == " "
    assert change("CorrectRegistration", ">2026-02-27<", ">\n 2026-02-27 <").filing_date.day == 27
    assert change("FetchPackage", ">2<", "> 2\t<").version == 2


@pytest.mark.parametrize(("written", "expected"), [("1", True), (" true ", True), ("false", False), ("0", False)])
def test_booleans(change, written: str, expected: bool) -> None:
    deposit = change("DepositPriorityDocument", ">true<", f">{written}<")
    assert deposit.documents[0].certification.filing_date_certified is expected


@pytest.mark.parametrize(
    ("operation", "pattern", "new", "reason", "place"),
    [
        ("DepositPriorityDocument", ">XA</Office", ">xa</Office", Reason.OFFICE_UNKNOWN, "Application/OfficeCode"),
        ("DepositPriorityDocument", ">XA</Sender", ">XAA</Sender", Reason.OFFICE_UNKNOWN, "Header/Sender"),
        ("DepositPriorityDocument", ">XA</Rec", "></Rec", Reason.OFFICE_UNKNOWN, "Header/Receiver"),
        ("DepositPriorityDocument", "XA 2026/0", "1" * 64, Reason.NUMBER_MALFORMED, "Application/Number"),
        ("DepositPriorityDocument", "2026-02-28", "2026-02-29", Reason.DATE_MALFORMED, "Application/FilingDate"),
        ("DepositPriorityDocument", "2026-02-28", "0000-01-01", Reason.DATE_MALFORMED, "Application/FilingDate"),
        (
            "DepositPriorityDocument",
            "2026-03-02",
            "2.3.2026",
            Reason.DATE_MALFORMED,
            "Documents/Document[1]/Certification/CertifiedOn",
        ),
        (
            "DepositPriorityDocument",
            "<CertifiedBy>XA",
            "<CertifiedBy>?",
            Reason.OFFICE_UNKNOWN,
            "Documents/Document[1]/Certification/CertifiedBy",
        ),
        ("RequestPriorityDocument", "A2B4", "A2B", Reason.ACCESS_CODE_MALFORMED, "AccessCode"),
        ("RequestPriorityDocument", "A2B4", "A2-4", Reason.ACCESS_CODE_MALFORMED, "AccessCode"),
        ("RequestPriorityDocument", "XC", "X", Reason.OFFICE_UNKNOWN, "HoldingOffice"),
        ("ReleaseDocument", "10:00:00", "24:00:00", Reason.SCHEMA_VIOLATION, "Decisions/Decision[1]/DecidedAt"),
        ("ReleaseDocument", r"\+09:00", "", Reason.SCHEMA_VIOLATION, "Decisions/Decision[1]/DecidedAt"),
        (
            "ReleaseDocument",
            "2026-03-02T10",
            "0001-01-01T01",
            Reason.SCHEMA_VIOLATION,
            "Decisions/Decision[1]/DecidedAt",
        ),
        ("ReleaseDocument", "A. Clerk", "A.<!-- x --> Clerk", Reason.SCHEMA_VIOLATION, "Decisions/Decision[1]/By"),
        ("WithdrawPriorityDocument", "wrong-document", "bored", Reason.SCHEMA_VIOLATION, "Cause"),
        ("PollExchanges", ">20<", ">101<", Reason.SCHEMA_VIOLATION, "Limit"),
        ("FetchPackage", ">2<", ">0<", Reason.SCHEMA_VIOLATION, "Version"),
        ("ConfirmExchange", "8000-", "8000", Reason.SCHEMA_VIOLATION, "NotificationId"),
        ("CorrectRegistration", "The date.*misread.", "x" * 501, Reason.SCHEMA_VIOLATION, "Explanation"),
    ],
)
def test_bad_values_have_their_reason_and_place(change, operation, pattern, new, reason, place) -> None:
    with pytest.raises(Refused) as caught:
        change(operation, pattern, new)
    assert (caught.value.reason, caught.value.place) == (reason, f"/{operation}/{place}")


def test_wrong_code_is_in_no_text(change) -> None:
    with pytest.raises(Refused) as caught:
        change("RequestPriorityDocument", "A2B4", "Z9Y8X")
    assert "Z9Y8X" not in f"{caught.value!r} {caught.value} {caught.value.place}"


def test_answers_are_no_requests() -> None:
    with pytest.raises(Refused) as caught:
        read_request(xml.parse(b'<GetExchangeStatus xmlns="urn:pouch:exchange:2"/>'))
    assert caught.value.reason is Reason.WRONG_NAMESPACE
    fault = b'<PouchFault xmlns="urn:pouch:exchange:1"><Code>1</Code><Reason>x</Reason><Remedy>y</Remedy></PouchFault>'
    with pytest.raises(Refused) as caught:
        read_request(xml.parse(fault))
    assert caught.value.reason is Reason.WRONG_NAMESPACE


def test_finer_reasons_are_about_elements_that_exist(requests_as_xml) -> None:
    named = {xml.local_name(element) for text in requests_as_xml.values() for element in xml.parse(text).iter()}
    assert set(FINER) <= named
