"""The WSDL: zeep loads it and calls it naturally, in both versions, and reads our answers and faults."""

import hashlib
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import zeep
from zeep.exceptions import Fault
from zeep.transports import Transport

from gateway.core.reason import Reason, Refused
from gateway.wire import replies, schema, xml
from gateway.wire.media import read_soap_media
from gateway.wire.operations import Operation
from gateway.wire.soap_envelope import SoapVersion, operation_in, read_envelope
from gateway.wire.soap_render import fault_status, render_envelope, render_fault
from gateway.wire.soap_replies import render_reply
from gateway.wire.soap_requests import read_request
from gateway.wire.soap_wsdl import read_wsdl_catalog, render_wsdl

WSDL = Path(__file__).parents[3] / "wsdl"
ADDRESS = "https://gateway.xa.example/soap/exchange"
AN_ID = "01920000-0000-7000-8000-000000000001"
PORTS = {"ExchangeSoap11": SoapVersion.V11, "ExchangeSoap12": SoapVersion.V12}

APPLICATION = {
    "OfficeCode": "XA",
    "Right": "patent",
    "Number": "XA 2026/000017",
    "FilingDate": date(2026, 2, 28),
}
DOCUMENTS = {
    "Document": [
        {
            "ContentId": "copy@xa",
            "Size": 3,
            "Sha256": hashlib.sha256(b"ABC").hexdigest(),
            "Role": "certified-copy",
            "MediaType": "application/pdf",
            "Language": "en",
            "Certification": {
                "CertifiedBy": "XA",
                "Form": "digitally-signed",
                "CertifiedOn": date(2026, 3, 2),
                "FilingDateCertified": True,
            },
            "Content": b"ABC",
        },
        {
            "ContentId": "bib@xa",
            "Size": 70_000,
            "Sha256": "0" * 64,
            "Role": "bibliography",
            "MediaType": "application/xml",
        },
    ]
}
CALLS = {
    "DepositPriorityDocument": {
        "Application": APPLICATION,
        "Registration": {"Hosting": "office", "CodeIssuer": "office", "ApplicantEmail": "applicant@example.org"},
        "PublicationState": "published",
        "Documents": DOCUMENTS,
    },
    "ReleaseDocument": {
        "ExchangeId": AN_ID,
        "Decisions": {
            "Decision": [
                {
                    "Condition": "applicant-request",
                    "Outcome": "given",
                    "By": "A. Clerk",
                    "Basis": "Form 17, box 3",
                    "DecidedAt": datetime(2026, 3, 2, 1, tzinfo=UTC),
                },
                {
                    "Condition": "fee",
                    "Outcome": "not-due",
                    "By": "fee rule",
                    "Basis": "Paris Convention 4D(3)",
                    "DecidedAt": datetime(2026, 3, 2, 1, 0, 0, 250_000, tzinfo=UTC),
                },
            ]
        },
    },
    "CorrectRegistration": {
        "ExchangeId": AN_ID,
        "FilingDate": date(2026, 2, 27),
        "Explanation": "The date of receipt was misread.",
    },
    "ReplaceDocument": {"ExchangeId": AN_ID, "Explanation": "Page 3 was missing.", "Documents": DOCUMENTS},
    "WithdrawPriorityDocument": {
        "ExchangeId": AN_ID,
        "Cause": "wrong-document",
        "Explanation": "Copy of another application.",
    },
    "RequestPriorityDocument": {
        "Application": APPLICATION,
        "AccessCode": "A2B4",
        "HoldingOffice": "XC",
        "OwnApplication": {"Number": "XB 77", "FilingDate": date(2026, 11, 1)},
    },
    "GetExchangeStatus": {"ExchangeId": AN_ID},
    "PollExchanges": {"Limit": 20},
    "FetchPackage": {"ExchangeId": AN_ID, "Version": 2},
    "ConfirmExchange": {"NotificationId": AN_ID},
}
HEADER = {"MessageId": "xa-2026-000017", "Sender": "XA", "Receiver": "XA"}


class Answer:
    """What zeep wants of an HTTP answer."""

    encoding = "utf-8"

    def __init__(self, content: bytes, status: int, media_type: str) -> None:
        self.content = content
        self.status_code = status
        self.headers = {"Content-Type": f"{media_type}; charset=utf-8"}


class Door(Transport):
    """Serves the WSDL at its address and answers each call from our reader and renderer."""

    def __init__(self, reply) -> None:
        super().__init__()
        self.reply = reply
        self.request = None

    def load(self, url: str) -> bytes:
        assert url == f"{ADDRESS}?wsdl"
        return render_wsdl(ADDRESS)

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Answer:
        assert address == ADDRESS
        media = read_soap_media(headers["Content-Type"], headers.get("SOAPAction"))
        envelope = read_envelope(xml.parse(message), media)
        self.request = read_request(operation_in(envelope.body))
        if isinstance(self.reply, Refused):
            status = fault_status(envelope.version, self.reply.reason)
            return Answer(render_fault(envelope.version, self.reply, AN_ID), status, envelope.version.media_type)
        content = render_envelope(envelope.version, render_reply(envelope.operation, self.reply))
        return Answer(content, 200, envelope.version.media_type)

    def post_xml(self, address: str, envelope, headers: dict[str, str]) -> Answer:
        return self.post(address, xml.etree.tostring(envelope), headers)


@pytest.fixture(scope="module")
def door() -> Door:
    return Door(None)


@pytest.fixture(scope="module")
def client(door: Door) -> zeep.Client:
    return zeep.Client(f"{ADDRESS}?wsdl", transport=door)


@pytest.fixture
def reply(view):
    """A reply for each operation."""

    def make(operation: str):
        match operation:
            case "GetExchangeStatus":
                return replies.status_of(view)
            case "PollExchanges":
                return replies.Notifications(notifications=())
            case "FetchPackage":
                document = replies.package_document(view.documents[0], b"ABC")
                return replies.Package(exchange_id=AN_ID, version=1, documents=(document,))
        return replies.Written(exchange_id=AN_ID, state="held", receipt=b"<Receipt/>")

    return make


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("operation", CALLS)
def test_zeep_calls_every_operation(client, door, reply, requests_of_the_core, port: str, operation: str) -> None:
    door.reply = reply(operation)
    service = client.bind("ExchangeService", port)
    answer = service[operation](Header=HEADER, **CALLS[operation])
    assert door.request == requests_of_the_core[operation]
    if isinstance(door.reply, replies.Written):
        assert (answer.ExchangeId, answer.State, answer.Receipt) == (AN_ID, "held", b"<Receipt/>")


def test_zeep_reads_what_it_is_told(client, door, reply, view) -> None:
    service = client.bind("ExchangeService", "ExchangeSoap11")
    door.reply = reply("GetExchangeStatus")
    status = service.GetExchangeStatus(Header=HEADER, ExchangeId=AN_ID)
    assert (status.State, status.OnHold, status.Application.Number) == ("placed", False, "<&>\r 1")
    assert status.Facts.Fact[0].Value == "R & D"
    assert status.Transmissions.Transmission[0].Reason.Code == "5001"
    assert status.Documents.Document[0].Certification.CertifiedOn == date(2026, 3, 2)
    door.reply = reply("FetchPackage")
    package = service.FetchPackage(Header=HEADER, ExchangeId=AN_ID)
    assert package.Documents.Document[0].Content == b"ABC"
    door.reply = reply("PollExchanges")
    assert not service.PollExchanges(Header=HEADER)


@pytest.mark.parametrize("port", PORTS)
def test_zeep_reads_faults(client, door, port: str) -> None:
    door.reply = Refused(Reason.EXCHANGE_UNKNOWN, "/ExchangeId")
    with pytest.raises(Fault) as caught:
        client.bind("ExchangeService", port).GetExchangeStatus(Header=HEADER, ExchangeId=AN_ID)
    assert caught.value.message == Reason.EXCHANGE_UNKNOWN.text
    told = client.wsdl.types.get_element("{urn:pouch:exchange:1}PouchFault").parse(
        caught.value.detail.find("{*}PouchFault"), client.wsdl.types
    )
    assert (told.Code, told.Place, told.ExchangeId) == (Reason.EXCHANGE_UNKNOWN.code, "/ExchangeId", AN_ID)


def test_served_file_is_whole_and_names_nothing_outside() -> None:
    text = render_wsdl(ADDRESS).decode()
    assert text.count(f'location="{ADDRESS}"') == 2
    assert "localhost" not in text
    assert not re.search(r"schemaLocation|<xs:import|<xs:include|<wsdl:import", text)
    assert render_wsdl('https://other.example/"<&').decode().count("other.example/&quot;&lt;&amp;") == 2


def test_file_on_disk_loads_by_itself() -> None:
    assert zeep.Client(str(WSDL / "exchange.wsdl")).service.GetExchangeStatus is not None


def test_catalogue_names_every_file_with_its_digest() -> None:
    rows = read_wsdl_catalog()
    files = {path.relative_to(WSDL).as_posix() for kind in ("*.wsdl", "*.xsd") for path in WSDL.rglob(kind)}
    assert set(rows) == files
    for name, row in rows.items():
        assert hashlib.sha256((WSDL / name).read_bytes()).hexdigest() == row["sha256"], name


def test_wsdl_has_each_operation_with_its_action_in_both_versions() -> None:
    root = xml.parse((WSDL / "exchange.wsdl").read_bytes())
    for binding in root.iterfind("{*}binding"):
        actions = {
            operation.get("name"): operation[0].get("soapAction") for operation in binding.iterfind("{*}operation")
        }
        assert actions == {operation.value: operation.action for operation in Operation}
    faults = root.findall("{*}portType/{*}operation/{*}fault")
    assert len(faults) == len(Operation)


def test_types_are_valid_for_xmlschema_too(requests_as_xml) -> None:
    for text in requests_as_xml.values():
        assert list(schema.explain(xml.parse(text), schema.EXCHANGE)) == []
