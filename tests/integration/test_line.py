"""accept and dispatch on a real database: the same line, the same ports' contract, and many at once.

The counterparts are in memory (tests/unit/stages/line_in_memory.py); documents are sealed on a real disk.
"""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest

ROOT = Path(__file__).parent
sys.path += [str(ROOT), *(str(ROOT.parent / "unit" / folder) for folder in ("stages", "core"))]

import real_line  # noqa: E402
from core_values import ALL_GIVEN, IB, XA, XB, application, deposit, head, listed, obtained  # noqa: E402
from line_in_memory import Counterpart, pending  # noqa: E402

from gateway.core.reason import Deferred, Reason, Refused  # noqa: E402
from gateway.core.release import Condition, Outcome  # noqa: E402
from gateway.core.request import (  # noqa: E402
    Cause,
    Confirmation,
    Correction,
    Hold,
    Hosting,
    Inquiry,
    Notice,
    Read,
    ReadKind,
    Release,
    Replacement,
    Resend,
    Withdrawal,
)
from gateway.core.secret import Secret  # noqa: E402
from gateway.core.transmission import Delivered, Task  # noqa: E402
from gateway.stages.record import Recorded  # noqa: E402
from gateway.stages.tell import fetch_package  # noqa: E402

bench, shared = real_line.bench, real_line.shared  # fixtures
DAY = timedelta(days=1)
LARGE = b"%PDF-" + bytes(range(256)) * 2000  # more than stays in the journal


def withdrawal(bench, exchange_id):
    return Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT)


# --- stories ----------------------------------------------------------------------------------------------------------


async def test_a_deposit_from_its_arrival_to_its_withdrawal(bench):
    first = deposit(head=head(message_id="first"), documents=(listed(LARGE),), hosting=Hosting.OFFICE)
    recorded = await bench.accept(first)
    exchange_id = recorded.exchange_id
    assert await bench.work() == []
    await bench.release(exchange_id, ALL_GIVEN)
    assert await bench.work() == ["routed", "delivered"]
    cargo = bench.bureau.errands[0].cargo.subject
    assert b"".join([chunk async for chunk in cargo.documents[0].open()]) == LARGE

    await bench.accept(Inquiry(head=bench.head(sender=IB), application=application(), access_code=Secret("A1b2")))
    await bench.accept(
        Correction(head=bench.head(), exchange_id=exchange_id, filing_date=date(2026, 3, 9), explanation="x")
    )
    newer = listed(b"%PDF-newer")
    await bench.accept(Replacement(head=bench.head(), exchange_id=exchange_id, explanation="x", documents=(newer,)))
    await bench.work()
    await bench.accept(withdrawal(bench, exchange_id))
    await bench.work()
    assert Counter(bench.bureau.tasks) == Counter(["Place", "Answer", "Correct", "Replace", "Withdraw"])
    assert [task for task in bench.bureau.tasks if task != "Answer"] == ["Place", "Correct", "Replace", "Withdraw"]
    view = await bench.view(exchange_id)
    assert (view.exchange.state.value, view.exchange.version) == ("withdrawn", 3)
    assert [(d.version, d.listed.size) for d in view.documents] == [(1, len(LARGE)), (3, len(b"%PDF-newer"))]
    assert {t.state for t in view.transmissions} == {"done"}
    events = Counter(each.event for each in await bench.told(XA))
    assert events == Counter(["released", "placed", "corrected", "replaced", "withdrawn"])
    assert (await bench.accept(first)).receipt == recorded.receipt, "byte for byte, whatever has become of it"
    package = await fetch_package(
        Read(head=head(), kind=ReadKind.FETCH, exchange_id=exchange_id, version=1), bench.line
    )
    assert await bench.read(package.documents[0]) == LARGE


async def test_a_retrieval_from_the_question_to_the_next_look(bench):
    exchange_id = await bench.requested(access_code=Secret("q7Zk"))

    async def asked(errand, kit):
        assert errand.access_code.reveal() == "q7Zk"
        await kit.progress.commit(acknowledgement="A-1")
        return pending(hours=6)

    bench.bureau.plays.append(asked)
    assert await bench.work() == ["routed", "pending"]
    await bench.accept(Notice(head=bench.head(sender=IB, hosted=XB), acknowledgement_id="A-1"))
    assert await bench.work() == ["delivered", "routed", "delivered"]
    received = next(each for each in await bench.told(XB) if each.event == "received")
    await bench.accept(Confirmation(head=bench.head(sender=XB, hosted=XB), notification_id=received.notification_id))
    assert await bench.state(exchange_id) == "confirmed"
    bench.clock.at += DAY
    bench.bureau.plays.extend([Delivered(changed=True), Delivered(documents=(obtained(b"%PDF-2"),))])
    assert await bench.work() == ["delivered", "routed", "delivered", "routed", "delivered"]
    view = await bench.view(exchange_id)
    assert (view.exchange.version, view.exchange.state.value) == (2, "handed-over")
    assert [d.version for d in view.documents] == [1, 2]
    assert (await bench.legs(exchange_id))[-1] == ("recheck", "ready")
    rows = await bench.pool.fetch(
        "SELECT leaf FROM ledger_entry UNION ALL SELECT progress::text::bytea FROM transmission"
    )
    assert not any(b"q7Zk" in row[0] for row in rows)


async def test_what_is_rescinded_waits_and_a_hold_passes_over(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    await bench.dispatch_one()
    rescinded = replace(ALL_GIVEN[2], outcome=Outcome.RESCINDED)
    await bench.release(exchange_id, (rescinded,))
    assert await bench.work() == ["held"]
    hold = Hold(head=bench.head(), exchange_id=None, explanation="")
    await bench.accept(hold)
    await bench.release(exchange_id, (ALL_GIVEN[2],))
    assert await bench.work() == []
    await bench.accept(replace(hold, head=bench.head(), lift=True))
    assert await bench.work() == ["delivered"]
    assert ALL_GIVEN[2].condition is Condition.SECRECY


async def test_a_document_is_deposited_anew_when_its_withdrawal_is_through(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    again = deposit(head=head(message_id="again"))
    with pytest.raises(Refused) as refused:
        await bench.accept(again)
    assert refused.value.reason is Reason.ALREADY_DEPOSITED
    await bench.accept(withdrawal(bench, exchange_id))
    with pytest.raises(Deferred) as deferred:
        await bench.accept(again)
    assert deferred.value.reason is Reason.BEING_WITHDRAWN
    await bench.work()
    assert isinstance(await bench.accept(again), Recorded)


# --- at once ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["deposit", "release", "withdrawal"])
async def test_twenty_at_once_are_one_effect_and_one_receipt(bench, kind):
    exchange_id = await bench.deposited()
    request = {
        "deposit": deposit(head=head(message_id="m"), application=application(number="7")),
        "release": Release(head=head(message_id="m"), exchange_id=exchange_id, decisions=ALL_GIVEN),
        "withdrawal": replace(withdrawal(bench, exchange_id), head=head(message_id="m")),
    }[kind]
    before = await bench.count("ledger_entry")
    accepted = await asyncio.gather(*(bench.accept(request) for _ in range(20)))
    assert len({each.receipt for each in accepted}) == 1
    assert sum(isinstance(each, Recorded) for each in accepted) == 1
    assert await bench.count("ledger_entry") == before + 1
    assert await bench.count("message") == 2
    stored = await bench.pool.fetchval("SELECT receipt FROM message WHERE message_id = 'm'")
    assert accepted[0].receipt == stored


async def test_changes_at_once_all_have_their_effect_or_are_asked_to_come_again(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    requests = [
        Correction(head=bench.head(), exchange_id=exchange_id, filing_date=date(2026, 3, day), explanation="x")
        for day in range(2, 12)
    ]
    while requests:
        answers = await asyncio.gather(*(bench.accept(each) for each in requests), return_exceptions=True)
        failed = [each for each, answer in zip(requests, answers, strict=True) if isinstance(answer, Exception)]
        assert len(failed) < len(requests), "somebody always gets through"
        assert {answer.reason for answer in answers if isinstance(answer, Exception)} <= {Reason.DATABASE_UNAVAILABLE}
        requests = failed
    view = await bench.view(exchange_id)
    assert view.exchange.version == 11
    await bench.work()
    told = [each for each in bench.bureau.errands if type(each).__name__ == "CorrectErrand"]
    formers = [each.former_filing_date for each in told]
    assert formers == [date(2026, 3, 1), *(each.cargo.subject.application.filing_date for each in told[:-1])]
    assert told[-1].cargo.subject.application.filing_date == view.exchange.application.filing_date


async def test_workers_at_once_do_everything_once(bench):
    """Ten documents of each office, four workers: whoever claims what, every errand is done once and in its order."""
    numbers = [str(number) for number in range(10)]
    ids = []
    for number in numbers:
        exchange_id = await bench.deposited(application=application(number=number))
        await bench.release(exchange_id, ALL_GIVEN)
        ids.append(exchange_id)
        await bench.requested(application=application(number=number))

    async def worker():
        outcomes, idle = [], 0
        while idle < 5:
            outcome = await bench.dispatch_one()
            idle = 0 if outcome else idle + 1
            outcomes += [outcome] if outcome else []
            await asyncio.sleep(0)
        return outcomes

    outcomes = Counter(outcome for each in await asyncio.gather(*(worker() for _ in range(4))) for outcome in each)
    outcomes += Counter(await bench.work())
    assert outcomes == Counter({"routed": 30, "delivered": 30})
    assert Counter(bench.bureau.tasks) == Counter({"Place": 10, "Obtain": 10})
    assert bench.own.tasks == ["HandOver"] * 10
    assert {await bench.state(exchange_id) for exchange_id in ids} == {"placed"}
    assert await bench.count("transmission") == 70
    assert await bench.pool.fetchval("SELECT count(*) FROM transmission WHERE state = 'ready'") == 10, "the looks"


async def test_what_waits_for_its_file_is_handed_over_when_a_person_names_it(bench):
    bench.own.plays.append(Refused(Reason.LOCAL_FILE_UNKNOWN))
    exchange_id = await bench.requested()
    await bench.work()
    [held] = [t for t in (await bench.view(exchange_id)).transmissions if t.state == "held"]
    assert (held.leg.task, held.reason) == (Task.HAND_OVER, Reason.LOCAL_FILE_UNKNOWN.code)
    named = Resend(head=bench.head(sender=XB, hosted=XB), exchange_id=exchange_id, own_number="XB/P/2026/1")
    await bench.accept(named)
    await bench.work()
    assert [errand.cargo.subject.own_number for errand in bench.own.errands] == [None, "XB/P/2026/1"]
    assert await bench.state(exchange_id) == "handed-over"
    with pytest.raises(Refused) as refused:
        await bench.accept(replace(named, head=bench.head(sender=XB, hosted=XB)))
    assert refused.value.reason is Reason.STATE_CONFLICT


async def test_a_slow_counterpart_delays_nobody_else(bench):
    bench.agreements.append(
        replace(bench.agreements[0], name="XA-XB", counterpart=XB, adapter="office", tasks=frozenset({Task.PLACE}))
    )
    bench.counterparts[(XB, "office")] = Counterpart()
    gate = asyncio.Event()

    async def slow(errand, kit):
        await gate.wait()

    bench.bureau.plays.append(slow)
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    assert await bench.dispatch_one() == "routed"
    waiting = asyncio.create_task(bench.dispatch_one(busy=frozenset({XB})))
    while not bench.bureau.errands:
        await asyncio.sleep(0)
    assert await bench.work() == ["delivered"]
    assert bench.counterparts[(XB, "office")].tasks == ["Place"]
    gate.set()
    assert await waiting == "delivered"
    assert await bench.state(exchange_id) == "placed"


# --- what can fail ----------------------------------------------------------------------------------------------------


async def test_connections_that_are_cut_lose_nothing_and_do_nothing_twice(bench, shared):
    """The sender repeats until it is heard; at every third try somebody cuts all lines to the database."""
    killer = await asyncpg.connect(shared.database.superuser.reveal())
    tries = 0

    async def cut():
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'pouch_app' AND datname = current_database()"
        )

    async def heard(request):
        nonlocal tries
        while True:
            tries += 1
            trying = asyncio.create_task(bench.accept(request))
            if tries % 3 == 0:
                await cut()
            try:
                return await trying
            except Deferred as error:
                assert error.reason is Reason.DATABASE_UNAVAILABLE

    ids = []
    for number in range(10):
        document = deposit(head=head(message_id=f"d{number}"), application=application(number=str(number)))
        ids.append((await heard(document)).exchange_id)
        await heard(Release(head=head(message_id=f"r{number}"), exchange_id=ids[-1], decisions=ALL_GIVEN))
    await killer.close()
    assert tries > 20, "some were cut"
    assert (await bench.count("exchange"), await bench.count("message")) == (10, 20)
    assert Counter(await bench.work()) == Counter({"routed": 10, "delivered": 10})
    assert {await bench.state(exchange_id) for exchange_id in ids} == {"placed"}
    leaves = await bench.pool.fetch("SELECT leaf FROM ledger_entry")
    kinds = Counter(json.loads(row["leaf"][1:])["kind"] for row in leaves)
    assert kinds == Counter({"deposited": 10, "decided": 10, "released": 10, "placed": 10})
