"""What adapters say that a deposit must bring reaches the agreements in force."""

from types import SimpleNamespace

from core_values import IB, XA, XB, agreement

from adapters.das.adapter import adapter
from gateway.app.counterparts import CounterpartMap

BASE = {"base_url": "https://das.example/das-api/v1"}


def informed(found, *agreements):
    adapters = {(XA, IB, "das"): found, (XB, IB, "das"): SimpleNamespace(name="das")}
    known = CounterpartMap(adapters=adapters, kits={}, outbox=None, log=None)
    return [each.needs_email for each in known.informed(agreements)]


def test_an_agreement_knows_whether_its_counterpart_needs_an_address():
    agreements = agreement(), agreement(hosted=XB), agreement(adapter="none of these")
    assert informed(adapter({**BASE, "applicant_email": "required"}), *agreements) == [True, False, False]


def test_the_operator_decides_it_in_the_adapters_settings():
    assert informed(adapter(BASE), agreement()) == [False]
