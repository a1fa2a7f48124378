"""Anchoring: what attests the ledger outside of us beside its witnesses: time-stamps and the daily export.

Rules: certificates that cannot be read are told before the front door opens; after that nothing here stops anything,
nor does a disk for the exports that is not there.
"""

import asyncio

from gateway.app.daily_export import DailyExport
from gateway.app.opening import Gateway
from gateway.app.stamping import Stamping, load_authorities

__all__ = ["Anchoring"]


class Anchoring:
    """The anchors of an open gateway; SettingsError if their settings cannot be used."""

    def __init__(self, gateway: Gateway) -> None:
        self._stamping = Stamping(gateway, load_authorities(gateway.settings))
        self._export = DailyExport(gateway)

    async def run(self) -> None:
        """Stamp and export until cancelled."""
        await asyncio.gather(self._stamping.run(), self._export.run())
