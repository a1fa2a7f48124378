"""How behaviour is switched at run time through a counterpart's own window.

Rules: an unknown key is refused; nothing is done of an order that cannot be read whole.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from sandbox.hostility import Hostility, Rule, Switch

__all__ = ["obey"]


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{"clear": true}`, and rules to add: switch, operation (pattern), probability or calls, seconds."""

    clear: bool = False
    rules: tuple[OrderedRule, ...] = ()


class OrderedRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule; without `calls` the probability counts, and is certain if not given."""

    switch: Switch
    operation: str = "*"
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    calls: Annotated[int, msgspec.Meta(ge=0)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.2


def obey(body: bytes, hostility: Hostility) -> dict[str, Any]:
    """Do what the JSON of an `Order` says and give `hostility.view()`; raises msgspec.MsgspecError for another."""
    order = msgspec.json.decode(body, type=Order)
    if order.clear:
        hostility.clear()
    for rule in order.rules:
        hostility.add(Rule(**msgspec.structs.asdict(rule)))
    return hostility.view()
