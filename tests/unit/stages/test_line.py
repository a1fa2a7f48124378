"""The line's equipment: ids and entries of this moment, and the measuring of its verbs."""

import json

import pytest
from core_values import NOW, XA, application

from gateway.core.exchange import Step
from gateway.core.reason import Reason, Refused
from gateway.stages.line import timed


def test_every_id_salt_and_entry_is_its_own(bench):
    line = bench.line
    assert len({line.new_id() for _ in range(100)}) == 100
    entries = [line.entry(hosted=XA, exchange_id=None, step=Step.FETCHED, actor="XA") for _ in range(100)]
    assert len({entry.entry_id for entry in entries}) == 100
    salts = {json.loads(entry.leaf[1:])["salt"] for entry in entries}
    assert len(salts) == 100 and {len(salt) for salt in salts} == {32}
    assert not any(entry.entry_id.replace("-", "")[12:] in salt for entry in entries for salt in salts)


def test_an_entry_is_of_this_moment(bench):
    entry = bench.line.entry(hosted=XA, exchange_id="e", step=Step.REFUSED, actor="XA", outcome="5008", count=3)
    assert (entry.at, entry.hosted, entry.exchange_id, entry.step) == (NOW, XA, "e", Step.REFUSED)
    leaf = json.loads(entry.leaf[1:])
    assert (leaf["outcome"], leaf["count"]) == ("5008", 3)


def test_numbers_are_compared_in_the_office_s_form(bench):
    assert bench.line.normalised(application(number="2026/7")) == "XA 20267"


def test_a_verb_that_came_to_its_end_is_measured_and_a_refusal_is_not(bench):
    with timed("unpack", bench.line):
        pass
    with pytest.raises(Refused), timed("validate", bench.line):
        raise Refused(Reason.NOT_XML)
    ((name, stage, seconds),) = bench.meter.told
    assert (name, stage) == ("stage_took", "unpack") and 0 <= seconds < 60
