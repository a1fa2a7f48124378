"""gateway/wire/das.py: shapes, and what is kept of an answer."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from gateway.wire import das

RETRIEVAL = (
    b'{"operationCategory":"retrieval","documentKindCategory":"patent","documentNumber":"XA 2026000001",'
    b'"documentDate":"2026-01-02","dasAccessCode":"A1B2","applicationCategory":null,"applicationNumber":null,'
    b'"applicationFilingDate":null}'
)


def test_a_body_is_written_as_it_was_read():
    assert das.encode(das.decode(RETRIEVAL, das.RetrievalRequest)) == RETRIEVAL


def test_an_access_code_is_a_secret_once_read():
    read = das.decode(RETRIEVAL, das.RetrievalRequest)
    assert read.das_access_code.matches(Secret("A1B2"))
    assert "A1B2" not in repr(read)


def test_presigned_urls_are_secrets():
    read = das.decode(b'{"fileId":"f","fileUploadUrl":"https://storage/x?signature=abc"}', das.UploadUrl)
    assert read.file_upload_url.reveal() == "https://storage/x?signature=abc"
    assert "abc" not in repr(read)


def test_a_registration_without_file_leaves_the_member_out():
    body = das.RegistrationRequest(
        document_kind_category="patent", document_number="XA 2026000001", document_date=date(2026, 1, 2)
    )
    written = msgspec.json.decode(das.encode(body))
    assert "fileId" not in written
    assert written["dasAccessCode"] is None


def test_remote_text_is_not_kept():
    body = b'{"requestStatusCategory":"error","errorCode":-14,"statusMessage":"expected code Z9Z9"}'
    assert "Z9Z9" not in repr(das.decode(body, das.RequestStatus))


def test_a_member_we_do_not_know_is_ignored():
    assert das.decode(b'{"requestAckId":"a","novelty":[1]}', das.Acknowledgement).request_ack_id == "a"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"requestAckId":"a","requestStatusCategory":"secret-word"}', "/requestStatusCategory"),
        (b'{"requestAckId":"a\\u0000b","requestStatusCategory":"error"}', "/requestAckId"),
        (b'{"requestAckId":"' + b"a" * 257 + b'","requestStatusCategory":"error"}', "/requestAckId"),
        (b"{}", None),
        (b"<html>", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place_only(body, place):
    with pytest.raises(Refused) as refused:
        das.decode(body, das.Notification)
    assert (refused.value.reason, refused.value.place or None) == (Reason.NOT_JSON, place)
    assert "secret-word" not in str(refused.value)


def test_a_place_inside_a_list_is_a_json_pointer():
    with pytest.raises(Refused) as refused:
        das.decode(b'{"documentRetrievalResponseBag":[{"requestAckId":5}]}', das.RetrievalBag)
    assert refused.value.place == "/documentRetrievalResponseBag/0/requestAckId"


def test_values_are_read_and_written_like_bytes():
    values = das.encode_values(das.decode(RETRIEVAL, das.RetrievalRequest))
    assert das.encode(das.decode_values(values, das.RetrievalRequest)) == RETRIEVAL
    with pytest.raises(Refused, match="/requestAckId"):
        das.decode_values({"requestAckId": 1}, das.Acknowledgement)


#: The body of an answer to three wrong values, in both forms (das.md 1.6).
_INNER = (
    '{"code":"INVALID_INPUT_DATA","message":null,"details":[{"code":-12,"message":"expected 2026-01-02"},'
    '{"code":-14,"message":"expected code Z9Z9"}]}'
)


@pytest.mark.parametrize("body", [_INNER, '{"error":' + _INNER + "}"], ids=["since 2024-03-04", "before"])
def test_both_forms_of_an_error_are_read_and_only_numbers_kept(body):
    read = das.read_error(body.encode())
    assert read == das.ErrorNumbers(numbers=(-12, -14), unreadable=False)
    assert "Z9Z9" not in repr(read)


@pytest.mark.parametrize(
    ("details", "numbers", "unreadable"),
    [
        ('[{"code":-7}]', (-7,), False),
        ('[{"code":"-7"}]', (-7,), False),
        ('[{"code":-7},{"code":-7}]', (-7,), False),
        ('[{"code":-7},{"code":500}]', (-7,), True),
        ('[{"code":-7},"text"]', (-7,), True),
        ('[{"code":true}]', (), True),
        ('[{"code":1234}]', (), True),  # might be an office's own four-digit access code
        ("[]", (), True),
        ("null", (), True),
    ],
)
def test_only_negative_numbers_are_read(details, numbers, unreadable):
    body = f'{{"code":"X","message":null,"details":{details}}}'.encode()
    assert das.read_error(body) == das.ErrorNumbers(numbers=numbers, unreadable=unreadable)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"invalid_token"}', b'{"code":"X","details":"y"}'])
def test_what_is_no_error_body_is_not_taken_for_one(body):
    assert das.read_error(body) is None


def test_an_error_is_rendered_without_text():
    body = das.render_error(das.INVALID_INPUT, (-7, -12))
    assert das.read_error(body) == das.ErrorNumbers(numbers=(-7, -12), unreadable=False)
    content = msgspec.json.decode(body)
    assert content["message"] is None
    assert all(detail["message"] is None for detail in content["details"])


@pytest.mark.parametrize(
    "text", ["2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123Z", "2026-01-02 03:04:05+0100"]
)
def test_an_availability_date_is_kept_as_it_came(text):
    assert das.availability(text) == text


@pytest.mark.parametrize("text", [None, "", "A1B2", "2026-01-02 expected code", "tomorrow"])
def test_other_text_is_no_availability_date(text):
    assert das.availability(text) is None


@given(st.binary(max_size=400))
def test_parsers_never_crash(body):
    das.read_error(body)
    for shape in (das.RetrievalBag, das.RegistrationBag, das.UploadUrl, das.RequestStatus):
        try:
            das.decode(body, shape)
        except Refused as refused:
            assert refused.reason is Reason.NOT_JSON


@given(st.one_of(st.integers(), st.text(max_size=12), st.none()))
def test_a_number_is_negative_and_short_or_none(code):
    number = das.number_of(code)
    assert number is None or -9999 <= number <= -1
