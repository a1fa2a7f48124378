"""Our number formats against the formats that offices published, row by row."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.office import OfficeCode, Right
from gateway.wire.numbers import NumberSource, shipped_formats

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "das" / "das_number_formats.csv"
if not PUBLISHED.exists():
    pytest.skip("the published formats are not here", allow_module_level=True)

RIGHTS = {
    "patent": [Right.PATENT],
    "utility": [Right.UTILITY_MODEL],
    "design": [Right.DESIGN],
    "trademark": [Right.TRADEMARK],
    "pct": [Right.PATENT],
    "design+utility": [Right.DESIGN, Right.UTILITY_MODEL],
}
with PUBLISHED.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def examples(text: str) -> list[str]:
    """`A / B` are two numbers; a group in brackets may be left out."""
    found = []
    for one in re.split(r" / (?=[A-Z]{2} )", text):
        found += [one.replace("(", "").replace(")", ""), re.sub(r"\(.*?\)", "", one)]
    return found


def expressions(row: dict[str, str]) -> list[str]:
    """The corrected expression, else the published ones; what follows ` -> ` or `(diff view` is not part of them."""
    text = row["regex_corrected"] or row["regex_as_published"].partition(" -> ")[0]
    return [one.strip().strip('"') for one in re.split(r"\s*\|{1,2}\s*(?=\^)", text)]


def test_all_rows_are_here() -> None:
    assert len(ROWS) == 56


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['office']}-{row['ip_type']}")
def test_published_examples_match_by_a_known_format(row: dict[str, str]) -> None:
    for right in RIGHTS[row["ip_type"]]:
        for number in examples(row["example"]):
            found = shipped_formats().normalise(OfficeCode(row["office"]), right, number)
            assert found.source is not NumberSource.GENERIC
            assert found.as_received == number


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['office']}-{row['ip_type']}")
def test_all_that_the_published_expression_takes_is_taken(row: dict[str, str]) -> None:
    for expression in expressions(row):

        @settings(max_examples=25, database=None)
        @given(st.from_regex(re.compile(expression.removesuffix("$") + r"\Z", re.ASCII)))
        def check(number: str) -> None:
            for right in RIGHTS[row["ip_type"]]:
                if len(number) > 64 or not number.isprintable():  # \s is any white space, without end
                    continue
                found = shipped_formats().normalise(OfficeCode(row["office"]), right, number)
                assert found.source is not NumberSource.GENERIC

        check()
