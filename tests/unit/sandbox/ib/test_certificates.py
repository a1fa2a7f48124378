"""The certificate of a registration: a true PDF for its owner who knows the code."""

import re

from sandbox.ib.certificates import render_pdf

PATH = "/requests/registrations/certificates"


def query(code, **change):
    return {
        "documentKindCategory": "patent",
        "documentNumber": "XA 2026000001",
        "documentDate": "2026-01-15",
        "dasAccessCode": code,
    } | change


async def test_a_certificate_names_what_was_registered(scene):
    code = await scene.deposited()
    headers = {"Content-Type": "application/pdf"}
    status, content, answered = await scene.xa.call("GET", PATH, query=query(code), headers=headers)
    assert (status, answered["Content-Type"]) == (200, "application/pdf")
    for words in (b"XA 2026000001", b"2026-01-15", b"2026-11-22T09:00:00.000Z", b"Office: XA"):
        assert words in content
    assert scene.done("certificate-made") == 1


async def test_a_certificate_needs_the_right_values(scene):
    code = await scene.deposited()
    for caller, change, number in (
        (scene.xa, {"dasAccessCode": "none"}, -14),
        (scene.xa, {"documentDate": "2026-01-16"}, -12),
        (scene.xa, {"documentNumber": "XA 2026000002"}, -7),
        (scene.xc, {}, -7),
    ):
        status, answer, _ = await caller.call("GET", PATH, query=query(code, **change))
        assert status == 400 and [detail["code"] for detail in answer["details"]] == [number]


def test_the_pdf_has_a_true_cross_reference_table():
    content = render_pdf(["brackets ( ) and \\", "日本 becomes marks"])
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", content).group(1))
    table = content[start:].splitlines()
    assert table[:2] == [b"xref", b"0 6"]
    for number, row in enumerate(table[3:8], start=1):
        assert len(row) == 19 and content[int(row[:10]) :].startswith(b"%d 0 obj\n" % number)
    length = int(re.search(rb"/Length (\d+)", content).group(1))
    stream = content.split(b"stream\n")[1].removesuffix(b"\nend")
    assert len(stream) == length
    assert b"(brackets \\( \\) and \\\\) Tj" in content and b"?? becomes" in content
