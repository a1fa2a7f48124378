"""The codec writes what the contract says, reads nothing else, reaches no network and tells no remote text."""

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ipas.codec import HEADERS, Fault, _Sealed, decode, encode
from adapters.ipas.keys import DocumentKey
from adapters.ipas.operations import Operation
from adapters.ipas.values import instant, integer
from gateway.core.reason import Deferred, Reason, Refused
from gateway.wire.xml import parse

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
IPAS = "http://ipas.wipo.int/IpasServices"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

USERDOC = (
    "<return><affectedFileIdList x:nil='true'/><affectedFileIdList><fileNbr><doubleValue>1.23E2</doubleValue></fileNbr>"
    "<fileSeq>XX</fileSeq></affectedFileIdList><documentId><docLog>E</docLog><docNbr><doubleValue>456.0</doubleValue>"
    "</docNbr></documentId><filingData><receptionDate><dateValue>2026-01-02T00:00:00.000-03:00</dateValue>"
    "</receptionDate></filingData><notes>pouch/x/1 more</notes></return>"
)


def reply(operation, content):
    name = f"{operation.value}Response"
    return body(f'<n:{name} xmlns:n="{IPAS}" xmlns:x="{XSI}">{content}</n:{name}>')


def body(content):
    return f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{content}</S:Body></S:Envelope>'.encode()


def read(operation, content):
    return decode(operation, parse(reply(operation, content)))


def test_a_request_is_wrapped_unqualified_and_without_headers():
    key = DocumentKey(origin="1", log="E", series=2026, number=456)
    written = encode(Operation.USERDOC_READ, {"arg0": key.wrap()})
    assert written == (
        b"<?xml version='1.0' encoding='UTF-8'?>\n"
        b'<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>'
        b'<ns0:UserdocRead xmlns:ns0="http://ipas.wipo.int/IpasServices"><arg0><docLog>E</docLog><docNbr>'
        b"<doubleValue>456</doubleValue></docNbr><docOrigin>1</docOrigin><docSeries><doubleValue>2026</doubleValue>"
        b"</docSeries></arg0></ns0:UserdocRead></soap-env:Body></soap-env:Envelope>"
    )
    assert HEADERS["SOAPAction"] == '""'


def test_optional_arguments_are_absent_and_names_are_typed_as_odd_as_they_are():
    written = encode(
        Operation.USERDOC_RECEIVE,
        {"arg3": False, "arg7": {"DReceiptAmount": 1.5}, "arg6": instant(datetime(2026, 1, 2, tzinfo=UTC))},
    )
    assert b"<arg3>false</arg3><arg6><dateValue>2026-01-02T00:00:00Z</dateValue></arg6>" in written
    assert b"<arg7><DReceiptAmount>1.5</DReceiptAmount></arg7>" in written
    assert b"arg0" not in written and b"arg12" not in written


def test_text_is_escaped_whatever_its_script():
    assert "<arg0>&lt;/arg0&gt; نص &amp; ที่</arg0>".encode() in encode(
        Operation.DOCUMENT_READ, {"arg0": "</arg0> نص & ที่"}
    )


@pytest.mark.parametrize(
    "arguments",
    [{"arg1": "x"}, {"arg0": {"docNumber": integer(1)}}],
)
def test_arguments_the_profile_does_not_have_are_a_mistake_of_ours(arguments):
    with pytest.raises(ValueError, match="UserdocRead"):
        encode(Operation.USERDOC_READ, arguments)


@pytest.mark.parametrize(
    ("operation", "content", "value"),
    [
        (Operation.USERDOC_READ, "", None),
        (Operation.USERDOC_CHECK, "<return>true</return>", True),
        (Operation.USERDOC_CHECK, "<return> 0 </return>", False),
        (Operation.PATENT_COUNT, "<return><doubleValue>3.0</doubleValue></return>", 3),
        (Operation.PATENT_LIST, "", []),
        (Operation.FOLDER_READ, "<return><value>a</value></return><return/>", [{"value": "a"}]),
    ],
)
def test_answers_become_plain_values(operation, content, value):
    assert read(operation, content) == value


def test_an_answer_is_unwrapped_and_its_nil_entries_dropped():
    userdoc = read(Operation.USERDOC_READ, USERDOC)
    assert userdoc["documentId"]["docNbr"] == 456 and userdoc["documentId"]["docSeries"] is None
    (file,) = userdoc["affectedFileIdList"]
    assert (file["fileNbr"], file["fileSeq"]) == (123, "XX")
    assert userdoc["filingData"]["receptionDate"].isoformat() == "2026-01-02T00:00:00-03:00"
    assert userdoc["notes"] == "pouch/x/1 more"


BAD = [
    "<return><documentId><docNbr><doubleValue>456.5</doubleValue></docNbr></documentId></return>",
    "<return><documentId><docNbr><doubleValue>4<!-- -->56</doubleValue></docNbr></documentId></return>",
    "<return><documentId><docNbr><doubleValue>INF</doubleValue></docNbr></documentId></return>",
    "<return><documentId><docNbr><doubleValue>1e999</doubleValue></docNbr></documentId></return>",
    "<return><documentId><docNbr><doubleValue>hunter2</doubleValue></docNbr></documentId></return>",
    "<return><documentId><docNbr>456</docNbr></documentId></return>",
    "<return><documentId/>456</return>",
    "<return><rowVersion><doubleValue/></rowVersion><rowVersion/></return>",
    "<return><filingData><filingDate><dateValue>2026-02-30T00:00:00Z</dateValue></filingDate></filingData></return>",
    "<return><filingData><filingDate><dateValue>2026-01-02</dateValue></filingDate></filingData></return>",
    "<return><indNotAllFilesCapturedYet>maybe</indNotAllFilesCapturedYet></return>",
    "<return><notes>pouch<b/></notes></return>",
    "<return><unknown/></return>",
    "<return/><return/>",
    "<other/>",
]


@pytest.mark.parametrize("content", BAD)
def test_what_does_not_follow_the_profile_is_malformed_and_not_shown(content, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(Deferred) as malformed:
        read(Operation.USERDOC_READ, content)
    assert malformed.value.reason is Reason.REMOTE_MALFORMED
    assert "hunter2" not in str(malformed.value) and "hunter2" not in caplog.text


def test_zeep_writes_no_log_of_its_own(caplog):
    with caplog.at_level(logging.DEBUG):
        read(Operation.DOCUMENT_READ, "<return><content>A</content></return>")
    assert caplog.records == []


@pytest.mark.parametrize(
    "answer",
    [
        b"<html/>",
        body(""),
        body("<a/><b/>"),
        body(f'<n:UserdocRead xmlns:n="{IPAS}"/>'),
        body("<UserdocReadResponse/>"),
        reply(Operation.USERDOC_CHECK, "<return>true</return>"),
        reply(Operation.USERDOC_READ, "").replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
    ],
)
def test_what_is_no_answer_to_this_operation_is_malformed(answer):
    with pytest.raises(Deferred) as malformed:
        decode(Operation.USERDOC_READ, parse(answer))
    assert malformed.value.reason is Reason.REMOTE_MALFORMED


def fault(content):
    return decode(Operation.USERDOC_READ, parse(body(f"<S:Fault>{content}</S:Fault>")))


def test_a_declared_fault_is_told_from_a_broken_server_and_from_a_message_turned_away():
    declared = fault(
        "<faultcode>S:Server</faultcode><faultstring>outer</faultstring><detail>"
        f'<n:IpasException xmlns:n="{IPAS}"><message>the text</message></n:IpasException></detail>'
    )
    assert (declared.text, declared.declared, declared.client) == ("the text", True, False)
    broken = fault("<faultcode>S:Server</faultcode><faultstring>java.lang.X</faultstring>")
    assert (broken.text, broken.declared, broken.client) == ("java.lang.X", False, False)
    for code in ("S:Client", "Client.Data", "S:VersionMismatch", "S:MustUnderstand"):
        assert fault(f"<faultcode>{code}</faultcode>").client


def test_a_faults_text_is_bounded_and_never_shown():
    found = fault(f"<faultcode>S:Server</faultcode><faultstring>{'hunter2' * 1000}</faultstring>")
    assert len(found.text) == 2000
    assert "hunter2" not in repr(found)
    assert repr(Fault(text="hunter2", declared=True, client=False)).count("hunter2") == 0


def test_the_transport_reads_the_profile_and_nothing_else():
    sealed = _Sealed()
    assert b"<definitions" in sealed.load("/ipas/IpasServices.wsdl")
    for url in ("http://ipas.invalid/x.wsdl", "/etc/passwd", "/ipas/../../pyproject.toml", "file:///etc/passwd"):
        with pytest.raises(OSError):
            sealed.load(url)
    for send in (sealed.get, sealed.post, sealed.post_xml):
        with pytest.raises(OSError):
            send("http://ipas.invalid/")


@given(place=st.integers(min_value=0, max_value=len(USERDOC) - 1), mess=st.text(max_size=6))
def test_a_damaged_answer_is_read_or_malformed_and_nothing_else_happens(place, mess):
    answer = reply(Operation.USERDOC_READ, USERDOC[:place] + mess + USERDOC[place + len(mess) :])
    try:
        decode(Operation.USERDOC_READ, parse(answer))
    except Refused:
        return  # the parser's own, turned into malformed by the line
    except Deferred as malformed:
        assert malformed.reason is Reason.REMOTE_MALFORMED
