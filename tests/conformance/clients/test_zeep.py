"""zeep, from the WSDL and the signing class of docs/ alone: all ten operations, on the ports of both SOAP versions."""

import itertools
import sys
import time
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
import requests
import zeep
from documented_gateway import EXAMPLES
from lxml import etree

sys.path.append(str(EXAMPLES))

from zeep_signing import GatewaySignature

CONDITIONS = ("applicant-request", "formalities", "secrecy", "fee")
OPERATIONS = {
    "DepositPriorityDocument",
    "ReleaseDocument",
    "CorrectRegistration",
    "ReplaceDocument",
    "WithdrawPriorityDocument",
    "RequestPriorityDocument",
    "GetExchangeStatus",
    "PollExchanges",
    "FetchPackage",
    "ConfirmExchange",
}
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

_numbers = itertools.count(1)


class Port:
    """One port of the service: calls by keyword, with a header of their own; keeps the last answer as it came."""

    def __init__(self, documented, name):
        keys = documented.keys
        pems = [(keys / file).read_bytes() for file in ("system.key", "system.pem", "signing.pem")]
        session = requests.Session()
        session.verify, session.trust_env = str(keys / "ca.pem"), False
        self.signature = GatewaySignature(*pems)
        self.answers = zeep.plugins.HistoryPlugin()
        client = zeep.Client(
            f"{documented.url}/soap/exchange?wsdl",
            wsse=self.signature,
            transport=zeep.Transport(session=session),
            plugins=[self.answers],
        )
        self.session = session
        self.client = client
        self.service = client.bind("ExchangeService", name)
        self.name = name

    def call(self, operation, message_id=None, **fields):
        name = message_id or f"zeep-{self.name}-{next(_numbers)}"
        return self.service[operation](Header={"MessageId": name, "Sender": "XA", "Receiver": "XA"}, **fields)

    def waiting(self):
        """The notifications that wait; zeep takes off wrappers that have one child, and gives None for none."""
        return self.call("PollExchanges", Limit=100) or []

    def notifications(self, exchange, event):
        """Poll until an event of an exchange is there, for a minute at most."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for each in self.waiting():
                if (each.ExchangeId, each.Event) == (exchange, event):
                    return each
            time.sleep(0.1)
        raise AssertionError(f"{event} did not come")


@pytest.fixture(scope="module", params=["ExchangeSoap11", "ExchangeSoap12"])
def port(documented, request):
    port = Port(documented, request.param)
    yield port
    port.session.close()


def listed(content, content_id="copy"):
    certification = {
        "CertifiedBy": "XA",
        "Form": "sealed",
        "CertifiedOn": date(2026, 3, 2),
        "FilingDateCertified": True,
    }
    return {
        "ContentId": content_id,
        "Size": len(content),
        "Sha256": sha256(content).hexdigest(),
        "Role": "certified-copy",
        "MediaType": "application/pdf",
        "Certification": certification,
        "Content": content,
    }


def application(number):
    return {"OfficeCode": "XA", "Right": "patent", "Number": number, "FilingDate": date(2026, 2, 27)}


def code_of(refused):
    return refused.value.detail.findtext(".//{urn:pouch:exchange:1}Code")


def number_for(port, place):
    return f"2026/{20 + int(port.name[-1])}{place:04}"


@pytest.fixture(scope="module")
def held(port):
    """A deposit's fields, its message id, and its receipt."""
    fields = {
        "Application": application(number_for(port, 1)),
        "Registration": {"Hosting": "bureau", "CodeIssuer": "bureau", "ApplicantEmail": "applicant@example.org"},
        "PublicationState": "unpublished",
        "Documents": {"Document": [listed(b"%PDF-1.7 " + port.name.encode())]},
    }
    message_id = f"zeep-{port.name}-deposit"
    return fields, message_id, port.call("DepositPriorityDocument", message_id, **fields)


@pytest.fixture(scope="module")
def placed(port, held):
    """The id of an exchange that was released and is registered with the Bureau."""
    exchange = held[2].ExchangeId
    decisions = [
        {"Condition": each, "Outcome": "given", "By": "M. Clerk", "Basis": "form 12", "DecidedAt": datetime.now(UTC)}
        for each in CONDITIONS
    ]
    port.call("ReleaseDocument", ExchangeId=exchange, Decisions={"Decision": decisions})
    port.notifications(exchange, "placed")
    return exchange


def test_the_contract_has_these_operations_and_no_other(port):
    assert set(port.service._operations) == OPERATIONS


def test_the_port_speaks_its_version(port, held):
    namespace = etree.QName(port.answers.last_received["envelope"]).namespace
    assert (namespace == SOAP12) == (port.name == "ExchangeSoap12")


def test_a_deposit_is_held_and_its_repeat_gets_the_same_receipt(port, held):
    fields, message_id, receipt = held
    assert receipt.State == "held"
    assert sha256(b"%PDF-1.7 " + port.name.encode()).hexdigest().encode() in receipt.Receipt
    assert port.call("DepositPriorityDocument", message_id, **fields).Receipt == receipt.Receipt


def test_the_status_tells_decisions_facts_and_transmissions(port, placed):
    status = port.call("GetExchangeStatus", ExchangeId=placed)
    assert (status.Kind, status.Role, status.State, status.OnHold) == (
        "priority-document",
        "depositing",
        "placed",
        False,
    )
    assert {each.Condition for each in status.ReleaseDecisions.Decision} == set(CONDITIONS)
    assert "registered" in {each.Name for each in status.Facts.Fact}
    assert ("IB", "place", "done") in {(e.Counterpart, e.Task, e.State) for e in status.Transmissions.Transmission}


def test_a_notification_comes_until_it_is_confirmed(port, placed):
    notification = port.notifications(placed, "released")
    assert notification.NotificationId.encode() in notification.Content
    receipt = port.call("ConfirmExchange", NotificationId=notification.NotificationId)
    assert receipt.ExchangeId == placed
    assert notification.NotificationId not in {each.NotificationId for each in port.waiting()}


def test_correction_and_replacement_make_versions_and_the_package_has_the_bytes(port, placed):
    corrected = port.call(
        "CorrectRegistration", ExchangeId=placed, FilingDate=date(2026, 2, 26), Explanation="a slip of the pen"
    )
    assert corrected.State == "placed"
    better = b"%PDF-1.7 a better copy " + port.name.encode()
    port.call(
        "ReplaceDocument",
        ExchangeId=placed,
        Explanation="page 7 was missing",
        Documents={"Document": [listed(better, "better")]},
    )
    package = port.call("FetchPackage", ExchangeId=placed)
    assert package.Version == 3 and package.AccessCode is None
    assert [each.Content for each in package.Documents.Document] == [better]
    former = port.call("FetchPackage", ExchangeId=placed, Version=1)
    assert former.Documents.Document[0].ContentId == "copy"


def test_a_registration_is_taken_back(port):
    copy = {"Document": [listed(b"%PDF-1.7 in error " + port.name.encode())]}
    exchange = port.call(
        "DepositPriorityDocument", Application=application(number_for(port, 2)), Documents=copy
    ).ExchangeId
    withdrawn = port.call("WithdrawPriorityDocument", ExchangeId=exchange, Cause="registered-in-error")
    assert (withdrawn.ExchangeId, withdrawn.State) == (exchange, "withdrawn")


def test_another_offices_document_is_asked_for(port):
    asked = port.call(
        "RequestPriorityDocument",
        Application=application("2026/000001") | {"OfficeCode": "XB"},
        AccessCode="A1b2",
        HoldingOffice="XC",
        OwnApplication={"Number": "XA/P/2026/1", "FilingDate": date(2026, 10, 1)},
    )
    assert asked.State == "requested"
    assert port.call("GetExchangeStatus", ExchangeId=asked.ExchangeId).Role == "accessing"


def test_a_refusal_is_a_signed_fault_with_code_and_place(port, held):
    fields, message_id, _ = held
    with pytest.raises(zeep.exceptions.Fault) as refused:
        port.call("DepositPriorityDocument", message_id, **fields | {"Application": application("2026/099999")})
    assert code_of(refused) == "4001"
    wrong = fields | {"Documents": {"Document": [listed(b"%PDF-1.7 x") | {"Size": 11}]}}
    with pytest.raises(zeep.exceptions.Fault) as refused:
        port.call("DepositPriorityDocument", **wrong)
    assert code_of(refused) == "3012"
    assert refused.value.detail.findtext(".//{urn:pouch:exchange:1}Remedy")


def test_four_mebibytes_come_inline_and_no_byte_more(port):
    most = b"%PDF-1.7 " + bytes(4 * 1024 * 1024 - 9)
    fields = {"Application": application(number_for(port, 3)), "Documents": {"Document": [listed(most)]}}
    assert port.call("DepositPriorityDocument", **fields).State == "held"
    with pytest.raises(zeep.exceptions.Fault) as refused:
        port.call("DepositPriorityDocument", **fields | {"Documents": {"Document": [listed(most + b"\0")]}})
    assert code_of(refused) == "1001"


def test_an_answer_of_another_gateway_is_refused(documented, port):
    keys = documented.keys
    pems = [(keys / file).read_bytes() for file in ("system.key", "system.pem", "tls.pem")]
    port.client.wsse, own = GatewaySignature(*pems), port.client.wsse
    try:
        with pytest.raises(ValueError, match="not signed by this gateway"):
            port.waiting()
    finally:
        port.client.wsse = own
