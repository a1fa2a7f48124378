"""The template adapter against a tiny counterpart. Copy this file along with the template."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

from contract_cargo import CODE, cargo_of, document_number
from contract_subjects import NOBODY, Connections, Trial
from memory_ports import MemoryClock, MemoryKit
from tiny_counterpart import TOKEN, open_tiny_office

from adapters._skeleton import adapter
from gateway.core.errand import PlaceErrand
from gateway.core.secret import Secret

PLACE = Trial(name="place", calls=("register",), effect="register")


class OneToken:
    """ports.TokenSource of an office that gave us one token for ever."""

    async def token(self):
        return Secret(TOKEN)

    def forget(self):
        raise AssertionError("it is the only one")


class RunningTinyOffice:
    secrets = (TOKEN, CODE)

    def __init__(self, office, tls):
        self._office = office
        self.settings = {"base_url": office.origin}
        self.elsewhere = {"base_url": f"https://{NOBODY}"}
        self._connections = Connections(self.settings, tls)

    def parts(self, trial, patience=5.0):
        return MemoryKit(self._connections.open(patience), clock=MemoryClock(datetime.now(UTC)), tokens=OneToken())

    def errand(self, trial, number):
        return PlaceErrand(exchange_id=f"exchange-{number}", cargo=cargo_of(number))

    async def settled(self, trial, number):
        """It does nothing by itself."""

    async def effects(self, trial, number):
        return len(self._office.registered[document_number(number)])

    async def disturb(self, switch, operation, *, calls=1, seconds=0.0):
        self._office.disturb(switch, operation, calls, seconds)

    async def calm(self):
        self._office.hostility.clear()

    async def close(self):
        await self._connections.close()


class SkeletonSubject:
    label = name = "skeleton"
    make = staticmethod(adapter)
    bad_settings = (({"basis": "sesame"}, "basis"), ({"base_url": "sesame"}, "base_url"))
    trials = (PLACE,)

    @staticmethod
    @asynccontextmanager
    async def start(folder, tls):
        office, runner = await open_tiny_office(tls)
        running = RunningTinyOffice(office, tls)
        yield running
        await running.close()
        await runner.cleanup()


SUBJECT = SkeletonSubject()
