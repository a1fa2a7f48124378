"""The IPAS adapter against the sandbox's installation, which shares no code with it.

Rules: it runs in this process, because its day stands still: at midnight the day's log would be another one.
"""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from contract_cargo import CODE, application_of, cargo_of
from contract_subjects import NOBODY, Connections, Trial
from memory_ports import MemoryClock, MemoryCounters, MemoryKit

from adapters.ipas import adapter
from gateway.core.errand import HandOverErrand
from gateway.core.exchange import Fact, FactName
from gateway.core.release import for_addressee
from sandbox.hostility import Rule, Switch
from sandbox.ipas import config
from sandbox.ipas.manners import Manners
from sandbox.ipas.server import PATH, Installation, make_app
from sandbox.serving import listen

RECEIVED = datetime(2026, 1, 2, 14, 0, tzinfo=UTC)
NOW = RECEIVED + timedelta(hours=1)
OWN_NUMBER = "XB/P/2026/123"

INSTALLATION = """
time_zone = "America/Asuncion"
says_no_by = "{says_no_by}"
[[log]]
origin = "3"
log = "E"
today = "{log}"
[[file]]
id = "XB/P/2026/123"
filed = 2026-01-02
priority = [{{ country = "XC", number = "{claimed}", date = 2026-02-03 }}]
"""

RECEIVE = Trial(
    name="receive",
    calls=(
        "FileRead",
        "UserdocCheckIntegrityForNewDocId",
        "DailyLogRead",
        "DailyLogUndoClose",
        "UserdocReceive",
        "DailyLogClose",
    ),
    effect="UserdocReceive",
)
LAY = Trial(
    name="lay-down",
    calls=("OutputFieldWriteDocument", "OutputFieldReadDocument"),
    effect="OutputFieldWriteDocument",
)
BY_CLAIM = Trial(name="receive-by-claim", calls=("PatentCount", "PatentGetList"), effect="UserdocReceive")
NEWER = Trial(name="receive-newer", calls=("UserdocReceive",), effect="UserdocReceive", before=(RECEIVE,))


class RunningIpas:
    """One installation at which the day's log is left as it was found, or an effect is not counted."""

    secrets = (CODE,)

    def __init__(self, installation, origin, tls):
        self._installation = installation
        self._found = self._log()
        self._counters = MemoryCounters()
        self.settings = self._settings(f"{origin}{PATH}")
        self.elsewhere = self._settings(f"https://{NOBODY}{PATH}")
        self._connections = Connections(self.settings, tls)

    @staticmethod
    def _settings(url):
        return {
            "endpoints": {"patent": url},
            "time_zone": "America/Asuncion",
            "doc_origin": "3",
            "doc_log": "E",
            "first_number": 500,
            "last_number": 99_999,
            "userdoc_type": "PRIO",
            "user_number": 7,
            "receipt_date": "arrival",
            "content": "output-folder",
            "output_root": "/srv/ipas/in",
        }

    def parts(self, trial, patience=5.0):
        parts = MemoryKit(self._connections.open(patience), clock=MemoryClock(NOW))
        parts.counters = self._counters  # the numbers of one year, whoever takes them
        return parts

    def errand(self, trial, number):
        newer = trial.name == NEWER.name
        cargo = replace(
            cargo_of(number, what="newer" if newer else "copy").subject,
            application=application_of(1),
            own_number=None if trial.name == BY_CLAIM.name else OWN_NUMBER,
            received_at=RECEIVED,
            version=2 if newer else 1,
        )
        if newer:
            (earlier,) = self._received(number, version=1)
            cargo = replace(
                cargo, facts=(Fact(name=FactName.OWN_SYSTEM_NUMBER, at=RECEIVED, value=earlier["document"]),)
            )
        return HandOverErrand(exchange_id=f"exchange-{number}", cargo=for_addressee(cargo, on_hold=False))

    async def settled(self, trial, number):
        """It does nothing by itself."""

    async def effects(self, trial, number):
        assert self._log() == self._found, "the day's log is left as it was found"
        if trial.name == LAY.name:
            return sum(f"/exchange-{number}-v1-" in written["path"] for written in self._record("file-written"))
        return len(self._received(number, version=2 if trial.name == NEWER.name else 1))

    def _received(self, number, *, version):
        """What the register took in with our mark."""
        mark = f"pouch/exchange-{number}/{version}"
        return [received for received in self._record("userdoc-received") if mark in received["notes"].split()]

    def _record(self, kind):
        return [effect.detail for effect in self._installation.record.effects(kind)]

    def _log(self):
        desk = self._installation.desk
        return desk.register.logs.get((desk.today(), "3", "E"), "untouched")

    async def disturb(self, switch, operation, *, calls=1, seconds=0.0):
        rule = Rule(switch=Switch(switch), operation=operation, calls=calls, seconds=seconds)
        self._installation.hostility.add(rule)

    async def calm(self):
        self._installation.hostility.clear()

    async def close(self):
        await self._connections.close()


@asynccontextmanager
async def ipas(folder, tls, *, log="closed", says_no_by="value", nil_items=False):
    """An installation whose reception desk has left the day's log open, closed or untouched."""
    claimed = application_of(1).number
    installation = Installation.start(
        config.read(INSTALLATION.format(log=log, says_no_by=says_no_by, claimed=claimed)),
        manners=Manners(nil_items=nil_items),
        now=lambda: NOW,
    )
    runner, origin = await listen(
        make_app(installation), host="127.0.0.1", port=0, certificate=tls.certificate, key=tls.key
    )
    running = RunningIpas(installation, origin, tls)
    yield running
    await running.close()
    await runner.cleanup()


class IpasSubject:
    """The desk has closed the day's log, so that each hand-over opens it again and closes it."""

    label = name = "ipas"
    make = staticmethod(adapter)
    start = staticmethod(ipas)
    bad_settings = (
        ({"content": "sesame"}, "content"),
        ({"time_zone": "sesame"}, "time_zone"),
        ({"endpoints": {"patent": "sesame"}}, "endpoints.patent"),
        ({"file_key": {"patern": "sesame"}}, "file_key.patern"),
    )
    trials = (RECEIVE, LAY, BY_CLAIM, NEWER)


SUBJECT = IpasSubject()
