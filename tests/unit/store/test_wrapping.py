"""Wrapped keys and sealed secrets: RFC 3394's own vector, rotation, and what must not open."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.store.sealing import BrokenSeal, new_key
from gateway.store.wrapping import WrappingKeys, key_id, open_secret, rewrap_secret, seal_secret

#: RFC 3394, 4.6: 256 bits of key data wrapped with a 256-bit key.
RFC_KEK = bytes.fromhex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F")
RFC_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F")
RFC_WRAPPED = bytes.fromhex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
OLD, NEW = bytes([1]) * 32, bytes([2]) * 32


def test_golden_vector_of_version_1():
    wrapped = WrappingKeys([RFC_KEK]).wrap(RFC_KEY)
    assert wrapped == b"\x01" + bytes.fromhex("6eb34169ef15ba6d") + RFC_WRAPPED
    assert WrappingKeys([RFC_KEK]).unwrap(wrapped) == RFC_KEY


def test_after_rotation_former_keys_still_unwrap_and_new_ones_are_used():
    document_key = new_key()
    wrapped = WrappingKeys([OLD]).wrap(document_key)
    rotated = WrappingKeys([NEW, OLD])
    assert rotated.unwrap(wrapped) == document_key
    assert rotated.needs_rewrap(wrapped)
    again = rotated.wrap(rotated.unwrap(wrapped))
    assert not rotated.needs_rewrap(again)
    assert WrappingKeys([NEW]).unwrap(again) == document_key


def test_a_key_wrapped_by_a_retired_key_is_told_apart_from_a_damaged_one():
    wrapped = WrappingKeys([OLD]).wrap(new_key())
    with pytest.raises(BrokenSeal, match="not in the key file"):
        WrappingKeys([NEW]).unwrap(wrapped)
    with pytest.raises(BrokenSeal, match="changed"):
        WrappingKeys([OLD]).unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]))


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_bytes_that_are_no_wrapped_key_are_refused(other):
    with pytest.raises(BrokenSeal):
        WrappingKeys([OLD]).unwrap(other)


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b"short"]])
def test_only_whole_keys_are_taken(keys):
    with pytest.raises(ValueError, match="32 bytes"):
        WrappingKeys(keys)


def test_the_keys_are_not_shown():
    assert OLD.hex() not in repr(WrappingKeys([OLD]))
    assert str(OLD) not in repr(WrappingKeys([OLD]))
    assert key_id(OLD) not in OLD


def test_a_secret_opens_for_its_owner_only():
    wrapping = WrappingKeys([OLD])
    sealed = seal_secret(b"A7F3", wrapping=wrapping, bound_to=b"access-code:1")
    assert b"A7F3" not in sealed
    assert open_secret(sealed, wrapping=wrapping, bound_to=b"access-code:1") == b"A7F3"
    with pytest.raises(BrokenSeal):
        open_secret(sealed, wrapping=wrapping, bound_to=b"access-code:2")


def test_the_same_secret_sealed_twice_looks_different():
    wrapping = WrappingKeys([OLD])
    assert len({seal_secret(b"A7F3", wrapping=wrapping, bound_to=b"x") for _ in range(20)}) == 20


@settings(deadline=None)
@given(st.data())
def test_a_secret_cannot_be_changed_nor_cut(data):
    wrapping = WrappingKeys([OLD])
    sealed = seal_secret(b"A7F3", wrapping=wrapping, bound_to=b"x")
    place = data.draw(st.integers(0, len(sealed) - 1))
    for broken in (sealed[:place], sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]):
        with pytest.raises(BrokenSeal):
            open_secret(broken, wrapping=wrapping, bound_to=b"x")


def test_a_secret_moves_to_the_new_key_without_being_opened():
    sealed = seal_secret(b"A7F3", wrapping=WrappingKeys([OLD]), bound_to=b"x")
    moved = rewrap_secret(sealed, wrapping=WrappingKeys([NEW, OLD]))
    assert open_secret(moved, wrapping=WrappingKeys([NEW]), bound_to=b"x") == b"A7F3"
    assert moved[49:] == sealed[49:]
