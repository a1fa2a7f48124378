"""Tables that another file knows better are what that file says."""

import re

from fenced import ROOT
from generated_pages import calls_table, findings_page, reasons_page, with_calls

from gateway.core.finding import Code
from gateway.core.reason import Reason
from gateway.core.receipt import Event

REMEDY = "run python tests/docs/generated_pages.py"


def test_the_reasons_page_is_the_table_of_reasons():
    page = (ROOT / "docs" / "reasons.md").read_text()
    assert page == reasons_page(), REMEDY
    assert re.findall(r"^\| (\d{4}) \|", page, re.MULTILINE) == [reason.code for reason in Reason]


def test_the_findings_page_is_the_table_of_findings():
    page = (ROOT / "docs" / "findings.md").read_text()
    assert page == findings_page(), REMEDY
    assert re.findall(r"^\| ([a-z0-9-]+) \| (?:error|warning|note) \|", page, re.MULTILINE) == [
        row.code for row in Code
    ]


def test_the_table_of_calls_is_that_of_the_openapi_description():
    page = (ROOT / "docs" / "integrators.md").read_text()
    assert calls_table() in page, REMEDY
    assert with_calls(page) == page


def test_a_call_that_is_missing_would_be_noticed():
    page = (ROOT / "docs" / "integrators.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith("| `GET /notifications`"))
    assert with_calls(page.replace(row + "\n", "")) == page


def test_the_table_of_operations_is_that_of_the_wsdl():
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "integrators.md").read_text(), re.MULTILINE)
    contract = (ROOT / "wsdl" / "exchange.wsdl").read_text().partition("<wsdl:binding")[0]
    operations = re.findall(r'<wsdl:operation name="(\w+)"', contract)
    assert [row for row in rows if row[0].isupper()] == operations


def test_the_table_of_events_is_that_of_the_notifications():
    table = (ROOT / "docs" / "integrators.md").read_text().partition("| event |")[2].partition("\n\n")[0]
    told = {word for row in re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE) for word in re.findall(r"[\w-]+", row)}
    assert told == {event.value for event in Event}


def test_codes_in_the_pages_are_codes_of_the_table():
    known = {reason.code for reason in Reason}
    for path in sorted((ROOT / "docs").glob("*.md")):
        for code in re.findall(r"\b(?:Reason|with|code) (\d{4})\b", path.read_text()):
            assert code in known, f"{path.name}: {code}"
