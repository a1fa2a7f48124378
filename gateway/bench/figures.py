"""Figures: what was measured, as one JSON object and as a table for a person."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.bench.load import Round
from gateway.bench.plan import Plan

__all__ = ["Costs", "Figures", "percentile"]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed (nearest rank); 0.0 if there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Milliseconds of processor in the measured window, and MiB of the gateway's processes together."""

    gateway_cpu_ms: float
    database_cpu_ms: float
    generator_cpu_ms: float
    rss_before_mib: float
    rss_peak_mib: float
    rss_growth_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run of `pouch bench accept`."""

    plan: Plan
    message_bytes: int
    round: Round
    costs: Costs
    steps: tuple[str, ...]
    verified: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """All of it, in plain values; see docs/operators.md for the words."""
        plan, result, costs = self.plan, self.round, self.costs
        elapsed = result.ended - result.began
        accepted = max(1, result.accepted)
        return {
            "bench": "accept",
            "size": plan.size.label,
            "message_bytes": self.message_bytes,
            "document_bytes": plan.size.document,
            "concurrency": plan.concurrency,
            "workers": plan.workers,
            "cores": os.cpu_count(),
            "tls": plan.tls,
            "warm_up_messages": plan.warm_up,
            "seconds": round(elapsed, 3),
            "ended_by": "messages" if result.used_up else "seconds",
            "messages": result.accepted,
            "messages_per_second": round(result.accepted / elapsed, 2) if elapsed else 0.0,
            "p50_ms": _milliseconds(result.seconds, 0.50),
            "p90_ms": _milliseconds(result.seconds, 0.90),
            "p99_ms": _milliseconds(result.seconds, 0.99),
            "max_ms": _milliseconds(result.seconds, 1.0),
            "server_cpu_ms_per_message": round((costs.gateway_cpu_ms + costs.database_cpu_ms) / accepted, 3),
            "gateway_cpu_ms_per_message": round(costs.gateway_cpu_ms / accepted, 3),
            "database_cpu_ms_per_message": round(costs.database_cpu_ms / accepted, 3),
            "generator_cpu_ms_per_message": round(costs.generator_cpu_ms / accepted, 3),
            "peak_rss_mib": round(costs.rss_peak_mib, 1),
            "rss_before_mib": round(costs.rss_before_mib, 1),
            "rss_growth_mib": round(costs.rss_growth_mib, 1),
            "errors": dict(sorted(result.errors.items())),
            "steps": list(self.steps),
            "verified": self.verified,
        }

    def as_rows(self) -> list[tuple[str, str]]:
        """The table's rows: what, how much."""
        value = self.as_json()
        errors = ", ".join(f"{code}: {count}" for code, count in value["errors"].items()) or "none"
        return [
            ("message", f"{value['message_bytes']:,} bytes, document {value['document_bytes']:,} bytes"),
            ("load", f"{value['concurrency']} connections, {value['workers']} workers, {value['cores']} cores"),
            ("transport", "TLS" if value["tls"] else "plain HTTP (--tls for TLS)"),
            ("measured", f"{value['messages']:,} messages in {value['seconds']:.1f} s"),
            ("rate", f"{value['messages_per_second']:,.1f} messages/s"),
            ("answered within", f"{value['p50_ms']:.1f} ms (half), {value['p99_ms']:.1f} ms (99 of 100)"),
            (
                "processor, server",
                f"{value['server_cpu_ms_per_message']:.2f} ms a message: "
                f"gateway {value['gateway_cpu_ms_per_message']:.2f}, "
                f"database {value['database_cpu_ms_per_message']:.2f}",
            ),
            ("processor, generator", f"{value['generator_cpu_ms_per_message']:.2f} ms a message"),
            ("memory", f"{value['peak_rss_mib']:.0f} MiB at most, grown by {value['rss_growth_mib']:.0f} MiB"),
            ("errors", errors),
            *(("step" if number == 1 else "", step) for number, step in enumerate(value["steps"], 1)),
        ]


def _milliseconds(seconds: Sequence[float], share: float) -> float:
    return round(percentile(seconds, share) * 1000, 3)
