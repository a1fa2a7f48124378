"""The figures: percentiles by nearest rank, costs by message, and what --json holds."""

import json
from collections import Counter

import pytest

from gateway.bench.figures import Costs, Figures, percentile
from gateway.bench.load import Round
from gateway.bench.plan import Plan, Size

COSTS = Costs(
    gateway_cpu_ms=150.0,
    database_cpu_ms=50.0,
    generator_cpu_ms=10.0,
    rss_before_mib=100.0,
    rss_peak_mib=130.04,
    rss_growth_mib=30.0,
)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0.0),
        ([7.0], 0.5, 7.0),
        ([7.0], 0.99, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 0.51, 3.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 101)], 1.0, 100.0),
        ([float(n) for n in range(1, 1001)], 0.99, 990.0),
    ],
)
def test_percentiles_are_values_that_occurred(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def figures(**changes: object) -> Figures:
    values = {
        "seconds": [0.010] * 90 + [0.050] * 10,
        "errors": Counter({"4006": 2, "connection": 1}),
        "began": 5.0,
        "ended": 7.0,
    }
    plan = Plan(size=Size.SMALL, concurrency=8, workers=2, seconds=2.0)
    return Figures(
        plan=plan,
        message_bytes=5000,
        round=Round(**{**values, **changes}),  # type: ignore[arg-type]
        costs=COSTS,
        steps=("signature", "schema"),
        verified={"receipts": 2},
    )


def test_costs_are_divided_by_the_messages_that_were_accepted() -> None:
    value = figures().as_json()
    assert value["messages"] == 100
    assert value["messages_per_second"] == 50.0
    assert (value["p50_ms"], value["p99_ms"], value["max_ms"]) == (10.0, 50.0, 50.0)
    assert value["gateway_cpu_ms_per_message"] == 1.5
    assert value["database_cpu_ms_per_message"] == 0.5
    assert value["server_cpu_ms_per_message"] == 2.0
    assert value["generator_cpu_ms_per_message"] == 0.1
    assert (value["peak_rss_mib"], value["rss_growth_mib"]) == (130.0, 30.0)


def test_what_was_promised_is_in_the_json() -> None:
    value = json.loads(json.dumps(figures().as_json()))
    promised = {
        "messages_per_second",
        "p50_ms",
        "p99_ms",
        "server_cpu_ms_per_message",
        "peak_rss_mib",
        "errors",
        "steps",
    }
    assert promised <= set(value)
    assert value["errors"] == {"4006": 2, "connection": 1}
    assert value["steps"] == ["signature", "schema"]
    assert (value["size"], value["concurrency"], value["workers"], value["tls"]) == ("5k", 8, 2, False)


def test_a_run_that_used_up_its_messages_says_so() -> None:
    assert figures().as_json()["ended_by"] == "seconds"
    assert figures(used_up=True).as_json()["ended_by"] == "messages"


def test_a_run_without_any_message_has_figures_too() -> None:
    value = figures(seconds=[], ended=5.0).as_json()
    assert (value["messages_per_second"], value["p99_ms"]) == (0.0, 0.0)


def test_the_table_tells_rate_errors_and_every_step() -> None:
    rows = figures().as_rows()
    assert ("rate", "50.0 messages/s") in rows
    assert ("errors", "4006: 2, connection: 1") in rows
    assert [much for _, much in rows][-2:] == ["signature", "schema"]
