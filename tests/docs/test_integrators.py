"""The programs of docs/integrators.md, as a reader would copy them: joined section by section, and run."""

import json

import pytest
from documented_gateway import EXAMPLES
from fenced import ROOT, blocks, program, shell_lines

PAGE = ROOT / "docs" / "integrators.md"


@pytest.fixture(scope="module")
def soap_told(documented):
    """What the SOAP example printed."""
    return documented.run_python(program(PAGE, "Inline")).splitlines()


def test_the_soap_example_deposits_repeats_and_releases(documented, soap_told):
    held, released = soap_told
    assert held.endswith(" held")
    exchange = held.split()[0]
    state, _, decided = released.partition(" ")
    assert state in {"held", "released", "placed"} and "secrecy" in decided
    receipt = (documented.folder / "receipt.xml").read_text()
    assert f"<ExchangeId>{exchange}</ExchangeId>" in receipt


def test_the_rest_example_goes_from_the_token_to_the_package(documented):
    told = documented.run_python(program(PAGE, "Keys", "Token", "Calls", "Notifications")).splitlines()
    exchange, state = told[0].split()
    assert state == "held"
    assert f"placed {exchange}" in told
    assert told[-1] == "1 ['certified-copy']"
    assert (documented.folder / f"{exchange}-copy").read_bytes().startswith(b"%PDF-1.7")


@pytest.mark.usefixtures("soap_told")
def test_a_receipt_is_verified_as_the_page_says(documented):
    [block] = [block for block in blocks(PAGE, "sh") if block.heading == "Notifications"]
    [line] = shell_lines(block.text)
    assert "passed" in documented.run(line).lower()


def test_the_ledger_example_proves_an_entry_that_is_verified_offline(documented):
    origin, kind = documented.run_python(program(PAGE, "Keys", "Token", "The ledger")).split()
    assert "/ledger" in origin and kind.endswith("-changed"), "the first entry tells what is in force"
    [block] = [block for block in blocks(PAGE, "sh") if block.heading == "The ledger"]
    [line] = shell_lines(block.text)
    assert documented.run(line).startswith("good")


def test_the_whole_program_deposits(documented):
    copy = documented.folder / "program.pdf"
    copy.write_bytes(b"%PDF-1.7 by the whole program")
    told = documented.run(
        f"python {EXAMPLES / 'deposit.py'} --wsdl https://127.0.0.1:8443/soap/exchange?wsdl --ca office/keys/ca.pem"
        " --key office/keys/system.key --certificate office/keys/system.pem --office XA"
        " --gateway-certificate office/keys/signing.pem --number 2026/000021 --date 2026-02-27"
        " --email applicant@example.org program.pdf"
    )
    assert json.loads(told)["state"] == "held"


def test_a_plain_pdf_is_made_and_validated(documented):
    told = documented.run_python(program(PAGE, "Before you send")).splitlines()
    assert told[-1] == "0 pdf PASSED"
    assert [line.split()[:2] for line in told[:-1]] == [["note", "pdf-font-standard"]]
    [block] = [block for block in blocks(PAGE, "sh") if block.heading == "Before you send"]
    [line] = shell_lines(block.text)
    assert "PASSED" in documented.run(line.replace("copy.pdf", "plain.pdf"))
