"""The sealed format: golden vectors, an independent reading of its description, and every way to tamper."""

import hashlib
import itertools

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.store.sealing import CHUNK, BrokenSeal, Opener, Sealer, new_key, open_sealed, seal, sealed_size

KEY = bytes(range(32))
BOUND_TO = b"0190a0a0-0000-7000-8000-000000000001"
#: Sizes around which chunks begin and end.
sizes = st.one_of(
    st.integers(0, 40),
    st.builds(lambda chunks, more: chunks * CHUNK + more, st.integers(1, 3), st.integers(-2, 2)),
)


def plain_of(size: int) -> bytes:
    """Bytes that differ from chunk to chunk, cheap to make."""
    pattern = b"".join(number.to_bytes(3, "big") for number in range(257))
    return (pattern * (size // len(pattern) + 1))[:size]


def sealed_by_the_book(plain: bytes) -> bytes:
    """Version 1 as the module's description says it, written again without its code."""
    chunks = [plain[start : start + 65536] for start in range(0, len(plain), 65536)] or [b""]
    sealed = [b"\x01"]
    for number, chunk in enumerate(chunks):
        flag = b"\x01" if number == len(chunks) - 1 else b"\x00"
        sealed.append(AESGCM(KEY).encrypt(bytes(8) + number.to_bytes(4, "big"), chunk, b"\x01" + flag + BOUND_TO))
    return b"".join(sealed)


def test_golden_vectors_of_version_1():
    assert seal(b"", key=KEY, bound_to=BOUND_TO).hex() == "0172ce1c2f5d9fde284360e5e6689bceac"
    assert (
        seal(b"certified copy", key=KEY, bound_to=BOUND_TO).hex()
        == "016dd9c7aadc4aead86c88ca5a685500f0457e3f11bcb7a8bb09cf09b2a273"
    )
    long = seal(plain_of(2 * CHUNK + 1), key=KEY, bound_to=BOUND_TO)
    assert hashlib.sha256(long).hexdigest() == "e8d6f7273bdcb52486be40ff7754e7933fcc0e655d848eb2f7fc32b9a5becd2d"


@settings(deadline=None)
@given(sizes)
def test_the_format_is_what_its_description_says(size):
    assert seal(plain_of(size), key=KEY, bound_to=BOUND_TO) == sealed_by_the_book(plain_of(size))


@settings(deadline=None)
@given(sizes)
def test_opening_gives_what_was_sealed_and_the_size_is_foretold(size):
    sealed = seal(plain_of(size), key=KEY, bound_to=BOUND_TO)
    assert open_sealed(sealed, key=KEY, bound_to=BOUND_TO) == plain_of(size)
    assert len(sealed) == sealed_size(size)


@settings(deadline=None)
@given(sizes, st.lists(st.integers(0, 3 * CHUNK), max_size=6))
def test_pieces_make_no_difference_when_sealing_nor_when_opening(size, cuts):
    plain = plain_of(size)
    sealer = Sealer(key=KEY, bound_to=BOUND_TO)
    sealed = b"".join([*map(sealer.update, pieces_of(plain, cuts)), sealer.finish()])
    assert sealed == seal(plain, key=KEY, bound_to=BOUND_TO)
    opener = Opener(key=KEY, bound_to=BOUND_TO)
    assert b"".join([*map(opener.update, pieces_of(sealed, cuts)), opener.finish()]) == plain


def pieces_of(whole: bytes, cuts: list[int]) -> list[bytes]:
    borders = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(borders)]


@settings(deadline=None)
@given(sizes, st.data())
def test_no_bit_can_be_changed(size, data):
    sealed = bytearray(seal(plain_of(size), key=KEY, bound_to=BOUND_TO))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BrokenSeal):
        open_sealed(bytes(sealed), key=KEY, bound_to=BOUND_TO)


@settings(deadline=None)
@given(sizes, st.data())
def test_nothing_can_be_cut_off(size, data):
    sealed = seal(plain_of(size), key=KEY, bound_to=BOUND_TO)
    borders = range(1, len(sealed), CHUNK + 16)
    end = data.draw(st.one_of(st.integers(0, len(sealed) - 1), st.sampled_from(borders)))
    with pytest.raises(BrokenSeal):
        open_sealed(sealed[:end], key=KEY, bound_to=BOUND_TO)


@settings(deadline=None)
@given(sizes, st.binary(min_size=1, max_size=40))
def test_nothing_can_be_added(size, more):
    sealed = seal(plain_of(size), key=KEY, bound_to=BOUND_TO)
    with pytest.raises(BrokenSeal):
        open_sealed(sealed + more, key=KEY, bound_to=BOUND_TO)


def test_chunks_cannot_change_places_be_repeated_nor_left_out():
    sealed = seal(plain_of(3 * CHUNK), key=KEY, bound_to=BOUND_TO)
    first, second, last = (sealed[1 + n * (CHUNK + 16) :][: CHUNK + 16] for n in range(3))
    for chunks in ([second, first, last], [first, first, second, last], [first, last], [second, last], [last]):
        with pytest.raises(BrokenSeal):
            open_sealed(b"\x01" + b"".join(chunks), key=KEY, bound_to=BOUND_TO)


def test_a_stream_cannot_be_cut_at_a_border_and_closed_with_an_empty_chunk():
    sealer = Sealer(key=KEY, bound_to=BOUND_TO)
    head = sealer.update(plain_of(CHUNK + 1))
    empty_last = AESGCM(KEY).encrypt((1).to_bytes(12, "big"), b"", b"\x01\x01" + BOUND_TO)
    with pytest.raises(BrokenSeal):
        open_sealed(bytes(head) + empty_last, key=KEY, bound_to=BOUND_TO)


def test_a_stream_is_not_another_documents_nor_opened_by_another_key():
    sealed = seal(b"certified copy", key=KEY, bound_to=BOUND_TO)
    with pytest.raises(BrokenSeal):
        open_sealed(sealed, key=KEY, bound_to=b"another document")
    with pytest.raises(BrokenSeal):
        open_sealed(sealed, key=new_key(), bound_to=BOUND_TO)


def test_an_unknown_version_is_refused_before_anything_is_decrypted():
    with pytest.raises(BrokenSeal, match="version"):
        open_sealed(b"\x02" + bytes(40), key=KEY, bound_to=BOUND_TO)


def test_the_opener_gives_nothing_that_is_not_authentic():
    sealed = bytearray(seal(plain_of(2 * CHUNK), key=KEY, bound_to=BOUND_TO))
    sealed[5] ^= 1
    with pytest.raises(BrokenSeal):
        Opener(key=KEY, bound_to=BOUND_TO).update(bytes(sealed[: CHUNK + 100]))


def test_the_sealer_holds_back_one_chunk_at_most():
    sealer = Sealer(key=KEY, bound_to=BOUND_TO)
    given_back = sum(len(sealer.update(bytes(CHUNK // 2))) for _ in range(20))
    assert given_back >= sealed_size(9 * CHUNK)


def test_keys_are_fresh_and_of_256_bits():
    assert len({new_key() for _ in range(100)}) == 100
    assert len(new_key()) == 32
