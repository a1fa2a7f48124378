"""The engine: recognising by bytes, refusals that become findings, packages inside packages."""

import hashlib
import random
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.finding import Code, Form, Judgement, Report
from gateway.core.reason import Reason, Refused
from gateway.packages.forms import FORMS
from gateway.packages.inspecting import finding_of

Inspecting = Callable[..., Report]
Zipped = Callable[[dict[str, bytes]], bytes]


def codes(report: Report) -> list[Code]:
    return [each.code for each in report.findings]


def test_nothing_is_a_finding(inspecting: Inspecting) -> None:
    report = inspecting(b"")
    assert (codes(report), report.judgement) == ([Code.EMPTY], Judgement.FAILED)


def test_what_nobody_knows_cannot_be_told(inspecting: Inspecting) -> None:
    report = inspecting(b"\x89PNG\r\n", "a.png")
    assert (report.form, codes(report), report.judgement) == (
        Form.UNKNOWN,
        [Code.FORM_UNKNOWN],
        Judgement.INDETERMINATE,
    )
    assert report.digests == {"a.png": hashlib.sha256(b"\x89PNG\r\n").hexdigest()}


@pytest.mark.parametrize(
    ("media_type", "mismatch"),
    [("application/pdf", True), ("application/zip", False), ("application/octet-stream", False), ("image/png", False)],
)
def test_the_declared_type_is_held_against_the_bytes(
    inspecting: Inspecting, zipped: Zipped, media_type: str, mismatch: bool
) -> None:
    """A type that no form of ours bears is not judged."""
    assert (Code.TYPE_MISMATCH in codes(inspecting(zipped({"a.png": b"x"}), media_type=media_type))) is (
        mismatch and any("application/pdf" in form.media_types for form in FORMS)
    )
    assert Code.TYPE_MISMATCH in codes(inspecting(b"<a/>", media_type="application/zip"))


@pytest.mark.parametrize(
    "text",
    [
        b"<a/>", b"\xef\xbb\xbf<a/>", b"<?xml version='1.0'?>\r\n<!-- a - b? > --><p:a xmlns:p='urn:x'/>",
        b"<!-- ? > -->\n<a xmlns='urn:x'>",
    ],
)  # fmt: skip
def test_xml_is_recognised(inspecting: Inspecting, text: bytes) -> None:
    assert inspecting(text).form is Form.XML


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"<a><b></a>", Code.XML_MALFORMED),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', Code.XML_DOCTYPE),
        (b"<a>" * 300, Code.XML_LIMIT),
    ],
)
def test_refusals_of_the_xml_parser_are_findings(inspecting: Inspecting, text: bytes, code: Code) -> None:
    report = inspecting(text)
    assert (codes(report), report.form, report.judgement) == ([code], Form.XML, Judgement.FAILED)


def test_refusals_of_the_archive_reader_are_findings(inspecting: Inspecting, zipped: Zipped) -> None:
    report = inspecting(zipped({"a.xml": b"<a/>"}) + b"!")
    assert (codes(report), report.form) == ([Code.ARCHIVE_CONTRADICTION], Form.ARCHIVE)


def test_every_refusal_of_the_readers_has_a_finding() -> None:
    for reason in Reason:
        if reason.name.startswith("ARCHIVE_"):
            assert finding_of(Refused(reason, "a.xml")).code.name == reason.name
    with pytest.raises(Refused):
        finding_of(Refused(Reason.OFFICE_UNKNOWN))


def test_what_lies_in_an_archive_is_inspected_in_its_place(inspecting: Inspecting, zipped: Zipped) -> None:
    inner = zipped({"deep/bad.xml": b"<a>", "good.xml": b"<a/>"})
    report = inspecting(zipped({"one.png": b"x", "inner.zip": inner}), "all.zip")
    assert [(each.code, each.place) for each in report.findings] == [
        (Code.XML_MALFORMED, "inner.zip > deep/bad.xml > line 1, column 4")
    ]
    assert list(report.digests) == ["all.zip", "one.png", "inner.zip"]


def test_a_damaged_entry_is_found(inspecting: Inspecting, zipped: Zipped) -> None:
    whole = bytearray(zipped({"a.png": b"some bytes of a picture" * 20}))
    whole[40] ^= 0xFF
    assert codes(inspecting(bytes(whole))) == [Code.ARCHIVE_DAMAGED]


def test_archives_in_archives_end(inspecting: Inspecting, zipped: Zipped) -> None:
    nested = zipped({"a.xml": b"<a/>"})
    for _ in range(6):
        nested = zipped({"next.zip": nested})
    assert codes(inspecting(nested)) == [Code.ARCHIVE_LIMIT]


def test_archives_in_an_archive_share_one_allowance(inspecting: Inspecting, zipped: Zipped) -> None:
    """Nested bombs: each inner archive would be taken alone, all of them together are not."""
    bomb = zipped({f"{number}.png": bytes(4_000_000) for number in range(7)})
    report = inspecting(zipped({f"{number}.zip": bomb for number in range(20)}))
    assert Code.ARCHIVE_LIMIT in codes(report)
    assert inspecting(bomb).judgement is not Judgement.FAILED


def test_a_report_holds_a_bounded_number_of_findings(inspecting: Inspecting, zipped: Zipped) -> None:
    assert len(inspecting(zipped({f"{number}.xml": b"<a>" for number in range(300)})).findings) == 200


def test_work_files_of_a_large_package_are_not_kept_open(inspecting: Inspecting, zipped: Zipped) -> None:
    large = random.Random(1).randbytes(1_100_000)
    package = zipped({f"{number}.png": large for number in range(12)})
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_open_files() + 6, before[1]))
    try:
        assert inspecting(package).judgement is Judgement.PASSED
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _open_files() -> int:
    return max(int(path.name) for path in Path("/proc/self/fd").iterdir()) + 1
