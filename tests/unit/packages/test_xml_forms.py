"""XML forms: what a document says of its application is held against itself and against what it is sent for."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.finding import Code, Form, Judgement, Report
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.bibliographic import is_same_number
from gateway.packages.form import Declared
from gateway.packages.inspecting import inspect
from gateway.wire.xml import PACKAGED

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ST36 = """<!DOCTYPE ep-patent-document PUBLIC "-//EPO//EP PATENT DOCUMENT 1.0//EN" "ep-patent-document-v1-0.dtd">
<ep-patent-document><SDOBI><B100><B190>XA</B190></B100><B200><B210>05255002.7</B210><B220><date>20250811</date></B220></B200>
<B300><B310>2004351438</B310><B320><date>20241203</date></B320><B330><ctry>JP</ctry></B330></B300></SDOBI>
<p>text</p></ep-patent-document>"""
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="http://www.wipo.int/standards/XMLSchema/ST96/{name}"'
    for prefix, name in (("com", "Common"), ("pat", "Patent"), ("dgn", "Design"), ("tmk", "Trademark"))
)
ST96 = f"""<pat:BibliographicData {_NAMESPACES} com:st96Version="V6_0"><pat:ApplicationIdentification>
<com:IPOfficeCode>XA</com:IPOfficeCode><com:ApplicationNumber><com:ApplicationNumberText>05255002</com:ApplicationNumberText>
</com:ApplicationNumber><pat:FilingDate>2025-08-11</pat:FilingDate></pat:ApplicationIdentification>
<pat:PriorityClaimBag><pat:PriorityClaim com:sequenceNumber="1"><com:IPOfficeCode>JP</com:IPOfficeCode>
<pat:FilingDate>2024-12-03</pat:FilingDate></pat:PriorityClaim></pat:PriorityClaimBag></pat:BibliographicData>"""
DESIGN = f"""<dgn:DesignApplication {_NAMESPACES} com:st96Version="V6_0">
<com:RegistrationOfficeCode>XA</com:RegistrationOfficeCode><com:ApplicationNumber><com:ApplicationNumberText>05255002
</com:ApplicationNumberText></com:ApplicationNumber><dgn:DesignBag><dgn:Design><dgn:PriorityBag><dgn:Priority>
<com:PriorityCountryCode>JP</com:PriorityCountryCode><com:PriorityApplicationFilingDate>2025-03-03
</com:PriorityApplicationFilingDate></dgn:Priority></dgn:PriorityBag></dgn:Design></dgn:DesignBag>
<com:ApplicationDate>2025-08-11</com:ApplicationDate></dgn:DesignApplication>"""
ST26 = """<!DOCTYPE ST26SequenceListing PUBLIC "-//WIPO//DTD Sequence Listing 1.3//EN" "ST26SequenceListing_V1_3.dtd">
<ST26SequenceListing dtdVersion="V1_3"><ApplicationIdentification><IPOfficeCode>XA</IPOfficeCode>
<ApplicationNumberText>05255002</ApplicationNumberText><FilingDate>2025-08-11</FilingDate></ApplicationIdentification>
<SequenceTotalQuantity>2</SequenceTotalQuantity>
<SequenceData sequenceIDNumber="1"><INSDSeq><INSDSeq_length>4</INSDSeq_length><INSDSeq_moltype>DNA</INSDSeq_moltype>
<INSDSeq_sequence>acgt</INSDSeq_sequence></INSDSeq></SequenceData>
<SequenceData sequenceIDNumber="2"><INSDSeq><INSDSeq_length>3</INSDSeq_length><INSDSeq_moltype>AA</INSDSeq_moltype>
<INSDSeq_sequence>MKV</INSDSeq_sequence></INSDSeq></SequenceData></ST26SequenceListing>"""
FORMS = {Form.ST36: ST36, Form.ST96: ST96, Form.ST26: ST26}


def application(right: Right = Right.PATENT, **change: object) -> Application:
    facts = {"office": OfficeCode("XA"), "number": "XA05255002", "filing_date": date(2025, 8, 11), **change}
    return Application(right=right, normal="", **facts)  # type: ignore[arg-type]


def run(text: str, declared: Application | None = None) -> Report:
    return inspect(text.encode(), name="a.xml", at=AT, roots=(), declared=Declared(application=declared))


def codes(report: Report) -> list[Code]:
    return [each.code for each in report.findings]


@pytest.mark.parametrize("form", FORMS)
def test_an_honest_document_of_the_application_has_no_finding(form: Form) -> None:
    report = run(FORMS[form], application())
    assert (report.form, codes(report), report.judgement) == (form, [], Judgement.PASSED)


def test_an_honest_design_has_no_finding_and_is_no_patent() -> None:
    assert codes(run(DESIGN, application(Right.DESIGN))) == []
    assert codes(run(DESIGN, application(Right.PATENT))) == [Code.RIGHT_MISMATCH]
    assert codes(run(ST96, application(Right.TRADEMARK))) == [Code.RIGHT_MISMATCH]
    assert codes(run(ST36, application(Right.UTILITY_MODEL))) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"office": OfficeCode("XB")}, Code.OFFICE_MISMATCH),
        ({"number": "2025/98761"}, Code.NUMBER_MISMATCH),
        ({"filing_date": date(2025, 8, 12)}, Code.DATE_MISMATCH),
    ],
)
def test_another_application_is_told(form: Form, change: dict[str, object], code: Code) -> None:
    report = run(FORMS[form], application(**change))
    assert (codes(report), report.judgement) == ([code], Judgement.FAILED)
    assert report.findings[0].place


@pytest.mark.parametrize(
    ("text", "claim"),
    [(ST36, ("20241203", "{:%Y%m%d}")), (ST96, ("2024-12-03", "{:%Y-%m-%d}")), (DESIGN, ("2025-03-03", "{:%Y-%m-%d}"))],
)
def test_a_priority_is_earlier_than_the_filing_and_not_too_early(text: str, claim: tuple[str, str]) -> None:
    written, form = claim
    restored = date(2025, 1, 1) if text is DESIGN else date(2024, 7, 1)  # six and twelve months, and two to restore
    for day, expected in (
        (date(2025, 8, 11), []),
        (date(2025, 8, 12), [Code.PRIORITY_AFTER_FILING]),
        (restored, []),
        (restored.replace(year=restored.year - 1), [Code.PRIORITY_EXPIRED]),
    ):
        assert codes(run(text.replace(written, form.format(day)))) == expected, day


def test_dates_that_are_none_or_to_come_are_told() -> None:
    assert codes(run(ST36.replace("20250811", "20250231"))) == [Code.DATE_MALFORMED]
    assert codes(run(ST96.replace("2025-08-11", "2027-08-11").replace("2024-12-03", "2026-12-03"))) == [
        Code.DATE_IN_FUTURE
    ]
    assert codes(run(ST96.replace(">JP<", ">JPO<"))) == [Code.OFFICE_CODE]


def test_a_document_that_names_no_application_is_a_warning() -> None:
    assert codes(run(ST36.replace("B210", "B211"))) == [Code.BIBLIOGRAPHY_MISSING]
    report = run(ST96.replace("ApplicationNumberText", "ApplicationNumber2"))
    assert (codes(report), report.judgement) == ([Code.BIBLIOGRAPHY_MISSING], Judgement.PASSED)


def test_documents_of_annex_f_are_known_by_their_type() -> None:
    report = run('<!DOCTYPE fee-sheet PUBLIC "-//WIPO//DTD FEE SHEET 1.0//EN" "fee-sheet-v1-0.dtd"><fee-sheet/>')
    assert (report.form, codes(report)) == (Form.ST36, [])
    assert run("<fee-sheet/>").form is Form.XML
    unknown = run('<!DOCTYPE fee-sheet SYSTEM "http://evil.invalid/x.dtd"><fee-sheet/>')
    assert codes(unknown) == [Code.XML_DOCTYPE]


def test_pages_that_are_images_are_noted() -> None:
    page = '<doc-page id="p1" file="0001.tif" type="tif"/>'
    assert codes(run(ST36.replace("<p>text</p>", page))) == [Code.PAGES_AS_IMAGES]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Quantity>2<", "Quantity>3<", Code.LISTING_QUANTITY),
        ('IDNumber="2"', 'IDNumber="3"', Code.LISTING_ORDER),
        (">acgt<", ">acgu<", Code.LISTING_SEQUENCE),
        (">MKV<", ">MKVA<", Code.LISTING_SEQUENCE),
        (">MKV<", ">MK1<", Code.LISTING_SEQUENCE),
    ],
)
def test_a_listing_is_held_against_itself(old: str, new: str, code: Code) -> None:
    report = run(ST26.replace(old, new))
    assert (codes(report), report.judgement) == ([code], Judgement.PASSED)


def test_a_sequence_left_out_on_purpose_is_none() -> None:
    assert codes(run(ST26.replace(">MKV<", ">000<"))) == []


def test_references_are_looked_for_in_the_archive(zipped: Callable[[dict[str, bytes]], bytes]) -> None:
    document = ST36.replace("<p>text</p>", '<img file="imgf0001.tif"/><img file="IMG/imgf0002.TIF"/>').encode()
    there = {"a/doc.xml": document, "a/imgf0001.tif": b"II*\0", "imgf0002.tif": b"II*\0"}
    complete = inspect(zipped(there), name="p.zip", at=AT, roots=())
    assert Code.REFERENCE_DANGLING not in codes(complete)
    del there["a/imgf0001.tif"]
    found = [
        each
        for each in inspect(zipped(there), name="p.zip", at=AT, roots=()).findings
        if each.code is Code.REFERENCE_DANGLING
    ]
    assert [(each.place, each.detail) for each in found] == [("a/doc.xml > /ep-patent-document/img[1]", "imgf0001.tif")]


def test_what_is_too_large_is_not_looked_into_and_not_refused() -> None:
    text = ST36.replace("text", "x" * PACKAGED.size)
    report = run(text)
    assert (codes(report), report.judgement) == ([Code.XML_TOO_LARGE], Judgement.INDETERMINATE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("05255002.7", "EP05255002", True),
        ("2004-351438", "JP2004351438", True),
        ("特願2019-165329", "H31-165329", True),
        ("PCT/IB2026/000001", "IB2026/000001", True),
        ("123", "2026/123", True),
        ("ABC", "abc", True),
        ("ABC", "abd", False),
        ("05255002", "05255003", False),
        ("2026/1", "2025/2", False),
    ],
)
def test_numbers_are_compared_by_what_can_be_the_same(one: str, other: str, same: bool) -> None:
    assert is_same_number(one, other) is is_same_number(other, one) is same


@given(st.text(max_size=80))
def test_whatever_stands_in_the_dates_and_numbers_ends_in_findings(text: str) -> None:
    content = "".join(letter for letter in text if letter.isprintable() and letter not in "<&>")
    for document in (ST36, ST96, ST26):
        for value in ("05255002", "2025-08-11", "20250811", "acgt"):
            assert run(document.replace(value, content), application()).form in FORMS
