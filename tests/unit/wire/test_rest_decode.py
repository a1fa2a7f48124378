"""Strict JSON: what is no JSON, or two things at once, is refused without quoting it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.wire.rest_decode import decode_body
from gateway.wire.rest_structs import HeaderBody, RetrievalBody


def refusal(body: bytes, kind=HeaderBody) -> tuple[Reason, str | None]:
    with pytest.raises(Refused) as caught:
        decode_body(body, kind)
    return caught.value.reason, caught.value.place


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a/>",
        b"{",
        b'{"sender":"XA","receiver":"XA"}x',
        b'{"sender":"XA","sender":"XB","receiver":"XA"}',
        b'{"sender":"XA","receiver":"\xff"}',
        b'{"sender":"XA","receiver":"\\ud800"}',
        b'\xef\xbb\xbf{"sender":"XA","receiver":"XA"}',
        '{"sender":"XA","receiver":"XA"}'.encode("utf-16"),
        b"[" * 100_000,
    ],
)
def test_what_is_not_one_json_value_is_refused(body: bytes) -> None:
    assert refusal(body)[0] in (Reason.NOT_JSON, Reason.SCHEMA_VIOLATION)
    if not body.startswith(b"[["):
        assert refusal(body)[0] is Reason.NOT_JSON


def test_member_twice_in_an_inner_object_is_refused() -> None:
    body = b'{"header":{"sender":"XA","receiver":"XA","receiver":"XA"}}'
    assert refusal(body, RetrievalBody)[0] in (Reason.NOT_JSON, Reason.SCHEMA_VIOLATION)


def test_places() -> None:
    assert refusal(b"[]") == (Reason.SCHEMA_VIOLATION, None)
    assert refusal(b'{"sender":"XA"}') == (Reason.SCHEMA_VIOLATION, "/receiver")
    assert refusal(b'{"colour":"red"}') == (Reason.SCHEMA_VIOLATION, "/colour")
    assert refusal(b'{"a b":1}') == (Reason.SCHEMA_VIOLATION, None)
    assert refusal(b'{"sender":1}') == (Reason.OFFICE_UNKNOWN, "/sender")
    assert refusal(b'{"sender":"XA",}')[1] == "byte 15"


def test_place_is_bounded_whatever_a_member_is_called() -> None:
    name = " - at `$" + ".abc" * 1000
    _, place = refusal(msgspec.json.encode({name: 1}))
    assert len(place or "") < 600


@given(st.binary(max_size=60) | st.text('{}[]":,\\ abcdexyz019.`$-', max_size=60).map(str.encode))
def test_random_bodies_are_refused_with_a_reason(body: bytes) -> None:
    assert refusal(body)[0] in (Reason.NOT_JSON, Reason.SCHEMA_VIOLATION, Reason.OFFICE_UNKNOWN)
