"""What only an IPAS does badly: faults with any text, nil entries in lists, files read back with their end missing.

Rules: the shared behaviours (slow, cut lines, busy answers) are `sandbox.hostility`'s; these are counted per call.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any

from sandbox.hostility import Hostility, Rule, Switch
from sandbox.ipas.faults import IpasFault, ServerFault

__all__ = ["Manners", "Outburst", "obey"]


@dataclass(slots=True, kw_only=True)
class Outburst:
    """A fault: declared as IPAS does, or bare as a broken server does; `after` the work was done, or instead of it."""

    operation: str
    text: str
    calls: int = 1
    declared: bool = True
    after: bool = False


class Manners:
    """The behaviours of one installation beyond the shared ones."""

    def __init__(self, *, nil_items: bool = False) -> None:
        self.nil_items = nil_items
        self._outbursts: list[Outburst] = []

    def add(self, outburst: Outburst) -> None:
        """Let the next calls of an operation (a pattern) end in a fault."""
        self._outbursts.append(outburst)

    def clear(self) -> None:
        """Be polite again."""
        self._outbursts.clear()
        self.nil_items = False

    def burst(self, operation: str, *, after: bool) -> None:
        """Raise the fault that waits for this operation, if one does."""
        for outburst in self._outbursts:
            if outburst.calls and outburst.after is after and fnmatch.fnmatchcase(operation, outburst.operation):
                outburst.calls -= 1
                raise IpasFault(outburst.text) if outburst.declared else ServerFault(outburst.text)

    def view(self) -> dict[str, Any]:
        """The behaviours in force, as JSON values."""
        waiting = [
            {"operation": one.operation, "calls": one.calls, "declared": one.declared, "after": one.after}
            for one in self._outbursts
            if one.calls
        ]
        return {"nil_items": self.nil_items, "faults": waiting}


def obey(wish: dict[str, Any], hostility: Hostility, manners: Manners) -> None:
    """Do what a control call asks: `{"clear": true}`, a shared switch, `nil-items`, or `fault` with its text.

    Raises ValueError or TypeError for a wish that makes no sense.
    """
    if wish.pop("clear", False):
        hostility.clear()
        manners.clear()
    if not wish:
        return
    switch = wish.pop("switch")
    if switch == "fault":
        manners.add(Outburst(**wish))
    elif switch == "nil-items":
        manners.nil_items = bool(wish.get("on", True))
    else:
        hostility.add(Rule(switch=Switch(switch), **wish))
