"""What is known of an exchange: its documents by version, its facts, and what a counterpart has of it."""

from datetime import date

import pytest
from core_values import IB, NOW, XB, document, exchange, planned, view

from gateway.core.document import Role
from gateway.core.exchange import Fact, FactName
from gateway.core.transmission import Task, TransmissionState

DONE, REFUSED, READY = TransmissionState.DONE, TransmissionState.REFUSED, TransmissionState.READY
CERTIFICATE = {"role": Role.REGISTRATION_CERTIFICATE, "content_id": "certificate.pdf"}


def names(known, version):
    return [f"{each.listed.content_id} {each.version}" for each in known.documents_of(version)]


def test_a_version_has_the_documents_that_came_last():
    known = view(documents=(document(1), document(1, content_id="b.xml"), document(3)))
    assert names(known, 0) == []
    assert names(known, 1) == names(known, 2) == ["copy.pdf 1", "b.xml 1"]
    assert names(known, 3) == names(known, 9) == ["copy.pdf 3"]


@pytest.mark.parametrize("came_with", [1, 2])
def test_a_certificate_does_not_take_the_place_of_what_it_certifies(came_with):
    known = view(documents=(document(1), document(came_with, **CERTIFICATE)))
    assert names(known, 2) == ["copy.pdf 1", f"certificate.pdf {came_with}"]


def test_the_newest_fact_counts():
    facts = tuple(Fact(name=FactName.AVAILABLE, at=NOW, value=value) for value in ("1", "2"))
    assert view(facts=facts).fact(FactName.AVAILABLE) == "2"
    assert view(facts=facts).fact(FactName.FETCHED) is None


def at(task, state, filing_date, **changes):
    more = changes.pop("more", {})
    return planned(task, state, progress={"filing_date": filing_date} | more, **changes)


def test_a_counterpart_has_the_date_that_it_was_told_last():
    place, correct = at(Task.PLACE, DONE, "2026-03-01"), at(Task.CORRECT, DONE, "2026-03-02")
    for transmissions, known in [
        ((), None),
        ((at(Task.PLACE, READY, "2026-03-01"),), None),
        ((at(Task.PLACE, REFUSED, "2026-03-01"),), None),
        ((place,), date(2026, 3, 1)),
        ((place, correct), date(2026, 3, 2)),
        ((place, correct, at(Task.CORRECT, REFUSED, "2026-03-03")), date(2026, 3, 2)),
        ((place, at(Task.REPLACE, DONE, "2026-03-09")), date(2026, 3, 1)),
    ]:
        assert view(exchange(), transmissions=transmissions).placed_filing_date(IB, "das") == known


def test_each_counterpart_knows_for_itself():
    place = at(Task.PLACE, DONE, "2026-03-01")
    other = at(Task.CORRECT, DONE, "2026-03-02", counterpart=XB, adapter="office")
    known = view(transmissions=(place, other))
    assert known.placed_filing_date(IB, "das") == date(2026, 3, 1)
    assert known.placed_filing_date(XB, "office") == date(2026, 3, 2)
    assert known.placed_filing_date(IB, "other") is None


@pytest.mark.parametrize(
    ("task", "state", "more", "unsure"),
    [
        (Task.PLACE, READY, {}, False),
        (Task.PLACE, READY, {"intent": "now"}, True),
        (Task.PLACE, REFUSED, {"acknowledgement": "A-1"}, True),
        (Task.PLACE, TransmissionState.HELD, {"intent": "now"}, True),
        (Task.PLACE, DONE, {"intent": "now"}, False),
        (Task.CORRECT, READY, {"intent": "now"}, False),
    ],
)
def test_a_registration_that_was_begun_may_be_there(task, state, more, unsure):
    known = view(transmissions=(at(task, state, "2026-03-01", more=more),))
    assert known.unsure_filing_date(IB, "das") == (date(2026, 3, 1) if unsure else None)
    assert known.unsure_filing_date(XB, "das") is None
