"""adapters/das/codec.py."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from adapters.das import codec
from adapters.das.config import read_config
from gateway.core.office import OfficeCode, Right
from gateway.core.reason import Deferred, Reason
from gateway.wire import das

BASE = {"base_url": "https://das.example/das-api/v1"}
CONFIG = read_config(BASE)


@pytest.mark.parametrize(
    ("normal", "sent"),
    [
        ("XC 2026/000123", "XC 2026/000123"),
        ("2026/000123", "XC 2026/000123"),
        ("PCT/XC2026/000123", "PCT/XC2026/000123"),
        ("XC2026", "XC XC2026"),
    ],
)
def test_a_number_goes_with_its_office(errands, normal, sent):
    application = replace(errands.application, normal=normal)
    assert codec.document_number(application, CONFIG) == sent


def test_a_number_can_go_as_it_was_received(errands):
    config = read_config({**BASE, "number": "received"})
    assert codec.document_number(replace(errands.application, number="26-123"), config) == "XC 26-123"


def test_a_plain_registration_of_an_office_that_makes_its_codes(errands):
    body = codec.registration(errands.cargo().subject, "f-1", CONFIG)
    assert msgspec.json.decode(codec.write(body, CONFIG)) == {
        "operationCategory": "registration",
        "documentKindCategory": "patent",
        "documentNumber": "XC 2026/000123",
        "documentDate": "2026-02-03",
        "dasAccessCode": "7QX1",
        "applicationCategory": None,
        "applicationNumber": None,
        "applicationFilingDate": None,
        "email": None,
        "fileId": "f-1",
    }


def test_where_the_bureau_makes_the_code_it_gets_the_applicants_address(errands):
    body = codec.registration(errands.cargo(access_code=None).subject, None, CONFIG)
    written = msgspec.json.decode(codec.write(body, CONFIG))
    assert (written["dasAccessCode"], written["email"]) == (None, "applicant@example.org")
    assert "fileId" not in written


def test_a_foreign_documents_copy_names_the_application_in_whose_file_it_lies(errands):
    cargo = errands.cargo(own_number="XC 2026/000200", own_filing_date=date(2026, 6, 1)).subject
    written = msgspec.json.decode(codec.write(codec.registration(cargo, None, CONFIG), CONFIG))
    assert written["applicationCategory"] == "priority document"
    assert (written["applicationNumber"], written["applicationFilingDate"]) == ("XC 2026/000200", "2026-06-01")


def test_a_retrieval_names_a_holding_office_and_not_our_own_file(errands):
    plain = msgspec.json.decode(codec.write(codec.retrieval(errands.obtain(), CONFIG), CONFIG))
    assert plain["applicationNumber"] is None and "holdingOfficeCode" not in plain
    held = codec.retrieval(errands.obtain(holding_office=OfficeCode("XD")), CONFIG)
    assert msgspec.json.decode(codec.write(held, CONFIG)) == {**plain, "holdingOfficeCode": "XD"}


def test_a_change_names_only_what_changes(errands):
    body = codec.change(errands.application, date(2026, 2, 1), CONFIG, new_date=date(2026, 2, 3), file_id=None)
    assert msgspec.json.decode(codec.write(body, CONFIG)) == {
        "documentKindCategory": "patent",
        "documentNumber": "XC 2026/000123",
        "documentDate": "2026-02-01",
        "newDocumentDate": "2026-02-03",
    }


def test_the_settings_spell(errands):
    config = read_config(
        {
            **BASE,
            "names": {"documentNumber": "docNo", "documentRegistrationBag": "bag", "fileChecksum": "sum"},
            "kinds": {"design": "industrial design"},
        }
    )
    application = replace(errands.application, right=Right.DESIGN)
    query = codec.query(application, config, dated=False)
    assert query == {"docNo": "XC 2026/000123", "documentKindCategory": "industrial design"}
    item = {"documentKindCategory": "d", "docNo": "N1", "documentDate": "2026-02-03", "sum": "ab"}
    bag = codec.read(msgspec.json.encode({"bag": [item]}), das.RegistrationBag, config)
    assert (bag.document_registration_bag[0].document_number, bag.document_registration_bag[0].file_checksum) == (
        "N1",
        "ab",
    )
    body = codec.change(application, date(2026, 2, 1), config, new_date=None, file_id="f")
    assert "docNo" in msgspec.json.decode(codec.write(body, config))


@pytest.mark.parametrize("names", [{}, {"requestAckId": "id"}], ids=["our spelling", "theirs"])
@pytest.mark.parametrize("body", [b"<html>", b'{"requestAckId":5,"id":5}', b"[]", b"[" * 99_999])
def test_what_cannot_be_read_is_malformed(names, body):
    with pytest.raises(Deferred) as deferred:
        codec.read(body, das.Acknowledgement, read_config({**BASE, "names": names}))
    assert deferred.value.reason is Reason.REMOTE_MALFORMED
