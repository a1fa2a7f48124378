"""The made-up documents are what they say: PDFs whose cross-reference table is true, and well-formed XML."""

import re
from datetime import date

import pytest
from lxml import etree

from gateway.demo.papers import write_bibliography, write_pdf


def objects_by_table(pdf):
    """What the cross-reference table points at, in order."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", pdf)[1])
    assert pdf[start : start + 5] == b"xref\n"
    count = int(re.match(rb"xref\n0 (\d+)\n", pdf[start:])[1])
    entries = re.findall(rb"(\d{10}) 00000 n \n", pdf[start:])
    assert len(entries) == count - 1
    return [pdf[int(entry) :] for entry in entries]


@pytest.mark.parametrize("lines", [[], ["one line"], ["a line"] * 100], ids=["none", "one", "three pages"])
def test_the_table_points_at_every_object(lines):
    pdf = write_pdf("Umbrella", lines)
    assert pdf.startswith(b"%PDF-1.4\n")
    for number, found in enumerate(objects_by_table(pdf), 1):
        assert found.startswith(f"{number} 0 obj\n".encode())
    assert pdf.count(b"/Type /Page ") == max(1, -(-len(lines) // 46))


def test_streams_are_as_long_as_they_say():
    pdf = write_pdf("Umbrella", ["text"], size=20_000)
    for length, content in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream\nendobj", pdf, re.DOTALL):
        assert int(length) == len(content)


def test_a_large_one_is_large_and_the_same_again():
    assert (5 << 20) - 2048 < len(write_pdf("Stand", ["text"], size=5 << 20)) <= 5 << 20
    assert write_pdf("Stand", ["text"], size=9000) == write_pdf("Stand", ["text"], size=9000)
    assert write_pdf("Stand", ["text"]) != write_pdf("Stand", ["other"])


def test_text_cannot_break_out():
    assert rb"(a \(b\) \\ c) Tj" in write_pdf("T", ["a (b) \\ c"])


def test_the_bibliography_names_the_application():
    root = etree.fromstring(write_bibliography("XA", "2026/1", date(2026, 2, 3), "Umbrella"))
    assert [text.strip() for text in root.itertext() if text.strip()] == ["XA", "2026/1", "2026-02-03", "Umbrella"]
