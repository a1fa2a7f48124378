"""JSON answers: every Reason in one form, and an access code in clear only where it is written on purpose."""

import json

import pytest

from gateway.core.finding import Code, found
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.secret import Secret
from gateway.wire.replies import Package
from gateway.wire.rest_render import render_error, render_json
from gateway.wire.rest_structs import ErrorDetail


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_error(reason: Reason) -> None:
    assert json.loads(render_error(Deferred(reason))) == {
        "code": reason.code,
        "message": reason.text,
        "remedy": reason.remedy,
    }


def test_place_exchange_and_details() -> None:
    detail = ErrorDetail(code="3016", message="The date is not possible.", place="/application/filingDate")
    told = json.loads(render_error(Refused(Reason.SCHEMA_VIOLATION, "/application"), "an-id", (detail,)))
    assert (told["place"], told["exchangeId"]) == ("/application", "an-id")
    assert told["details"] == [
        {"code": "3016", "message": "The date is not possible.", "place": "/application/filingDate"}
    ]


def test_access_code_is_written_for_whom_it_was_made() -> None:
    package = Package(exchange_id="x", version=1, access_code=Secret("A2B4"), documents=())
    assert json.loads(render_json(package)) == {
        "exchangeId": "x",
        "version": 1,
        "accessCode": "A2B4",
        "documents": [],
    }


def test_nothing_else_has_a_form_of_its_own() -> None:
    with pytest.raises(TypeError):
        render_json(Package(exchange_id="x", version=1, documents=(object(),)))


def test_findings_of_a_document_are_details_of_the_error():
    error = Refused(Reason.DOCUMENT_FAULTY, "copy", findings=(found(Code.PDF_SCRIPT_RUNS, "page 1", "x"),))
    [detail] = json.loads(render_error(error))["details"]
    row = Code.PDF_SCRIPT_RUNS
    assert detail == {
        "code": row.code,
        "message": row.text,
        "place": "page 1",
        "severity": "error",
        "rule": row.rule,
        "remedy": row.remedy,
        "detail": "x",
    }
