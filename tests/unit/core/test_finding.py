"""The table of findings and the reports made of it."""

import re

import pytest

from gateway.core.finding import (
    CertificationVerdict,
    Code,
    Form,
    Judgement,
    Report,
    Severity,
    found,
    judged,
    read_report,
)


def test_every_row_can_be_acted_on() -> None:
    for row in Code:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.code)
        assert row.text.endswith(".") and row.remedy.endswith(".") and row.rule and "|" not in row.text + row.rule
    assert len({row.code for row in Code}) == len(Code)


def test_a_finding_is_told_with_everything_a_clerk_needs() -> None:
    assert found(Code.ARCHIVE_LINK, "figures/D000001.tif").told() == {
        "severity": "error",
        "code": "archive-link",
        "place": "figures/D000001.tif",
        "rule": Code.ARCHIVE_LINK.rule,
        "text": Code.ARCHIVE_LINK.text,
        "remedy": Code.ARCHIVE_LINK.remedy,
    }


def test_values_of_the_thing_are_bounded_and_printable() -> None:
    one = found(Code.TYPE_MISMATCH, "a\nb" * 1000, "\x1b[31mred" * 100)
    assert one.place is not None and len(one.place) == 600 and "\n" not in one.place
    assert one.detail is not None and len(one.detail) == 200 and "\x1b" not in one.detail


def test_a_place_inside_a_package_is_told_from_outside() -> None:
    assert found(Code.EMPTY).within("core.pdf").within("inner.zip").place == "inner.zip > core.pdf"


@pytest.mark.parametrize(
    ("codes", "judgement"),
    [
        ([], Judgement.PASSED),
        ([Code.NOT_EXAMINED], Judgement.INDETERMINATE),
        ([Code.FORM_UNKNOWN, Code.EMPTY], Judgement.FAILED),
    ],
)
def test_findings_lead_to_a_judgement(codes: list[Code], judgement: Judgement) -> None:
    assert judged(found(code) for code in codes) is judgement


def test_a_report_is_told_as_an_object_with_verdict_and_findings() -> None:
    report = Report(
        form=Form.PDF,
        name="copy.pdf",
        judgement=Judgement.FAILED,
        findings=(found(Code.EMPTY), found(Code.FORM_UNKNOWN)),
        digests={"copy.pdf": "00"},
        certification=CertificationVerdict(
            judgement=Judgement.PASSED, explanation="signed", signer="ab", covers_all=True
        ),
    )
    told = report.told()
    assert told["verdict"] == "FAILED" and [each["code"] for each in told["findings"]] == ["empty", "form-unknown"]  # type: ignore[attr-defined]
    assert told["certification"] == {"verdict": "PASSED", "explanation": "signed", "coversAll": True, "signer": "ab"}
    assert report.of(Severity.ERROR) == (found(Code.EMPTY),)
    assert read_report(told) == report
