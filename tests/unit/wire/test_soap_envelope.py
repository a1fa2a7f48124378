"""Envelopes: both versions by the same steps, and each step refuses what it is for."""

import pytest

from gateway.core.reason import Reason, Refused
from gateway.wire import xml
from gateway.wire.media import SoapMedia
from gateway.wire.operations import Operation
from gateway.wire.soap_envelope import SoapVersion, operation_in, read_envelope, version_of_media

S11, S12 = SoapVersion.V11.namespace, SoapVersion.V12.namespace
FETCH = '<FetchPackage xmlns="urn:pouch:exchange:1"/>'
NO_MEDIA = SoapMedia(multipart=True, version=None, action=None)


def envelope(inner: str, namespace: str = S11, root: str = "Envelope"):
    return xml.parse(f'<s:{root} xmlns:s="{namespace}">{inner}</s:{root}>'.encode())


def media(version: str | None = None, action: str | None = None) -> SoapMedia:
    return SoapMedia(multipart=False, version=version, action=action)


def refusal(root, arrived: SoapMedia = NO_MEDIA) -> tuple[Reason, str | None]:
    with pytest.raises(Refused) as caught:
        read_envelope(root, arrived)
    return caught.value.reason, caught.value.place


@pytest.mark.parametrize("version", list(SoapVersion))
def test_both_versions(version: SoapVersion) -> None:
    root = envelope(f"<!-- c --><s:Header/> <s:Body>\n{FETCH}\n</s:Body>", version.namespace)
    found = read_envelope(root, media(version.label, Operation.FETCH.action))
    assert (found.version, found.operation) == (version, Operation.FETCH)
    assert found.body.tag == f"{{{version.namespace}}}Body"
    assert operation_in(found.body).tag == "{urn:pouch:exchange:1}FetchPackage"


def test_header_may_be_absent() -> None:
    assert read_envelope(envelope(f"<s:Body>{FETCH}</s:Body>"), NO_MEDIA).operation is Operation.FETCH


@pytest.mark.parametrize(
    "root",
    [
        xml.parse(FETCH.encode()),
        envelope(f"<s:Body>{FETCH}</s:Body>", "http://www.w3.org/2001/12/soap-envelope"),
        envelope(f"<s:Body>{FETCH}</s:Body>", S11, "Message"),
        envelope(""),
        envelope("<s:Header/>"),
        envelope(f"<s:Body>{FETCH}</s:Body><s:Header/>"),
        envelope(f"<s:Body>{FETCH}</s:Body><s:Body>{FETCH}</s:Body>"),
        envelope(f"<s:Header/><s:Header/><s:Body>{FETCH}</s:Body>"),
        envelope(f'<s:Body>{FETCH}</s:Body><x xmlns="urn:after"/>'),
        envelope(f'<s:Body xmlns:s="{S12}">{FETCH}</s:Body>'),
        envelope("<s:Body/>"),
        envelope(f"<s:Body>{FETCH}{FETCH}</s:Body>"),
        envelope(f"<s:Body>text{FETCH}</s:Body>"),
        envelope(f"<s:Body>{FETCH}<!-- c -->text</s:Body>"),
    ],
)
def test_what_is_no_envelope_with_one_operation_is_refused(root) -> None:
    assert refusal(root)[0] is Reason.NOT_SOAP


def test_version_and_media_type_must_agree() -> None:
    root = envelope(f"<s:Body>{FETCH}</s:Body>", S12)
    assert refusal(root, media("1.1"))[0] is Reason.NOT_SOAP
    assert read_envelope(root, media("1.2")).version is SoapVersion.V12


@pytest.mark.parametrize(
    "operation",
    [
        "<FetchPackage/>",
        '<FetchPackage xmlns="urn:pouch:exchange:2"/>',
        '<Destroy xmlns="urn:pouch:exchange:1"/>',
        '<FetchPackageResponse xmlns="urn:pouch:exchange:1"/>',
        '<PouchFault xmlns="urn:pouch:exchange:1"/>',
    ],
)
def test_unknown_operation_is_refused_with_its_place(operation: str) -> None:
    reason, place = refusal(envelope(f"<s:Body>{operation}</s:Body>"))
    assert reason is Reason.WRONG_NAMESPACE
    assert place is not None
    assert place.startswith("/Envelope/Body/")


def test_action_of_another_operation_is_refused() -> None:
    root = envelope(f"<s:Body>{FETCH}</s:Body>")
    assert refusal(root, media(action=Operation.POLL.action))[0] is Reason.SOAP_ACTION
    assert refusal(root, media(action="FetchPackage"))[0] is Reason.SOAP_ACTION


WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
NEXT_12 = "http://www.w3.org/2003/05/soap-envelope/role/next"
ULTIMATE = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"


@pytest.mark.parametrize(
    ("namespace", "header"),
    [
        (S11, f'<w:Security xmlns:w="{WSSE}" s:mustUnderstand="1"/>'),
        (S12, f'<w:Security xmlns:w="{WSSE}" s:mustUnderstand="true"/>'),
        (S11, '<x xmlns="urn:x"/>'),
        (S11, '<x xmlns="urn:x" s:mustUnderstand="0"/>'),
        (S12, '<x xmlns="urn:x" s:mustUnderstand="false"/>'),
        (S11, '<x xmlns="urn:x" s:mustUnderstand="1" s:actor="urn:somebody-else"/>'),
        (S12, '<x xmlns="urn:x" s:mustUnderstand="1" s:role="http://www.w3.org/2003/05/soap-envelope/role/none"/>'),
        (S11, '<a:ReplyTo xmlns:a="http://www.w3.org/2005/08/addressing">http://192.0.2.1/</a:ReplyTo><!-- c -->'),
    ],
)
def test_headers_that_need_not_be_understood_or_are(namespace: str, header: str) -> None:
    root = envelope(f"<s:Header>{header}</s:Header><s:Body>{FETCH}</s:Body>", namespace)
    assert read_envelope(root, NO_MEDIA).operation is Operation.FETCH


@pytest.mark.parametrize(
    ("namespace", "header"),
    [
        (S11, '<x xmlns="urn:x" s:mustUnderstand="1"/>'),
        (S11, '<x xmlns="urn:x" s:mustUnderstand=" true "/>'),
        (S11, '<x xmlns="urn:x" s:mustUnderstand="?"/>'),
        (S11, '<x xmlns="urn:x" s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"/>'),
        (S12, f'<x xmlns="urn:x" s:mustUnderstand="1" s:role="{NEXT_12}"/>'),
        (S12, f'<x xmlns="urn:x" s:mustUnderstand="1" s:role="{ULTIMATE}"/>'),
        (S11, '<Security xmlns="urn:x" s:mustUnderstand="1"/>'),
    ],
)
def test_unknown_header_that_must_be_understood_is_refused(namespace: str, header: str) -> None:
    reason, place = refusal(envelope(f"<s:Header>{header}</s:Header><s:Body>{FETCH}</s:Body>", namespace))
    assert reason is Reason.MUST_UNDERSTAND
    assert place in ("/Envelope/Header/x", "/Envelope/Header/Security")


def test_version_to_answer_in_when_nothing_could_be_read() -> None:
    assert version_of_media(None) is SoapVersion.V11
    assert version_of_media(media("1.1")) is SoapVersion.V11
    assert version_of_media(media("1.2")) is SoapVersion.V12
