"""Which small files are inspected without a confined process: plain ones only, and never one that could unfold."""

from collections.abc import Callable

import pytest
from pdf_making import altered, bytewise, object_stream, printed

from gateway.demo.papers import write_pdf
from gateway.packages.harmless import SMALL, is_harmless

PLAIN = bytewise(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>")


@pytest.mark.parametrize(
    "content", [PLAIN, printed(3), write_pdf("Copy", ["a line"]), b"<a/>", b"\xef\xbb\xbf\n<?xml version='1.0'?><a/>"]
)
def test_plain_files_are(content: bytes) -> None:
    assert is_harmless(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4\nnothing",
        object_stream(10),
        altered(lambda pdf: None, object_stream_mode=2),
        PLAIN + b"\nPK\x05\x06",
        PLAIN.replace(b"trailer<<", b"trailer<</Prev 9"),
        PLAIN.replace(b"trailer<<", b"trailer<</Pr#65v 9"),
        PLAIN.replace(b"trailer<<", b"trailer<</XRefStm 9"),
        PLAIN.replace(b"trailer<<", b"trailer<</Encrypt 3 0 R"),
        PLAIN.replace(b"startxref\n", b"startxref\n1"),
        b" " * 10 + PLAIN,
        PLAIN.replace(b"xref\n0", b" " * SMALL + b"xref\n0"),
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"0\x82\x01\x00",
    ],
)
def test_anything_else_is_not(content: bytes) -> None:
    assert not is_harmless(content)


def test_two_tables_are_not_plain(inspecting: Callable[..., object]) -> None:
    """An update of the file leads readers to an older table, which could be anything."""
    at = len(PLAIN)
    update = b"xref\n0 1\n0000000000 65535 f \ntrailer<</Size 3/Root 1 0 R/Prev 9>>\nstartxref\n%d\n%%%%EOF\n" % at
    assert not is_harmless(PLAIN + update)
