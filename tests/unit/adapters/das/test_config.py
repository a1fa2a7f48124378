"""adapters/das/config.py."""

import re
from datetime import timedelta

import pytest

from adapters.das.config import CHOICES, Evidence, read_config
from adapters.das.protocol import Operation
from gateway.core.office import Right
from gateway.core.reason import Reason
from gateway.wire import das

BASE = {"base_url": "https://das.example/das-api/v1"}


def test_the_defaults_are_the_table():
    config = read_config(BASE)
    assert config.token_url == "https://das.example/am/oauth2/access_token"
    assert config.paths["find"] == "/documents/registrations"
    assert config.kinds[Right.UTILITY_MODEL] == "utility model"
    assert config.codes == {
        -7: Reason.NOT_REGISTERED,
        -12: Reason.DATE_MISMATCH,
        -14: Reason.ACCESS_CODE_MISMATCH,
        -20: Reason.ALREADY_REGISTERED,
        -30: Reason.HOLDER_CANNOT_GIVE,
        -31: Reason.HOLDER_CANNOT_GIVE,
        -32: Reason.HOLDER_CANNOT_GIVE,
    }
    assert config.names == {}
    assert not config.email_required


def test_every_row_can_be_overridden():
    for choice in CHOICES:
        table, _, key = choice.key.rpartition(".")
        value = {"paths": "/other", "codes": "REMOTE_BUSY", "names": "otherName"}.get(table, "other")
        words = {"applicant_email": "required"}
        settings = {**BASE, **({table: {key: value}} if table else {key: words.get(key, f"/{value}")})}
        assert read_config(settings) != read_config(BASE), choice.key


def test_every_row_says_how_it_is_known():
    assert all(choice.source for choice in CHOICES)
    inferred = {choice.key for choice in CHOICES if choice.evidence is Evidence.INFERRED}
    assert {"paths.find", "paths.registration-status", "codes.-20", "names.holdingOfficeCode"} <= inferred
    assert len({choice.key for choice in CHOICES}) == len(CHOICES)


def test_the_table_has_every_path_and_every_name_that_is_used():
    rows = {choice.key for choice in CHOICES}
    assert {f"paths.{operation.path}" for operation in Operation} == {row for row in rows if row.startswith("paths.")}
    shapes = [shape for shape in vars(das).values() if isinstance(shape, type) and issubclass(shape, das.Body)]
    members = {f"names.{name}" for shape in shapes for name in shape.__struct_encode_fields__}
    assert members == {row for row in rows if row.startswith("names.")}


def test_times_are_read_in_seconds():
    config = read_config({**BASE, "poll_seconds": 1, "settle_seconds": 0.5})
    assert (config.poll, config.settle) == (timedelta(seconds=1), timedelta(seconds=0.5))


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, "base_url: is missing"),
        ({**BASE, "basis": "sesame"}, "basis: unknown key"),
        ({**BASE, "paths": {"registratons": "/sesame"}}, "paths.registratons: unknown key"),
        ({**BASE, "names": {"dasCode": "sesame"}}, "names.dasCode: unknown key"),
        ({**BASE, "kinds": {"plant": "sesame"}}, "kinds.plant: unknown key"),
        ({**BASE, "codes": {"7": "REMOTE_BUSY"}}, "codes.7: unknown key"),
        ({**BASE, "codes": {"-7": "SESAME"}}, "codes.-7: is no Reason of the error table"),
        ({**BASE, "paths": {"find": "https://sesame"}}, "paths.find: cannot be used"),
        ({**BASE, "names": {"email": "se same"}}, "names.email: cannot be used"),
        ({**BASE, "poll_seconds": "sesame"}, "poll_seconds: cannot be used"),
        ({**BASE, "poll_seconds": 0}, "poll_seconds: cannot be used"),
        ({**BASE, "number": "sesame"}, "number: cannot be used"),
        ({**BASE, "applicant_email": "sesame"}, "applicant_email: cannot be used"),
        ({"base_url": "http://sesame/das-api/v1"}, "base_url: an https URL without user, query and fragment"),
        ({"base_url": "https://user@sesame/"}, "base_url: an https URL without user, query and fragment"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_path_and_never_by_its_value(settings, place):
    with pytest.raises(ValueError, match=f"^{re.escape(place)}$"):
        read_config(settings)
