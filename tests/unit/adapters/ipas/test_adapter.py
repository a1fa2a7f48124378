"""The adapter over real sockets against the sandbox IPAS: once in effect by the sandbox's own record, rude or not."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from memory_ports import MemoryClock, MemoryKit

from adapters.ipas import adapter
from gateway.core.document import DocumentKind, Role
from gateway.core.errand import WithdrawErrand
from gateway.core.exchange import FactName
from gateway.core.office import Right
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.release import for_addressee
from gateway.core.request import Cause
from gateway.kit.http import CounterpartHttp, Reach, authority
from sandbox.hostility import Hostility, Rule, Switch
from sandbox.ipas import config
from sandbox.ipas.manners import Manners, Outburst
from sandbox.ipas.server import PATH, Installation, make_app
from sandbox.serving import listen

NOW = datetime(2026, 1, 2, 15, 0, tzinfo=UTC)
SETTINGS = """\
time_zone = "America/Asuncion"
says_no_by = "{says_no_by}"
taken = {taken}
[[log]]
origin = "3"
log = "E"
today = "{log}"
[[file]]
id = "XX/P/2026/123"
filed = 2026-01-02
priority = [{{ country = "YY", number = "2025001234", date = 2025-01-15 }}]
"""


class Office:
    """An IPAS, an adapter for it, and what the gateway keeps for one transmission."""

    def __init__(self, installation, adapter, parts):
        self.installation = installation
        self.adapter = adapter
        self.parts = parts

    async def deliver(self, errand):
        return await self.adapter.deliver(errand, self.parts.kit())

    async def deliver_at_last(self, errand, attempts=40):
        """Deliver as the worker does: again after every Deferred; gives the outcome and what put it off."""
        reasons = []
        for _ in range(attempts):
            try:
                return await self.deliver(errand), reasons
            except Deferred as put_off:
                reasons.append(put_off.reason)
        raise AssertionError(f"never delivered: {reasons}")

    def kinds(self):
        return [effect.kind for effect in self.installation.record.effects()]

    def of(self, kind):
        return [effect.detail for effect in self.installation.record.effects(kind)]

    async def log_state(self):
        """The present day's log, as the installation has it."""
        return self.installation.desk.register.logs.get((NOW.date(), "3", "E"), "untouched")

    def hostile(self, switch, operation, **rule):
        self.installation.hostility.add(Rule(switch=switch, operation=operation, **({"calls": 1} | rule)))


async def no_time(seconds):
    """The sandbox's slowness without waiting for it."""


@pytest.fixture
async def start_office(make_table):
    started = []

    async def start(*, log="untouched", taken=(), says_no_by="value", hostility=None, manners=None, **changes):
        text = SETTINGS.format(log=log, taken=list(taken), says_no_by=says_no_by)
        installation = Installation.start(
            config.read(text), hostility=hostility, manners=manners, now=lambda: NOW + timedelta(minutes=1)
        )
        runner, origin = await listen(make_app(installation), host="127.0.0.1", port=0, certificate=None, key=None)
        url = f"{origin}{PATH}"
        http = CounterpartHttp(Reach(authorities=frozenset({authority(url)}), plain_http=True))
        started.append((runner, http))
        parts = MemoryKit(http, clock=MemoryClock(NOW))
        return Office(installation, adapter(make_table(endpoints={"patent": url}, **changes)), parts)

    yield start
    for runner, http in started:
        await http.close()
        await runner.cleanup()


# the ordinary day


@pytest.mark.parametrize("says_no_by", ["value", "fault"])
async def test_a_document_is_in_the_register_and_in_the_folder(start_office, make_errand, says_no_by):
    office = await start_office(says_no_by=says_no_by)
    errand = make_errand()
    delivered = await office.deliver(errand)
    content = b"".join([piece async for piece in errand.cargo.subject.documents[0].open()])
    (received,) = office.of("userdoc-received")
    (written,) = office.of("file-written")
    assert (received["document"], received["day"], received["files"]) == ("3/E/2026/500", "2026-01-02", "XX/P/2026/123")
    assert written["sha256"] == hashlib.sha256(content).hexdigest()
    assert written["path"] == f"/srv/ipas/in/{errand.exchange_id}-v1-1.pdf"
    assert {fact.name: fact.value for fact in delivered.facts} == {
        FactName.IN_OWN_SYSTEM: "2026-01-02",
        FactName.OWN_SYSTEM_NUMBER: "3/E/2026/500",
        FactName.DIGEST_COMPARED: None,
    }


@pytest.mark.parametrize(
    ("log", "effects"),
    [
        ("open", ["userdoc-received", "file-written"]),
        ("closed", ["log-reopened", "userdoc-received", "file-written", "log-closed"]),
        ("untouched", ["log-opened", "userdoc-received", "file-written", "log-closed"]),
    ],
)
async def test_the_log_is_left_as_it_was_found(start_office, make_errand, log, effects):
    office = await start_office(log=log)
    await office.deliver(make_errand())
    assert office.kinds() == effects


async def test_a_number_taken_at_the_desk_is_passed_over(start_office, make_errand):
    office = await start_office(taken=["3/E/2026/500", "3/E/2026/501"])
    await office.deliver(make_errand())
    assert [received["document"] for received in office.of("userdoc-received")] == ["3/E/2026/502"]


async def test_the_file_is_found_by_the_priority_it_claims(start_office, make_errand):
    office = await start_office()
    await office.deliver(make_errand(own_number=None))
    assert [received["files"] for received in office.of("userdoc-received")] == ["XX/P/2026/123"]


async def test_a_later_version_is_a_document_of_its_own_that_names_the_first(start_office, make_errand):
    office = await start_office()
    await office.deliver(make_errand())
    office.parts.progress = type(office.parts.progress)()  # a transmission of its own
    await office.deliver(make_errand(version=2, earlier="3/E/2026/500"))
    assert [received["document"] for received in office.of("userdoc-received")] == ["3/E/2026/500", "3/E/2026/501"]
    second = office.installation.desk.register.userdocs["3", "E", 2026, 501]
    assert second.related == ("3", "E", 2026, 500)


async def test_several_documents_of_any_kind_go_below_one_root_by_safe_names(start_office, make_errand):
    office = await start_office(file_name="{exchange}-v{version}-{number}-{ordinal}-{role}")
    documents = [
        (b"%PDF-1.7", "application/pdf", Role.CERTIFIED_COPY),
        (b"<a/>", "application/xml", Role.BIBLIOGRAPHY),
        (b"\x00" * 10_000, "application/x-anything", Role.SUPPLEMENT),
    ]
    errand = make_errand(*documents)
    await office.deliver(errand)
    stem = f"/srv/ipas/in/{errand.exchange_id}-v1-500"
    assert [written["path"] for written in office.of("file-written")] == [
        f"{stem}-1-certified-copy.pdf",
        f"{stem}-2-bibliography.xml",
        f"{stem}-3-supplement.bin",
    ]


async def test_a_document_larger_than_the_answer_limit_is_written_and_read_back(start_office, make_errand):
    office = await start_office()
    content = bytes(range(256)) * (5 << 12)  # 5 MiB; the limit of an answer that is read whole is 4
    delivered = await office.deliver(make_errand((content, "application/pdf", Role.CERTIFIED_COPY)))
    assert office.of("file-written")[0]["size"] == len(content)
    assert FactName.DIGEST_COMPARED in {fact.name for fact in delivered.facts}


async def test_by_reference_only_the_register_is_written(start_office, make_errand):
    office = await start_office(content="reference-only", output_root=None)
    delivered = await office.deliver(make_errand())
    assert office.of("file-written") == []
    assert FactName.DIGEST_COMPARED not in {fact.name for fact in delivered.facts}


async def test_odd_but_legal_answers_are_understood(start_office, make_errand):
    hostility = Hostility([Rule(switch=Switch.ODD_IDS, probability=1.0)])
    office = await start_office(hostility=hostility, manners=Manners(nil_items=True))
    await office.deliver(make_errand(own_number=None))
    assert office.kinds() == ["log-opened", "userdoc-received", "file-written", "log-closed"]


@pytest.mark.parametrize("log", ["open", "closed", "untouched"])
async def test_hand_overs_at_the_same_desk_leave_the_log_as_found_too(start_office, make_errand, log):
    office = await start_office(log=log)
    counters = office.parts.counters

    async def one(place):
        parts = MemoryKit(office.parts.http, clock=office.parts.clock)
        parts.counters = counters
        mine = Office(office.installation, office.adapter, parts)
        return await mine.deliver_at_last(replace(make_errand(), exchange_id=f"exchange-{place}"))

    await asyncio.gather(*(one(place) for place in range(8)))
    numbers = [received["document"] for received in office.of("userdoc-received")]
    assert sorted(numbers) == [f"3/E/2026/{number}" for number in range(500, 508)]
    assert (await office.log_state()) == ("open" if log == "open" else "closed")
    if log == "open":
        assert set(office.kinds()) == {"userdoc-received", "file-written"}


# the line fails


@pytest.mark.parametrize("switch", [Switch.CUT_AFTER, Switch.CUT_BEFORE, Switch.ERROR_AFTER, Switch.SERVER_ERROR])
@pytest.mark.parametrize(
    "operation",
    ["UserdocReceive", "DailyLogOpen", "DailyLogClose", "OutputFieldWriteDocument", "OutputFieldReadDocument"],
)
async def test_a_call_without_an_answer_is_never_done_twice(start_office, make_errand, operation, switch):
    office = await start_office()
    office.hostile(switch, operation)
    _, reasons = await office.deliver_at_last(make_errand())
    assert len(reasons) == 1
    assert sorted(set(office.kinds())) == sorted(office.kinds())  # each effect once
    assert office.installation.record.count("userdoc-received") == 1
    assert (await office.log_state()) == "closed"


async def test_after_a_cut_line_the_reason_says_that_the_outcome_is_unknown(start_office, make_errand):
    office = await start_office()
    office.hostile(Switch.CUT_AFTER, "UserdocReceive")
    with pytest.raises(Deferred) as put_off:
        await office.deliver(make_errand())
    assert put_off.value.reason is Reason.REMOTE_OUTCOME_UNKNOWN
    await office.deliver(make_errand())
    assert office.installation.record.count("userdoc-received") == 1


async def test_a_broken_server_is_read_back_and_an_unfinished_file_written_again(start_office, make_errand):
    office = await start_office()
    broken = Outburst(operation="UserdocReceive", text="java.lang.NullPointerException", declared=False, after=True)
    office.installation.manners.add(broken)
    _, reasons = await office.deliver_at_last(make_errand())
    assert reasons == [Reason.REMOTE_OUTCOME_UNKNOWN]
    assert office.installation.record.count("userdoc-received") == 1


async def test_an_answer_that_lost_its_end_is_asked_for_again(start_office, make_errand):
    office = await start_office()
    office.hostile(Switch.WRONG_SIZE, "OutputFieldReadDocument")
    delivered = await office.deliver(make_errand())
    assert FactName.DIGEST_COMPARED in {fact.name for fact in delivered.facts}


@pytest.mark.parametrize("seed", range(6))
async def test_a_rude_installation_is_overcome_with_each_effect_once(start_office, make_errand, seed):
    rules = dict.fromkeys((Switch.CUT_BEFORE, Switch.CUT_AFTER, Switch.SERVER_ERROR, Switch.ERROR_AFTER), 0.15)
    rules |= {Switch.CAPTIVE_PORTAL: 0.1, Switch.TOO_MANY: 0.1, Switch.ODD_IDS: 1.0, Switch.SHUFFLED: 1.0}
    rude = [Rule(switch=switch, probability=chance) for switch, chance in rules.items()]
    office = await start_office(
        log="closed", hostility=Hostility(rude, seed=seed, sleep=no_time), manners=Manners(nil_items=True)
    )
    try:
        await office.deliver_at_last(make_errand(own_number=None), attempts=200)
    except Refused as held:  # so many unknown outcomes in a row that a person is asked
        assert held.reason is Reason.REMOTE_UNKNOWN_ERROR
    office.installation.hostility.clear()
    office.parts.progress._known.pop("outcomes", None)
    await office.deliver_at_last(make_errand(own_number=None))
    assert office.installation.record.count("userdoc-received") == 1
    assert len({written["path"] for written in office.of("file-written")}) == 1
    assert len({written["sha256"] for written in office.of("file-written")}) == 1
    assert office.installation.record.count("forbidden") == 0
    assert (await office.log_state()) == "closed"


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (Switch.CAPTIVE_PORTAL, Reason.REMOTE_MALFORMED),
        (Switch.TOO_MANY, Reason.REMOTE_BUSY),
        (Switch.SERVER_ERROR, Reason.REMOTE_BUSY),
        (Switch.ERROR_AFTER, Reason.REMOTE_OUTCOME_UNKNOWN),
    ],
)
async def test_what_is_no_answer_of_ipas_is_put_off_by_what_it_is(start_office, make_errand, switch, reason):
    office = await start_office()
    office.hostile(switch, "FileRead", seconds=7.0)
    with pytest.raises(Deferred) as put_off:
        await office.deliver(make_errand())
    assert put_off.value.reason is reason
    if reason is Reason.REMOTE_BUSY:
        assert put_off.value.delay == timedelta(seconds=7)


# IPAS refuses


@pytest.mark.parametrize(
    ("changes", "errand", "reason"),
    [
        ({"userdoc_type": "NONE"}, {}, Reason.REMOTE_UNKNOWN_ERROR),
        ({"user_number": 8}, {}, Reason.REMOTE_UNKNOWN_ERROR),
        ({"output_root": "/etc/ipas"}, {}, Reason.REMOTE_UNKNOWN_ERROR),
        ({}, {"own_number": "XX/P/2026/999"}, Reason.LOCAL_FILE_UNKNOWN),
    ],
)
async def test_a_refusal_is_for_a_person_and_leaves_the_log_as_found(
    start_office, make_errand, changes, errand, reason
):
    office = await start_office(**changes)
    with pytest.raises(Refused) as held:
        await office.deliver(make_errand(**errand))
    assert held.value.reason is reason
    assert (await office.log_state()) in ("closed", "untouched")


async def test_an_offices_own_wording_is_understood_by_its_row(start_office, make_errand):
    office = await start_office(fault=[{"pattern": "kein solcher Eingang offen", "means": "log-not-open"}])
    office.installation.manners.add(Outburst(operation="UserdocReceive", text="Es ist kein solcher Eingang offen"))
    await office.deliver(make_errand())
    assert office.installation.record.count("userdoc-received") == 1


async def test_remote_text_goes_nowhere(start_office, make_errand):
    office = await start_office()
    office.installation.manners.add(Outburst(operation="FileRead", text="hunter2 is the password"))
    with pytest.raises(Refused) as held:
        await office.deliver(make_errand())
    shown = repr(held.value) + repr(office.parts.log.lines) + repr(office.parts.meter.calls)
    assert "hunter2" not in shown + repr(office.parts.progress.history)
    assert ("ipas", "FileRead", "unknown") in office.parts.meter.calls


# what is not for IPAS


async def test_other_errands_and_rights_are_not_agreed(start_office, make_errand, application):
    office = await start_office()
    withdrawal = WithdrawErrand(
        exchange_id="x",
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=application,
        cause=Cause.WRONG_DOCUMENT,
    )
    for errand in (withdrawal, make_errand(right=Right.DESIGN)):
        with pytest.raises(Refused) as refused:
            await office.deliver(errand)
        assert refused.value.reason is Reason.KIND_NOT_AGREED
    assert office.parts.meter.calls == []


async def test_a_file_larger_than_agreed_is_refused_before_anything_is_done(start_office, make_errand):
    office = await start_office(largest_file=10)
    with pytest.raises(Refused) as refused:
        await office.deliver(make_errand())
    assert (refused.value.reason, refused.value.place) == (Reason.BODY_TOO_LARGE, "documents[0]")
    assert office.parts.meter.calls == []


async def test_a_document_that_cannot_be_read_leaves_the_log_as_found(start_office, make_errand):
    office = await start_office()
    errand = make_errand()

    async def forgotten():
        raise Refused(Reason.DOCUMENT_FORGOTTEN)
        yield b""

    cargo = errand.cargo.subject
    lost = replace(cargo, documents=(replace(cargo.documents[0], open=forgotten),))
    with pytest.raises(Refused) as refused:
        await office.deliver(replace(errand, cargo=for_addressee(lost, on_hold=False)))
    assert refused.value.reason is Reason.DOCUMENT_FORGOTTEN
    assert office.kinds() == ["log-opened", "userdoc-received", "log-closed"]


# probe


async def test_the_probe_asks_and_changes_nothing(start_office):
    office = await start_office()
    assert await office.adapter.probe(office.parts.kit()) == "patent: answers, 1 environment(s)"
    assert office.kinds() == []


async def test_the_probe_tells_that_the_folder_is_refused(start_office):
    office = await start_office(output_root="/etc/ipas")
    with pytest.raises(Refused) as held:
        await office.adapter.probe(office.parts.kit())
    assert held.value.reason is Reason.REMOTE_UNKNOWN_ERROR
