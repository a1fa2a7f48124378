"""Numbers: kept as received, compared in the office's own form, refused where that form is known and another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.office import OfficeCode, Right
from gateway.core.reason import Reason, Refused
from gateway.wire.numbers import NumberFormat, NumberFormats, NumberSource, shipped_formats

FORMATS = shipped_formats()
XA = OfficeCode("XA")


def normal(office: str, right: Right, number: str) -> str:
    found = FORMATS.normalise(OfficeCode(office), right, number)
    assert found.as_received == number
    return found.normal


@pytest.mark.parametrize(
    ("office", "right", "numbers", "expected"),
    [
        ("AT", Right.PATENT, ["AT A 1/2019", "A1/2019", "at a 1/2019", "A  1/2019", "ATA 12019"], "AT A 1/2019"),
        ("BR", Right.DESIGN, ["BR BR 987654321123 4", "BR 987654321123 4", "9876543211234"], "BR BR 987654321123 4"),
        ("CU", Right.PATENT, ["CU CU/P/2022/0062087", "CU/P/2022/0062087"], "CU CU/P/2022/0062087"),
        ("CZ", Right.UTILITY_MODEL, ["CZ2025-42519U", "CZ 2025-42519 U", "202542519U"], "CZ 2025-42519 U"),
        ("EP", Right.PATENT, ["EP 16000312", "EP16000312.7", "16000312.7", "160003127"], "EP 16000312"),
        ("FR", Right.PATENT, ["FR FR1909731", "FR1909731", "1909731"], "FR FR1909731"),
        ("FR", Right.DESIGN, ["FR 19097314-123", "19097314123"], "FR 19097314-123"),
        ("FR", Right.DESIGN, ["FR 19097314"], "FR 19097314"),
        ("SE", Right.PATENT, ["SE SE 1101235-4", "SE 11012354"], "SE 1101235-4"),
        ("US", Right.PATENT, ["US 98/012,357", "98/012,357"], "US 98/012,357"),
        ("US", Right.PATENT, ["PCT/US2020/123456", "PCTUS2020123456", "US PCT/US2020/123456"], "PCT/US2020/123456"),
        ("XA", Right.PATENT, ["PCT/XA2020/123456"], "PCT/XA2020/123456"),
        ("XA", Right.PATENT, ["XA 2024 / 17", "2024 /  17"], "XA 2024 / 17"),
        ("JP", Right.PATENT, ["特願２０２０-123456", "JP 特願2020-123456"], "JP 特願2020-123456"),
        ("AR", Right.TRADEMARK, ["1234567"], "AR 1234567"),
    ],
)
def test_one_number_in_many_hands(office: str, right: Right, numbers: list[str], expected: str) -> None:
    assert {normal(office, right, number) for number in numbers} == {expected}


@pytest.mark.parametrize(
    ("office", "right", "number"),
    [
        ("US", Right.PATENT, "98012357"),
        ("US", Right.PATENT, "XA 98/012,357"),
        ("US", Right.PATENT, "PCT/IB2020/123456"),
        ("US", Right.DESIGN, "PCT/US2020/123456"),
        ("AU", Right.PATENT, "123456789"),
        ("AU", Right.PATENT, "١٢٣٤٥٦٧٨٩٠"),
        ("XA", Right.PATENT, ""),
        ("XA", Right.PATENT, "   "),
        ("XA", Right.PATENT, "no digit"),
        ("XA", Right.PATENT, "1" * 65),
        ("XA", Right.PATENT, "12\x0034"),
        ("XA", Right.PATENT, "12\u202e34"),
        ("XA", Right.PATENT, "<script>1"),
    ],
)
def test_other_forms_are_refused(office: str, right: Right, number: str) -> None:
    with pytest.raises(Refused) as caught:
        normal(office, right, number)
    assert caught.value.reason is Reason.NUMBER_MALFORMED
    assert caught.value.place is None


def test_source_says_what_is_known() -> None:
    def source(office: str, number: str) -> NumberSource:
        return FORMATS.normalise(OfficeCode(office), Right.PATENT, number).source

    assert source("AU", "2010001234") is NumberSource.OFFICE
    assert source("AU", "PCT/AU2010/001234") is NumberSource.EVERY_OFFICE
    assert source("XA", "2010001234") is NumberSource.GENERIC


def line(expression: str, normal: str = r"XA \1", office: str = "XA", right: Right = Right.PATENT) -> NumberFormat:
    return NumberFormat(office=office, rights=frozenset({right}), expression=expression, normal=normal)


def test_settings_add_formats_and_replace_ours_by_office_and_right() -> None:
    added = FORMATS.adding([line(r"(\d{4})-(\d{3})", r"XA \1-\2"), line(r"(\d{2})", r"US \1", "US")])
    assert added.normalise(XA, Right.PATENT, "XA2024-123").normal == "XA 2024-123"
    assert added.normalise(OfficeCode("US"), Right.PATENT, "17").normal == "US 17"
    assert added.normalise(OfficeCode("US"), Right.DESIGN, "29/010,907").normal == "US 29/010,907"
    for office, number in ((XA, "2024123"), (OfficeCode("US"), "98/012,357")):
        with pytest.raises(Refused):
            added.normalise(office, Right.PATENT, number)


@pytest.mark.parametrize(
    "expression",
    [
        r"\d+",
        r"\d*",
        r"(\d{1,9}){1,9}",
        r"(a|aa)+",
        r".{5}",
        r"\w{5}",
        r"(\d{4}",
        r"\d{4,",
        r"\d{1,9}\d{1,9}\d{1,9}\d{1,9}\d{1,9}",
        r"A?" * 9,
        "A" * 201,
        "",
    ],
)
def test_unbounded_or_broken_expressions_are_not_loaded(expression: str) -> None:
    with pytest.raises(ValueError, match="number format of XA"):
        NumberFormats([line(expression, "XA 1")])


def test_normal_form_and_office_mark_are_checked_when_loaded() -> None:
    with pytest.raises(ValueError, match="names a group"):
        NumberFormats([line(r"(\d{4})", r"XA \2")])
    with pytest.raises(ValueError, match="where the office stands"):
        NumberFormats([line(r"(\d{4})", r"\1", office="*")])
    with pytest.raises(ValueError, match="where the office stands"):
        NumberFormats([line("1234", "1", office="*")])


@given(st.sampled_from(["US", "AT", "EP", "XA", "FR"]), st.sampled_from(list(Right)), st.text(max_size=70))
def test_any_text_is_normalised_or_refused_and_the_normal_form_is_stable(office: str, right: Right, text: str) -> None:
    try:
        once = normal(office, right, text)
    except Refused:
        return
    if len(once) <= 64:
        assert normal(office, right, once) == once
