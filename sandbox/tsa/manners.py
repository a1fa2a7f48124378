"""How the authority behaves: the shared behaviours, and its own, counted per answer.

Rules: polite unless told otherwise; an order that cannot be read whole changes nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from sandbox.hostility import Hostility
from sandbox.orders import obey as obey_shared
from sandbox.tsa.stamping import Manner

__all__ = ["Manners", "obey"]


class _Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{"manner": "wrong-nonce", "calls": 2}`; without `calls` until told otherwise."""

    manner: Manner
    calls: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Manners:
    """Which manner the next answers have."""

    def __init__(self) -> None:
        self._manner = Manner.HONEST
        self._calls: int | None = None

    def change(self, manner: Manner, calls: int | None = None) -> None:
        """Answer in this manner, `calls` times or for good."""
        self._manner, self._calls = manner, calls

    def next(self) -> Manner:
        """The manner of one more answer."""
        if self._calls is None:
            return self._manner
        if self._calls == 0:
            return Manner.HONEST
        self._calls -= 1
        return self._manner

    def view(self) -> dict[str, Any]:
        """What is in force, as JSON values."""
        return {"manner": self._manner.value, "calls": self._calls}


def obey(body: bytes, hostility: Hostility, manners: Manners) -> None:
    """Do what an order says: a manner of the authority's own, or an order of `sandbox.orders`; msgspec.MsgspecError."""
    if b'"manner"' in body:
        order = msgspec.json.decode(body, type=_Order)
        manners.change(order.manner, order.calls)
        return
    if obey_shared(body, hostility)["rules"] == []:
        manners.change(Manner.HONEST)
