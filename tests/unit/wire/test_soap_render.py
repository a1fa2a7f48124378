"""Envelopes and faults as we write them: both versions, every Reason, nothing but the table and a place."""

import pytest

from gateway.core.finding import Code, found
from gateway.core.reason import Blame, Deferred, Reason, Refused
from gateway.wire import schema, xml
from gateway.wire.soap_envelope import SoapVersion
from gateway.wire.soap_render import BODY_ID, fault_status, render_envelope, render_fault

NS = "{urn:pouch:exchange:1}"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
AN_ID = "01920000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("version", list(SoapVersion))
def test_body_is_canonical_as_written(version: SoapVersion) -> None:
    written = render_envelope(version, '<A xmlns="urn:a">x</A>')
    root = xml.parse(written)
    header, body = root
    assert [header.tag, body.tag] == [f"{{{version.namespace}}}Header", f"{{{version.namespace}}}Body"]
    assert body.get(WSU_ID) == BODY_ID
    assert xml.canonical(body) in written


@pytest.mark.parametrize("version", list(SoapVersion))
@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_fault(version: SoapVersion, reason: Reason) -> None:
    fault = xml.parse(render_fault(version, Refused(reason, "/Envelope/<Body>"), AN_ID))[1][0]
    assert fault.tag == f"{{{version.namespace}}}Fault"
    detail = fault.find(f".//{NS}PouchFault")
    assert detail is not None
    schema.validate(detail, schema.EXCHANGE)
    told = {xml.local_name(element): element.text for element in detail}
    assert told == {
        "Code": reason.code,
        "Reason": reason.text,
        "Remedy": reason.remedy,
        "Place": "/Envelope/<Body>",
        "ExchangeId": AN_ID,
    }
    sender = {SoapVersion.V11: "soap:Client", SoapVersion.V12: "soap:Sender"}[version]
    receiver = {SoapVersion.V11: "soap:Server", SoapVersion.V12: "soap:Receiver"}[version]
    expected = sender if reason.blame is Blame.SENDER else receiver
    if reason is Reason.MUST_UNDERSTAND:
        expected = "soap:MustUnderstand"
    if version is SoapVersion.V11:
        assert [xml.local_name(child) for child in fault] == ["faultcode", "faultstring", "detail"]
        assert (fault[0].text, fault[1].text) == (expected, reason.text)
    else:
        soap = f"{{{version.namespace}}}"
        assert [child.tag for child in fault] == [f"{soap}Code", f"{soap}Reason", f"{soap}Detail"]
        assert fault.findtext(f"{soap}Code/{soap}Value") == expected
        subcode = fault.find(f"{soap}Code/{soap}Subcode/{soap}Value")
        assert (subcode.text, subcode.nsmap["pouch"]) == (f"pouch:R{reason.code}", "urn:pouch:exchange:1")
        assert fault.findtext(f"{soap}Reason/{soap}Text") == reason.text


def test_what_is_not_known_is_absent() -> None:
    detail = xml.parse(render_fault(SoapVersion.V11, Deferred(Reason.INTERNAL))).find(f".//{NS}PouchFault")
    assert detail is not None
    assert [xml.local_name(child) for child in detail] == ["Code", "Reason", "Remedy"]


@pytest.mark.parametrize(
    ("version", "reason", "status"),
    [
        (SoapVersion.V11, Reason.SIGNATURE_INVALID, 500),
        (SoapVersion.V12, Reason.SIGNATURE_INVALID, 400),
        (SoapVersion.V12, Reason.MUST_UNDERSTAND, 500),
        (SoapVersion.V12, Reason.REMOTE_MALFORMED, 500),
        (SoapVersion.V12, Reason.INTERNAL, 500),
        (SoapVersion.V11, Reason.BODY_TOO_LARGE, 413),
        (SoapVersion.V11, Reason.RATE_EXCEEDED, 429),
        (SoapVersion.V12, Reason.DISK_NEARLY_FULL, 503),
        (SoapVersion.V11, Reason.UNSUPPORTED_MEDIA_TYPE, 415),
    ],
)
def test_status_of_a_fault(version: SoapVersion, reason: Reason, status: int) -> None:
    assert fault_status(version, reason) == status


@pytest.mark.parametrize("version", list(SoapVersion))
def test_findings_of_a_document_stand_in_the_fault(version: SoapVersion) -> None:
    findings = (found(Code.ARCHIVE_DAMAGED, "<a> & b.xml", "it's"), found(Code.PDF_COUNT))
    fault = xml.parse(render_fault(version, Refused(Reason.ARCHIVE_DAMAGED, "copy", findings=findings)))
    detail = fault.find(f".//{NS}PouchFault")
    assert detail is not None
    schema.validate(detail, schema.EXCHANGE)
    first, second = ({xml.local_name(one): one.text for one in each} for each in detail.findall(f"{NS}Finding"))
    row = Code.ARCHIVE_DAMAGED
    assert first == {
        "Severity": "error",
        "Code": row.code,
        "Place": "<a> & b.xml",
        "Rule": row.rule,
        "Text": row.text,
        "Remedy": row.remedy,
        "Detail": "it's",
    }
    assert "Place" not in second and "Detail" not in second
