"""The words between a log and its witness: read back as written, strictly, and never with a surprise."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.tlog_tiles import MalformedLog
from gateway.wire.tlog_witness import (
    ADD_CHECKPOINT_LIMIT,
    PROOF_LINES,
    AddCheckpoint,
    parse_add_checkpoint,
    parse_size,
    render_add_checkpoint,
    render_size,
)

NOTE = "example.com/log\n5\nAAA=\n\n\u2014 example.com/log BBBB\n".encode()
HASHES = [bytes([number]) * 32 for number in range(PROOF_LINES)]
REQUEST = AddCheckpoint(old=3, proof=tuple(HASHES[:2]), note=NOTE)
BODY = render_add_checkpoint(REQUEST)


def test_request_is_that_of_the_standard():
    lines = [base64.b64encode(digest).decode() for digest in HASHES[:2]]
    assert f"old 3\n{lines[0]}\n{lines[1]}\n\n".encode() + NOTE == BODY
    assert render_add_checkpoint(AddCheckpoint(old=0, proof=(), note=NOTE)) == b"old 0\n\n" + NOTE


@given(st.integers(0, 2**64 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=PROOF_LINES), st.binary())
def test_every_request_is_read_back(old, digests, note):
    request = AddCheckpoint(old=old, proof=tuple(digests), note=note + b"\n")
    assert parse_add_checkpoint(render_add_checkpoint(request)) == request


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(content):
    try:
        request = parse_add_checkpoint(content)
    except MalformedLog:
        return
    assert render_add_checkpoint(request) == content


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_a_changed_byte_never_gives_the_same_request(place, change):
    changed = bytearray(BODY)
    changed[place] ^= change
    with contextlib.suppress(MalformedLog):
        assert parse_add_checkpoint(bytes(changed)) != REQUEST


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        BODY.replace(b"old 3", b"old 03"),
        BODY.replace(b"old 3", b"old -3"),
        BODY.replace(b"old 3", b"old  3"),
        BODY.replace(b"old 3", b"OLD 3"),
        BODY.replace(b"old 3", b"old 18446744073709551616"),
        BODY.replace(b"old 3\n", b""),
        BODY.replace(b"\n", b"\r\n"),
        BODY.replace(b"\n\n", b"\n", 1),
        BODY[:-1],
        b"old 3\n" + BODY,
        b"old 3\n\n",
        "old \u0663\n\n".encode() + NOTE,
        b"old 3\n" + b"AAA=\n\n" + NOTE,
        b"old 0\n" + base64.b64encode(HASHES[0]) * 1 + b" \n\n" + NOTE,
        b"old 3\n" + (base64.b64encode(HASHES[0]) + b"\n") * (PROOF_LINES + 1) + b"\n" + NOTE,
        b"old 3\n\n" + b"x" * ADD_CHECKPOINT_LIMIT + b"\n",
    ],
)
def test_what_is_not_a_request_is_refused(content):
    with pytest.raises(MalformedLog):
        parse_add_checkpoint(content)


def test_a_request_that_could_not_be_read_is_not_written():
    with pytest.raises(MalformedLog):
        render_add_checkpoint(AddCheckpoint(old=1, proof=(*HASHES, HASHES[0]), note=NOTE))


@given(st.integers(0, 2**64 - 1))
def test_a_size_is_read_back(size):
    assert parse_size(render_size(size)) == size


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"5", b"05\n", b"5\n\n", b" 5\n", b"-5\n", b"5\r\n", b"9" * 22, b"\xff\n"]
)
def test_what_is_no_size_is_refused(content):
    with pytest.raises(MalformedLog):
        parse_size(content)
