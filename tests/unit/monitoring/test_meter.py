"""The meter: what is counted is shown, and nothing from outside becomes a time series."""

from inspect import isfunction, signature

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.ports import AdapterMeter, LineMeter
from monitoring.meter import Meter
from monitoring.metrics import FAMILIES, Bounds
from monitoring.scrape import metrics_text


def bounds() -> Bounds:
    return Bounds(
        operations=frozenset({"DepositPriorityDocument", "ReleaseDocument"}),
        offices=frozenset({"XA"}),
        counterparts=frozenset({"IB", "XB"}),
        reasons=frozenset({"2002", "3012"}),
        tasks=frozenset({"place", "hand-over"}),
        certificates=frozenset({"front-door", "signing"}),
    )


@pytest.fixture
def meter() -> Meter:
    return Meter(bounds(), version="0.1.0")


def shown(meter: Meter) -> dict[str, float]:
    """Read the page as Prometheus does: 'name{label=value,...}' to number."""
    numbers = {}
    for family in text_string_to_metric_families(metrics_text(meter).decode()):
        for sample in family.samples:
            labels = ",".join(f"{label}={value}" for label, value in sorted(sample.labels.items()))
            numbers[f"{sample.name}{{{labels}}}"] = sample.value
    return numbers


def test_messages_are_counted_by_office_operation_reason_and_door(meter: Meter) -> None:
    meter.accepted("XA", "DepositPriorityDocument")
    meter.accepted("XA", "DepositPriorityDocument")
    meter.repeated("XA", "DepositPriorityDocument")
    meter.refused("3012", "soap")
    meter.refusals_counted("2002", "rest", 40)
    meter.wrong_access_code("XA", "das")
    numbers = shown(meter)
    assert numbers["pouch_messages_accepted_total{office=XA,operation=DepositPriorityDocument}"] == 2
    assert numbers["pouch_messages_repeated_total{office=XA,operation=DepositPriorityDocument}"] == 1
    assert numbers["pouch_messages_refused_total{door=soap,reason=3012}"] == 1
    assert numbers["pouch_refusals_counted_total{door=rest,reason=2002}"] == 40
    assert numbers["pouch_wrong_access_codes_total{door=das,office=XA}"] == 1


def test_wrong_codes_start_at_zero_so_that_the_first_is_an_increase(meter: Meter) -> None:
    assert shown(meter)["pouch_wrong_access_codes_total{door=rest,office=XA}"] == 0


def test_a_stranger_cannot_make_time_series(meter: Meter) -> None:
    before = len(shown(meter))
    for number in range(200):
        meter.accepted(f"office {number}", f"Operation{number}")
        meter.refused("3012", f"door-{number}")
        meter.delivered(f"C{number}", "place", "delivered")
        meter.certificate_days_left(f"CN={number}", 3)
        meter.remote_call("IB", f"GET /files/{number}", f"error: {number}", 0.1)
    after = shown(meter)
    assert "pouch_messages_accepted_total{office=other,operation=other}" in after
    assert after["pouch_messages_accepted_total{office=other,operation=other}"] == 200
    assert len(after) - before < 60
    assert not any("CN=" in name or "files" in name for name in after)


def test_deliveries_and_calls_are_counted_in_the_adapters_words(meter: Meter) -> None:
    meter.delivered("IB", "place", "deferred")
    meter.remote_call("IB", "registration", "accepted", 0.3)
    numbers = shown(meter)
    assert numbers["pouch_deliveries_total{counterpart=IB,outcome=deferred,task=place}"] == 1
    assert numbers["pouch_remote_calls_total{answer=accepted,call=registration,counterpart=IB}"] == 1
    assert numbers["pouch_remote_call_seconds_bucket{counterpart=IB,le=0.25}"] == 0
    assert numbers["pouch_remote_call_seconds_bucket{counterpart=IB,le=0.5}"] == 1


def test_an_emptied_queue_goes_back_to_zero(meter: Meter) -> None:
    meter.queue({("IB", "ready"): (7, 61.5)})
    assert shown(meter)["pouch_queue_transmissions{counterpart=IB,state=ready}"] == 7
    assert shown(meter)["pouch_queue_oldest_seconds{counterpart=IB,state=ready}"] == 61.5
    meter.queue({("XB", "held"): (1, 5.0)})
    assert shown(meter)["pouch_queue_transmissions{counterpart=IB,state=ready}"] == 0
    assert shown(meter)["pouch_queue_oldest_seconds{counterpart=IB,state=ready}"] == 0
    assert shown(meter)["pouch_queue_transmissions{counterpart=XB,state=held}"] == 1


def test_the_house_is_measured(meter: Meter) -> None:
    meter.stage_took("record", 0.002)
    meter.receipt_signed(0.0004)
    meter.ledger_entries(12)
    meter.certificate_days_left("signing", -1.5)
    meter.disk_free("storage", 5_000_000_000)
    meter.clock_skew(-0.25)
    meter.database_connections(in_use=3, idle=5)
    numbers = shown(meter)
    assert numbers["pouch_stage_seconds_count{stage=record}"] == 1
    assert numbers["pouch_receipt_signing_seconds_sum{}"] == 0.0004
    assert numbers["pouch_ledger_entries{}"] == 12
    assert numbers["pouch_certificate_days_left{certificate=signing}"] == -1.5
    assert numbers["pouch_disk_free_bytes{place=storage}"] == 5_000_000_000
    assert numbers["pouch_clock_skew_seconds{}"] == -0.25
    assert numbers["pouch_database_connections{state=in_use}"] == 3
    assert numbers["pouch_database_connections{state=idle}"] == 5


def test_the_log_of_each_office_is_measured(meter: Meter) -> None:
    before = shown(meter)
    assert before["pouch_ledger_mismatches_total{office=XA}"] == 0, "from zero: the first is an increase"
    meter.ledger_log("XA", size=40, waiting=2, lag=0.5, checkpoint_age=None)
    assert "pouch_ledger_checkpoint_age_seconds{office=XA}" not in shown(meter)
    meter.ledger_log("XA", size=42, waiting=0, lag=0.0, checkpoint_age=1.5)
    meter.ledger_checked("XA", 256)
    meter.ledger_mismatch("XA")
    numbers = shown(meter)
    assert numbers["pouch_ledger_size{office=XA}"] == 42
    assert numbers["pouch_ledger_waiting_entries{office=XA}"] == 0
    assert numbers["pouch_ledger_lag_seconds{office=XA}"] == 0
    assert numbers["pouch_ledger_checkpoint_age_seconds{office=XA}"] == 1.5
    assert numbers["pouch_ledger_checked_entries_total{office=XA}"] == 256
    assert numbers["pouch_ledger_mismatches_total{office=XA}"] == 1


def test_the_build_is_told(meter: Meter) -> None:
    assert any(name.startswith("pouch_build{") and "version=0.1.0" in name for name in shown(meter))


def test_the_meter_serves_every_metric_of_the_table(meter: Meter) -> None:
    served = {family.name for family in text_string_to_metric_families(metrics_text(meter).decode())}
    assert {family.name for family in FAMILIES} == served


def test_two_meters_do_not_meet() -> None:
    one, other = Meter(bounds(), version="1"), Meter(bounds(), version="1")
    one.ledger_entries(4)
    assert shown(other)["pouch_ledger_entries{}"] == 0


@pytest.mark.parametrize("port", [LineMeter, AdapterMeter])
def test_the_meter_is_what_the_ports_describe(port: type) -> None:
    wanted = {name: signature(method) for name, method in vars(port).items() if isfunction(method) and name[0] != "_"}
    assert wanted
    assert {name: signature(getattr(Meter, name)) for name in wanted} == wanted
