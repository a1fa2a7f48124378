"""Checkpoints: one text for one head, and no other text is one."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.tlog_checkpoint import (
    Checkpoint,
    parse_checkpoint,
    parse_hash,
    parse_number,
    render_checkpoint,
    render_hash,
)
from gateway.wire.tlog_tiles import MalformedLog

ROOT = hashlib.sha256(b"a root").digest()
TEXT = f"example.com/log\n20852163\n{base64.b64encode(ROOT).decode()}\n"
HEAD = Checkpoint(origin="example.com/log", size=20852163, root=ROOT)

lines = st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1, max_size=20)


def test_checkpoint_is_three_lines() -> None:
    assert render_checkpoint(HEAD) == TEXT
    assert parse_checkpoint(TEXT) == HEAD


@given(lines, st.integers(1, 2**64 - 1), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3))
def test_every_checkpoint_is_read_back(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    head = Checkpoint(origin=origin, size=size, root=root, extensions=tuple(extensions))
    assert parse_checkpoint(render_checkpoint(head)) == head


def test_empty_log_has_the_root_of_nothing() -> None:
    empty = Checkpoint(origin="example.com/log", size=0, root=hashlib.sha256(b"").digest())
    assert parse_checkpoint(render_checkpoint(empty)) == empty
    with pytest.raises(MalformedLog, match="empty tree"):
        parse_checkpoint(TEXT.replace("20852163", "0"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT.removesuffix("\n"),
        TEXT + "\n",
        "\n" + TEXT,
        TEXT.replace("example.com/log", ""),
        TEXT.replace("20852163", "020852163"),
        TEXT.replace("20852163", "+20852163"),
        TEXT.replace("20852163", "-1"),
        TEXT.replace("20852163", "2_0"),
        TEXT.replace("20852163", "٢"),
        TEXT.replace("20852163", str(2**64)),
        TEXT.replace("20852163", "9" * 5000),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("=", ""),
        TEXT.replace("=", "=="),
        "example.com/log\n5\n",
        f"example.com/log\n5\n{base64.b64encode(ROOT[:31]).decode()}\n",
        TEXT + "extension\n\nafter a blank line\n",
        TEXT + "ext\tension\n",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(MalformedLog):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "head",
    [
        Checkpoint(origin="", size=1, root=ROOT),
        Checkpoint(origin="a\nb", size=1, root=ROOT),
        Checkpoint(origin="a", size=-1, root=ROOT),
        Checkpoint(origin="a", size=1, root=b"short"),
        Checkpoint(origin="a", size=1, root=ROOT, extensions=("",)),
        Checkpoint(origin="a", size=1, root=ROOT, extensions=("b\nc",)),
    ],
)
def test_what_could_not_be_read_again_is_not_written(head: Checkpoint) -> None:
    with pytest.raises(ValueError):
        render_checkpoint(head)


def test_hash_has_one_form() -> None:
    text = render_hash(ROOT)
    assert parse_hash(text) == ROOT
    twin = text[:-2] + chr(ord(text[-2]) + 1) + "="
    assert base64.b64decode(twin) == ROOT, "the two spare bits of the last character"
    for other in (twin, text + "\n", " " + text, text.replace("=", ""), ""):
        with pytest.raises(MalformedLog):
            parse_hash(other)


def test_number_has_one_form() -> None:
    assert parse_number("0") == 0
    assert parse_number(str(2**64 - 1)) == 2**64 - 1
    for other in ("", "00", "1\n", " 1", "1.0", "1e3"):
        with pytest.raises(MalformedLog):
            parse_number(other)
