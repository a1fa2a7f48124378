"""Legs: what the line planned, and what an adapter has committed since."""

import pytest
from core_values import leg

from gateway.core.transmission import Task


@pytest.mark.parametrize(
    ("progress", "begun"),
    [
        ({}, False),
        ({"filing_date": "2026-03-01"}, False),
        ({"step": "released", "filing_date": "2026-03-01"}, False),
        ({"filing_date": "2026-03-01", "intent": "2026-11-22T12:00:00Z"}, True),
        ({"acknowledgement": "A-1"}, True),
    ],
)
def test_a_leg_is_begun_when_an_adapter_has_committed_anything(progress, begun):
    assert leg(Task.PLACE, progress=progress).is_begun is begun
