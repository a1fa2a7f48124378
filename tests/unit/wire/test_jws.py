"""A detached JWS and its payload as one compact JWS, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.jws import attach_payload, detach_payload


@given(st.binary(max_size=200))
def test_what_is_put_together_comes_apart_again(payload):
    assert detach_payload(attach_payload("aGVhZA..c2ln", payload)) == ("aGVhZA..c2ln", payload)


@pytest.mark.parametrize(
    "evidence",
    [
        b'{"header":{}}',
        b"a.b",
        b"a.b.c.d",
        b"a.!.c",
        b".b.c",
        b"a.b.",
        b"a.b.c\n",
        b"aGVhZA.Zm9=.c2ln",
        b"aGVhZA.Zm9v.c2l n",
        b"aGVhZA.Zm9vY.c2ln",
        b"aGVhZA.Zh.c2ln",
    ],
)
def test_anything_else_is_none(evidence):
    assert detach_payload(evidence) is None


@pytest.mark.parametrize("detached", ["a.b.c", "a..b.c", "ab"])
def test_what_is_not_detached_is_not_put_together(detached):
    with pytest.raises(ValueError):
        attach_payload(detached, b"")
