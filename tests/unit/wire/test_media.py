"""Content types as real senders write them, and as attackers do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.wire.media import SoapMedia, parse_media_type, read_soap_media


def test_type_and_parameters() -> None:
    media = parse_media_type(' Text/XML ; charset=UTF-8; a="x\\"y;z" ;')
    assert media.name == "text/xml"
    assert media.parameters == {"charset": "UTF-8", "a": 'x"y;z'}


def test_unquoted_values_of_old_senders_are_read() -> None:
    media = parse_media_type("multipart/related; boundary==_Part_1.2; type=text/xml; start=<a@b>")
    assert media.parameters == {"boundary": "=_Part_1.2", "type": "text/xml", "start": "<a@b>"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "text",
        "text/xml charset=utf-8",
        "text/xml; charset",
        "text/xml; a=1; A=2",
        'text/xml; a="open',
        "text/xml; a=<b>",
        "text/xml, text/xml",
        "text/xml; a=" + "b" * 1000,
    ],
)
def test_what_cannot_be_read_is_refused(value: str | None) -> None:
    with pytest.raises(Refused) as caught:
        parse_media_type(value)
    assert caught.value.reason is Reason.UNSUPPORTED_MEDIA_TYPE


ACTION = "urn:pouch:exchange:1:FetchPackage"


@pytest.mark.parametrize(
    ("content_type", "soap_action", "expected"),
    [
        ("text/xml", None, SoapMedia(multipart=False, version="1.1", action=None)),
        ("text/xml; charset=utf-8", f'"{ACTION}"', SoapMedia(multipart=False, version="1.1", action=ACTION)),
        ("text/xml", ACTION, SoapMedia(multipart=False, version="1.1", action=ACTION)),
        ("text/xml", '""', SoapMedia(multipart=False, version="1.1", action=None)),
        (
            f'application/soap+xml; action="{ACTION}"',
            None,
            SoapMedia(multipart=False, version="1.2", action=ACTION),
        ),
        (
            'multipart/related; type="application/xop+xml"; boundary=b; start-info="text/xml"',
            f'"{ACTION}"',
            SoapMedia(multipart=True, version="1.1", action=ACTION),
        ),
        (
            f'multipart/related; boundary=b; start-info="application/soap+xml; action=\\"{ACTION}\\""',
            None,
            SoapMedia(multipart=True, version="1.2", action=ACTION),
        ),
        (
            f'multipart/related; boundary=b; start-info="application/soap+xml"; action="{ACTION}"',
            None,
            SoapMedia(multipart=True, version="1.2", action=ACTION),
        ),
        ("multipart/related; boundary=b", None, SoapMedia(multipart=True, version=None, action=None)),
        ('multipart/related; boundary=b; type="?"', None, SoapMedia(multipart=True, version=None, action=None)),
    ],
)
def test_soap_arrivals(content_type: str, soap_action: str | None, expected: SoapMedia) -> None:
    assert read_soap_media(content_type, soap_action) == expected


@pytest.mark.parametrize(
    "value", ["application/json", "text/xml; charset=utf-16", "text/html", "multipart/form-data; boundary=b", None]
)
def test_other_arrivals_are_refused(value: str | None) -> None:
    with pytest.raises(Refused) as caught:
        read_soap_media(value, None)
    assert caught.value.reason is Reason.UNSUPPORTED_MEDIA_TYPE


@given(st.text(alphabet='text/xml; ="\\<>a,boundary', max_size=60))
def test_random_values_are_read_or_refused(value: str) -> None:
    try:
        parse_media_type(value)
    except Refused as refusal:
        assert refusal.reason is Reason.UNSUPPORTED_MEDIA_TYPE
