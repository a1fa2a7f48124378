"""The line from end to end in memory: whole stories, every order of events, and death between any two steps."""

import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path += [str(Path(__file__).parent / folder) for folder in ("stages", "core")]

from core_values import (
    ALL_GIVEN,
    IB,
    NOW,
    XA,
    XB,
    agreement,
    application,
    decision,
    deposit,
    head,
    listed,
    obtained,
    retrieval,
)
from line_in_memory import Counterpart, make_bench, pending, standing

from gateway.core.exchange import Fact, FactName, State
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.release import Condition, Outcome, open_conditions
from gateway.core.request import (
    Cause,
    Confirmation,
    Correction,
    Hold,
    Hosting,
    Inquiry,
    Notice,
    Release,
    Replacement,
    Resend,
    Withdrawal,
)
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Task, TransmissionState
from gateway.pipeline import dispatch

NEW_DATE = date(2026, 3, 9)
NEWER = b"%PDF-newer"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def bench():
    return make_bench()


def correction(bench, exchange_id, filing_date=NEW_DATE):
    return Correction(head=bench.head(), exchange_id=exchange_id, filing_date=filing_date, explanation="x")


def replacement(bench, exchange_id, content=NEWER):
    return Replacement(head=bench.head(), exchange_id=exchange_id, explanation="x", documents=(listed(content),))


def withdrawal(bench, exchange_id):
    return Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT)


def rescinded(condition=Condition.FORMALITIES):
    return (decision(condition, Outcome.RESCINDED),)


# --- a deposit --------------------------------------------------------------------------------------------------------


async def test_nothing_happens_before_the_release_and_then_all_of_it(bench):
    exchange_id = await bench.deposited()
    assert await bench.work() == []
    *first, last = ALL_GIVEN
    await bench.release(exchange_id, tuple(first))
    assert await bench.work() == []
    await bench.release(exchange_id, (last,))
    assert await bench.work() == ["routed", "delivered"]
    assert bench.steps(exchange_id) == ["deposited", "decided", "decided", "released", "placed"]
    assert (await bench.state(exchange_id), bench.bureau.tasks) == ("placed", ["Place"])
    assert bench.events(exchange_id) == ["released", "placed"]
    assert ("delivered", IB, "place", "delivered") in bench.meter.told


async def test_without_room_new_work_is_refused_and_what_ends_or_stops_it_goes_on(bench):
    exchange_id = await bench.deposited()
    bench.documents.room = False
    for new in (deposit(head=bench.head()), replacement(bench, exchange_id), retrieval(head=bench.head())):
        with pytest.raises(Deferred) as deferred:
            await bench.accept(new)
        assert deferred.value.reason is Reason.DISK_NEARLY_FULL
    await bench.release(exchange_id, ALL_GIVEN)
    stop = Hold(head=bench.head(), exchange_id=exchange_id, explanation="x")
    await bench.accept(stop)
    assert bench.steps(exchange_id) == ["deposited", "decided", "stopped"]


async def test_a_standing_rule_needs_nobody(bench):
    bench.agreements[0] = replace(bench.agreements[0], standing_release=standing())
    exchange_id = await bench.deposited()
    await bench.work()
    assert await bench.state(exchange_id) == "placed"


async def test_what_changes_before_the_route_goes_as_it_is_then(bench):
    """No leg of its own tells such a change: the exchange was still held."""
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    await bench.accept(correction(bench, exchange_id))
    await bench.accept(replacement(bench, exchange_id))
    await bench.work()
    (errand,) = bench.bureau.errands
    cargo = errand.cargo.subject
    assert (cargo.version, cargo.application.filing_date) == (3, NEW_DATE)
    assert [d.listed.size for d in cargo.documents] == [len(NEWER)]


async def test_what_is_withdrawn_before_the_route_goes_nowhere(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    await bench.accept(withdrawal(bench, exchange_id))
    assert await bench.work() == ["routed"]
    assert (await bench.state(exchange_id), bench.bureau.tasks, bench.events(exchange_id)) == ("withdrawn", [], [])


async def test_every_change_reaches_the_counterpart_in_its_order(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    await bench.accept(correction(bench, exchange_id))
    await bench.accept(replacement(bench, exchange_id))
    await bench.accept(correction(bench, exchange_id, date(2026, 3, 12)))
    await bench.work()
    await bench.accept(withdrawal(bench, exchange_id))
    await bench.work()
    place, correct, replaced, again, withdrawn = bench.bureau.errands
    assert bench.bureau.tasks == ["Place", "Correct", "Replace", "Correct", "Withdraw"]
    dates = [place, correct, replaced, again]
    assert [each.cargo.subject.application.filing_date.day for each in dates] == [1, 9, 9, 12]
    assert (correct.former_filing_date.day, again.former_filing_date.day) == (1, 9)
    assert withdrawn.application.filing_date.day == 12
    assert [each.cargo.subject.version for each in dates] == [1, 2, 3, 4]
    assert bench.events(exchange_id)[2:] == ["corrected", "replaced", "corrected", "withdrawn"]


async def test_a_change_behind_a_refused_correction_is_told_by_what_the_counterpart_knows(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    bench.bureau.plays.append(Refused(Reason.REMOTE_REFUSED))
    await bench.accept(correction(bench, exchange_id))
    await bench.accept(replacement(bench, exchange_id))
    await bench.work()
    await bench.accept(withdrawal(bench, exchange_id))
    await bench.work()
    *_, replaced, withdrawn = bench.bureau.errands
    assert replaced.cargo.subject.application.filing_date.day == 1
    assert withdrawn.application.filing_date.day == 1


async def test_a_refused_document_is_placed_again_when_it_is_resent(bench):
    bench.bureau.plays.append(Refused(Reason.FILE_REJECTED))
    exchange_id = await bench.placed(ALL_GIVEN)
    assert (await bench.state(exchange_id), bench.events(exchange_id)) == ("refused", ["released", "refused"])
    await bench.accept(Resend(head=bench.head(), exchange_id=exchange_id))
    assert await bench.state(exchange_id) == "released"
    await bench.work()
    assert await bench.state(exchange_id) == "placed"


async def test_a_route_that_is_not_agreed_any_more_leaves_the_document_held(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    bench.agreements[0] = replace(bench.agreements[0], suspended=True)
    assert await bench.work() == ["refused"]
    assert (await bench.state(exchange_id), bench.events(exchange_id)) == ("held", ["refused"])
    bench.agreements[0] = replace(bench.agreements[0], suspended=False)
    await bench.accept(Resend(head=bench.head(), exchange_id=exchange_id))
    await bench.work()
    assert await bench.state(exchange_id) == "placed"


async def test_a_suspended_agreement_lets_nothing_pass_and_goes_on_by_itself(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    assert await bench.dispatch_one() == "routed"
    bench.agreements[0] = replace(bench.agreements[0], suspended=True)
    before = len(bench.store.entries)
    assert await bench.work() == ["pending"]
    assert (bench.bureau.tasks, len(bench.store.entries)) == ([], before)
    bench.agreements[0] = replace(bench.agreements[0], suspended=False)
    bench.clock.pass_by(timedelta(minutes=15))
    assert await bench.work() == ["delivered"]


async def test_without_its_adapter_a_leg_waits_for_a_person(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    bureau = bench.counterparts.pop((IB, "das"))
    assert await bench.work() == ["routed", "held"]
    bench.counterparts[(IB, "das")] = bureau
    await bench.accept(Resend(head=bench.head(), exchange_id=exchange_id))
    assert await bench.work() == ["delivered"]


# --- release, rescinded -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("routed", [False, True])
async def test_what_is_rescinded_on_the_way_waits_and_goes_on_when_it_is_given_again(bench, routed):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    if routed:
        await bench.dispatch_one()
    await bench.release(exchange_id, rescinded())
    assert await bench.work() == ["held"]
    assert (bench.bureau.tasks, bench.events(exchange_id)[-1]) == ([], "held")
    await bench.release(exchange_id, (decision(Condition.FORMALITIES),))
    await bench.work()
    assert (await bench.state(exchange_id), bench.bureau.tasks) == ("placed", ["Place"])
    assert bench.events(exchange_id).count("placed") == 1


async def test_a_release_that_comes_while_an_attempt_finds_none_is_not_lost(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    await bench.accept(correction(bench, exchange_id))
    await bench.dispatch_one()
    await bench.release(exchange_id, rescinded())
    transmission = await bench.store.claim(busy=frozenset(), lease=MINUTE)
    looked_at = await bench.view(exchange_id)
    await bench.release(exchange_id, (decision(Condition.FORMALITIES),))

    async def as_it_was(hosted, about):
        del bench.store.view
        return looked_at

    bench.store.view = as_it_was
    assert await dispatch(transmission, bench, bench.line) == "held"
    assert await bench.work() == ["delivered"]
    assert bench.bureau.tasks[-1] == "Correct"


async def test_a_withdrawal_passes_what_was_rescinded(bench):
    """The usual reason to withdraw: the authorisation was rescinded, and a correction was still on its way."""
    exchange_id = await bench.placed(ALL_GIVEN)
    await bench.accept(correction(bench, exchange_id))
    await bench.accept(replacement(bench, exchange_id))
    await bench.dispatch_one()
    await bench.release(exchange_id, rescinded())
    assert await bench.work() == ["held", "held"], "the leg of the one, the route of the other"
    await bench.accept(withdrawal(bench, exchange_id))
    await bench.work()
    assert bench.bureau.tasks == ["Place", "Withdraw"]
    assert {state for _, state in await bench.legs(exchange_id)} <= {"done", "refused"}
    assert bench.events(exchange_id)[-1] == "withdrawn"


async def test_a_registration_that_was_begun_is_withdrawn_though_nobody_knows_whether_it_is_there(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)

    async def cut(errand, kit):
        await kit.progress.commit(intent="now")
        raise Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)

    bench.bureau.plays.append(cut)
    assert await bench.work() == ["routed", "deferred"]
    await bench.release(exchange_id, rescinded())
    bench.clock.pass_by(DAY)
    assert await bench.work() == ["held"]
    await bench.accept(withdrawal(bench, exchange_id))
    await bench.work()
    assert bench.bureau.tasks == ["Place", "Withdraw"]
    assert await bench.legs(exchange_id) == [
        ("route", "done"),
        ("place", "refused"),
        ("route", "done"),
        ("withdraw", "done"),
    ]


@pytest.mark.parametrize("whole_office", [True, False])
async def test_a_person_s_stop_holds_everything_and_its_end_lets_it_go_on(bench, whole_office):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    stop = Hold(head=bench.head(), exchange_id=None if whole_office else exchange_id, explanation="x")
    await bench.accept(stop)
    assert await bench.work() == []
    lift = replace(stop, head=bench.head(), lift=True)
    await bench.accept(lift)
    await bench.work()
    assert await bench.state(exchange_id) == "placed"


async def test_a_stop_while_an_attempt_begins_is_seen_and_needs_no_second_word(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    for outcome in ("routed", "delivered"):
        transmission = await bench.store.claim(busy=frozenset(), lease=MINUTE)
        stop = Hold(head=bench.head(), exchange_id=exchange_id, explanation="x")
        await bench.accept(stop)
        assert await dispatch(transmission, bench, bench.line) == "deferred"
        assert (bench.bureau.tasks, await bench.work()) == ([], [])
        await bench.accept(replace(stop, head=bench.head(), lift=True))
        assert await bench.dispatch_one() == outcome


# --- several counterparts ---------------------------------------------------------------------------------------------


@pytest.fixture
def direct(bench):
    """A second counterpart that takes XA's documents; gives its adapter."""
    tasks = bench.agreements[0].tasks
    bench.agreements.append(agreement(name="XA-XB", counterpart=XB, adapter="office", tasks=tasks))
    bench.counterparts[(XB, "office")] = Counterpart()
    return bench.counterparts[(XB, "office")]


async def test_each_counterpart_gets_everything(bench, direct):
    exchange_id = await bench.placed(ALL_GIVEN)
    await bench.accept(correction(bench, exchange_id))
    await bench.work()
    await bench.accept(withdrawal(bench, exchange_id))
    await bench.work()
    for adapter in (bench.bureau, direct):
        assert adapter.tasks == ["Place", "Correct", "Withdraw"]
        assert adapter.errands[1].former_filing_date.day == 1
    assert {state for _, state in await bench.legs(exchange_id)} == {"done"}


async def test_one_counterpart_refuses_and_the_other_takes_it(bench, direct):
    bench.bureau.plays.append(Refused(Reason.FILE_REJECTED))
    exchange_id = await bench.placed(ALL_GIVEN)
    assert await bench.state(exchange_id) == "placed"
    await bench.accept(correction(bench, exchange_id))
    await bench.work()
    assert (bench.bureau.tasks, direct.tasks) == (["Place"], ["Place", "Correct"])


# --- a retrieval ------------------------------------------------------------------------------------------------------


async def test_a_document_is_obtained_handed_over_and_looked_at_again(bench):
    exchange_id = await bench.requested()
    assert await bench.work() == ["routed", "delivered", "routed", "delivered"]
    assert (await bench.state(exchange_id), bench.own.tasks) == ("handed-over", ["HandOver"])
    notification = next(iter(bench.store.notices))
    await bench.accept(Confirmation(head=bench.head(sender=XB, hosted=XB), notification_id=notification))
    assert await bench.state(exchange_id) == "confirmed"
    looks = []
    for play in (pending(hours=8), Delivered(changed=False), Delivered(changed=True)):
        bench.clock.pass_by(DAY)
        bench.bureau.plays.append(play)
        if play == Delivered(changed=True):
            bench.bureau.plays.append(Delivered(documents=(obtained(NEWER),)))
        looks.append(await bench.work())
    assert looks == [
        ["pending"],
        ["delivered", "routed"],
        ["delivered", "routed", "delivered", "routed", "delivered"],
    ]
    view = await bench.view(exchange_id)
    assert (view.exchange.version, view.exchange.state) == (2, State.HANDED_OVER)
    assert [d.version for d in view.documents] == [1, 2]
    assert bench.own.tasks == ["HandOver", "HandOver"]
    assert [each.cargo.subject.version for each in bench.own.errands] == [1, 2]
    assert bench.events(exchange_id) == ["received", "handed-over", "changed", "received", "handed-over"]
    assert view.fact(FactName.CHANGED_AFTER_ACCESS) is None
    assert FactName.CHANGED_AFTER_ACCESS in {fact.name for fact in view.facts}
    assert (await bench.legs(exchange_id))[-1] == ("recheck", "ready"), "and so on"


async def test_the_same_bytes_are_not_handed_over_twice(bench):
    exchange_id = await bench.requested()
    await bench.work()
    bench.clock.pass_by(DAY)
    bench.bureau.plays.append(Delivered(changed=True))
    await bench.work()
    assert (bench.own.tasks, await bench.state(exchange_id)) == (["HandOver"], "handed-over")
    assert (await bench.view(exchange_id)).exchange.version == 1
    assert (await bench.legs(exchange_id))[-1] == ("recheck", "ready")


async def test_a_wrong_code_is_final_counted_and_told(bench):
    bench.bureau.plays.append(Refused(Reason.ACCESS_CODE_MISMATCH))
    exchange_id = await bench.requested()
    await bench.work()
    assert (await bench.state(exchange_id), bench.events(exchange_id)) == ("refused", ["refused"])
    about = (await bench.view(exchange_id)).exchange.application
    assert await bench.store.so_far(XB, XB, about) == 1
    assert ("wrong_access_code", XB, "rest") in bench.meter.told
    assert bench.store.entries[-1].leaf.count(b'"5008"') == 1


async def test_a_wrong_code_is_counted_once_however_often_its_end_is_written(bench):
    bench.bureau.plays.append(Refused(Reason.ACCESS_CODE_MISMATCH))
    exchange_id = await bench.requested()
    await bench.dispatch_one()
    append, overtaken = bench.store.append, [Overtaken(), Overtaken()]

    async def stumbling(change):
        if overtaken:
            raise overtaken.pop()
        return await append(change)

    bench.store.append = stumbling
    await bench.work()
    about = (await bench.view(exchange_id)).exchange.application
    assert await bench.store.so_far(XB, XB, about) == 1


async def test_a_request_that_nobody_agreed_on_any_more_comes_to_nothing(bench):
    exchange_id = await bench.requested()
    bench.agreements[1] = replace(bench.agreements[1], suspended=True)
    assert await bench.work() == ["refused"]
    assert (await bench.state(exchange_id), bench.events(exchange_id)) == ("refused", ["refused"])
    bench.agreements[1] = replace(bench.agreements[1], suspended=False)
    await bench.accept(Resend(head=bench.head(sender=XB, hosted=XB), exchange_id=exchange_id))
    await bench.work()
    assert await bench.state(exchange_id) == "handed-over"


async def test_a_notice_while_the_attempt_runs_is_not_lost(bench):
    exchange_id = await bench.requested()
    await bench.dispatch_one()

    async def told_meanwhile(errand, kit):
        await kit.progress.commit(acknowledgement="A-1")
        await bench.accept(Notice(head=bench.head(sender=IB, hosted=XB), acknowledgement_id="A-1"))
        return pending(hours=6)

    bench.bureau.plays.append(told_meanwhile)
    assert await bench.work() == ["pending", "delivered", "routed", "delivered"]
    assert await bench.state(exchange_id) == "handed-over"


async def test_waiting_politely_writes_nothing_and_news_does(bench):
    await bench.requested()
    await bench.dispatch_one()
    before = len(bench.store.entries)
    bench.bureau.plays.append(pending())
    assert await bench.work() == ["pending"]
    assert len(bench.store.entries) == before
    bench.clock.pass_by(MINUTE)
    fact = Fact(name=FactName.REQUESTED, at=NOW, value="A-1")
    bench.bureau.plays.append(replace(pending(), facts=(fact,)))
    assert await bench.work() == ["pending"]
    assert [e.step.value for e in bench.store.entries[before:]] == ["attempted"]


async def test_our_library_answers_who_asks(bench):
    exchange_id = await bench.placed(ALL_GIVEN, hosting=Hosting.OFFICE)
    inquiry = Inquiry(head=bench.head(sender=IB), application=application(), access_code=Secret("A1b2"))
    recorded = await bench.accept(inquiry)
    await bench.work()
    assert bench.bureau.errands[-1].acknowledgement_id == recorded.legs[0]
    assert bench.steps(exchange_id)[-2:] == ["asked", "answered"]


# --- at once, and overtaken -------------------------------------------------------------------------------------------


async def test_who_is_overtaken_reads_again_and_decides_again(bench):
    """A correction arrives between the route's look and its writing."""
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    append = bench.store.append

    async def meanwhile(change):
        bench.store.append = append
        await bench.accept(correction(bench, exchange_id))
        return await append(change)

    bench.store.append = meanwhile
    assert await bench.work() == ["routed", "delivered"]
    assert bench.bureau.errands[0].cargo.subject.application.filing_date == NEW_DATE


@pytest.mark.parametrize("front", [True, False])
async def test_who_is_always_overtaken_gives_up_for_now(bench, front):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    count = []

    async def overtaken(change):
        count.append(change)
        raise Overtaken

    bench.store.append = overtaken
    with pytest.raises(Deferred) as deferred:
        if front:
            await bench.accept(correction(bench, exchange_id))
        else:
            await bench.dispatch_one()
    assert deferred.value.reason is Reason.DATABASE_UNAVAILABLE
    assert len(count) == 5


async def test_a_worker_that_lost_its_lease_settles_nothing(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    await bench.dispatch_one()
    lost = await bench.store.claim(busy=frozenset(), lease=timedelta(seconds=-1))
    assert await bench.work() == ["delivered"]
    with pytest.raises(Deferred) as deferred:
        await dispatch(lost, bench, bench.line)
    assert deferred.value.reason is Reason.LEASE_LOST
    assert bench.events(exchange_id).count("placed") == 1


async def test_an_exchange_that_is_not_there_is_left_alone(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    transmission = await bench.store.claim(busy=frozenset(), lease=MINUTE)
    with pytest.raises(Deferred) as deferred:
        await dispatch(replace(transmission, hosted=XB), bench, bench.line)
    assert deferred.value.reason is Reason.INTERNAL


# --- death ------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone: nothing after this line was done by it."""


class Ledgered(Counterpart):
    """A counterpart with a record of its own: what was asked of it, each once by its exchange, task and version."""

    def __init__(self, step) -> None:
        super().__init__()
        self._step = step
        self.effects: list[tuple] = []

    async def deliver(self, errand, kit):
        self._step()
        if "intent" not in kit.progress.known:
            await kit.progress.commit(intent="now")
        self._step()
        cargo = getattr(errand, "cargo", None)
        effect = (errand.exchange_id, type(errand).__name__, cargo.subject.version if cargo else None)
        if effect not in self.effects:  # it is read back before it is done again
            self.effects.append(effect)
        self._step()
        if "acknowledgement" not in kit.progress.known:
            await kit.progress.commit(acknowledgement="A-1")
            return pending()
        return await super().deliver(errand, kit)


async def story(bench):
    """XA deposits, releases, corrects, replaces, withdraws; XB asks and gets; each word is sent until it is heard."""
    words = [
        lambda ids: deposit(head=head(message_id="deposit")),
        lambda ids: Release(head=head(message_id="release"), exchange_id=ids[0], decisions=ALL_GIVEN),
        lambda ids: replace(correction(bench, ids[0]), head=head(message_id="correct")),
        lambda ids: replace(replacement(bench, ids[0]), head=head(message_id="replace")),
        lambda ids: replace(withdrawal(bench, ids[0]), head=head(message_id="withdraw")),
        lambda ids: retrieval(head=head(message_id="retrieve", sender=XB, hosted=XB)),
    ]
    ids = []
    for word in words:
        while True:
            try:
                accepted = await bench.accept(word(ids))
                break
            except Killed:
                continue
        ids.append(accepted.exchange_id)
        for _ in range(20):
            try:
                await bench.work()
                break
            except Killed:
                bench.clock.pass_by(2 * MINUTE)
        for _ in range(4):  # what was put off becomes due
            bench.clock.pass_by(2 * MINUTE)
            try:
                await bench.work()
            except Killed:
                bench.clock.pass_by(2 * MINUTE)
    return ids


def world(killed_at=None):
    """A bench that dies at the given step of its life, between any two of them, once."""
    bench = make_bench()
    steps = iter(range(10**6))

    def step():
        if next(steps) == killed_at:
            raise Killed

    def mortal(call):
        async def called(*arguments, **more):
            step()
            result = await call(*arguments, **more)
            step()
            return result

        return called

    for name in ("append", "postpone"):
        setattr(bench.store, name, mortal(getattr(bench.store, name)))
    bench.agreements[1] = replace(bench.agreements[1], recheck=None)
    for key in bench.counterparts:
        bench.counterparts[key] = Ledgered(step)
    bench.steps_taken = steps
    return bench


async def outcome(bench, ids):
    """What is left at the end, without the words of time and chance."""
    return {
        "exchanges": sorted(e.state.value for e in bench.store.exchanges.values()),
        "versions": sorted((d.version, d.listed.size) for each in bench.store.documents.values() for d in each),
        "legs": [sorted(await bench.legs(about)) for about in (ids[0], ids[-1])],
        "events": sorted(n.row.event for n in bench.store.notices.values()),
        "effects": {
            key: sorted(effect[1:] for effect in adapter.effects if effect[2] or effect[1])
            for key, adapter in bench.counterparts.items()
        },
        "steps": sorted(e.step.value for e in bench.store.entries if e.step.value != "attempted"),
        "messages": sorted(bench.store.messages),
    }


async def test_death_between_any_two_steps_ends_in_the_same_state():
    whole = world()
    expected = await outcome(whole, await story(whole))
    assert expected["exchanges"] == ["handed-over", "withdrawn"]
    assert expected["effects"][(IB, "das")] == [
        ("CorrectErrand", 2),
        ("ObtainErrand", None),
        ("PlaceErrand", 1),
        ("ReplaceErrand", 3),
        ("WithdrawErrand", None),
    ]
    for moment in range(next(whole.steps_taken)):
        bench = world(killed_at=moment)
        assert await outcome(bench, await story(bench)) == expected, f"killed at step {moment}"


# --- any order --------------------------------------------------------------------------------------------------------

PLAYS = (
    None,
    None,
    pending(),
    Delivered(changed=True),
    Delivered(documents=(obtained(NEWER),), changed=True),
    Refused(Reason.FILE_REJECTED),
    Refused(Reason.ACCESS_CODE_MISMATCH),
    Deferred(Reason.REMOTE_BUSY),
    Deferred(Reason.NOT_REGISTERED),
    Refused(Reason.ALREADY_REGISTERED),
    KeyError("bug"),
)


def anything(bench, exchange_id, sender):
    """Every kind of request about an exchange, as its owner may send them."""
    named = {"head": bench.head(sender=sender, hosted=sender), "exchange_id": exchange_id}
    days = st.integers(min_value=1, max_value=28).map(lambda day: date(2026, 3, day))
    decisions = st.lists(
        st.builds(decision, st.sampled_from(Condition), st.sampled_from(Outcome)), min_size=1, max_size=5
    )
    return st.one_of(
        st.just(Release(**named, decisions=ALL_GIVEN)),
        st.builds(lambda some: Release(**named, decisions=tuple(some)), decisions),
        st.builds(lambda day: Correction(**named, filing_date=day, explanation="x"), days),
        st.builds(lambda n: replace(replacement(bench, exchange_id, b"%%PDF-%d" % n), **named), st.integers(0, 3)),
        st.just(Withdrawal(**named, cause=Cause.SECRECY_IMPOSED)),
        st.builds(lambda lift: Hold(**named, explanation="x", lift=lift), st.booleans()),
        st.just(Resend(**named)),
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
async def test_whatever_happens_in_whatever_order_the_line_goes_on(draw):
    """Every request has an effect or a Reason, every attempt an end; nothing unreleased leaves; versions only grow."""
    bench = make_bench()
    exchanges = {await bench.deposited(hosting=Hosting.OFFICE): XA, await bench.requested(): XB}
    watched = Watched(bench)
    for adapter in bench.counterparts.values():
        adapter.plays = Drawn(draw, watched, adapter)
    for _ in range(draw.draw(st.integers(min_value=5, max_value=25))):
        exchange_id, sender = draw.draw(st.sampled_from(sorted(exchanges.items())))
        move = draw.draw(st.sampled_from(["accept", "accept", "dispatch", "dispatch", "dispatch", "wait", "confirm"]))
        if move == "accept":
            await watched.accept(draw.draw(anything(bench, exchange_id, sender)))
        elif move == "dispatch":
            await bench.dispatch_one()
        elif move == "wait":
            bench.clock.pass_by(draw.draw(st.sampled_from([MINUTE, DAY])))
        elif bench.store.notices:
            name = draw.draw(st.sampled_from(sorted(bench.store.notices)))
            owner = bench.store.notices[name].hosted
            await watched.accept(Confirmation(head=bench.head(sender=owner, hosted=owner), notification_id=name))
        await watched.check()
    await watched.come_to_an_end(exchanges)


class Drawn:
    """Plays that are drawn as they are needed, and leave progress behind as adapters do."""

    def __init__(self, draw, watched, adapter) -> None:
        self._draw, self._watched, self._adapter = draw, watched, adapter

    def popleft(self):
        play = self._draw.draw(st.sampled_from(PLAYS))
        self._watched.look(self._adapter.errands[-1])

        async def played(errand, kit):
            await kit.progress.commit(intent="now")
            if isinstance(play, BaseException):
                raise play
            return play

        return played


class Watched:
    """What must hold after every move."""

    def __init__(self, bench) -> None:
        self.bench = bench
        self.versions = {}

    def look(self, errand) -> None:
        """Nothing of a deposit is handed to an adapter that is not released at this moment."""
        cargo = getattr(errand, "cargo", None)
        exchange = self.bench.store.exchanges[errand.exchange_id]
        assert not exchange.on_hold
        if cargo is not None and exchange.hosted == XA:
            assert not open_conditions(self.bench.store.decisions[errand.exchange_id])
            assert [d.listed.role.value for d in cargo.subject.documents] == ["certified-copy"]

    async def accept(self, request) -> None:
        try:
            await self.bench.accept(request)
        except Refused as refused:
            assert refused.reason in (Reason.STATE_CONFLICT, Reason.ALREADY_DEPOSITED)

    async def check(self) -> None:
        for exchange_id, exchange in self.bench.store.exchanges.items():
            assert exchange.version >= self.versions.get(exchange_id, 0)
            self.versions[exchange_id] = exchange.version
            documents = self.bench.store.documents[exchange_id]
            assert all(d.version <= exchange.version for d in documents)

    async def come_to_an_end(self, exchanges) -> None:
        """With every condition given and every hold lifted, whatever was begun comes to its end."""
        for adapter in self.bench.counterparts.values():
            adapter.plays = None
        for exchange_id, sender in exchanges.items():
            named = {"exchange_id": exchange_id}
            for request in (
                Hold(head=self.bench.head(sender=sender, hosted=sender), **named, explanation="x", lift=True),
                Release(head=self.bench.head(sender=sender, hosted=sender), **named, decisions=ALL_GIVEN),
                Resend(head=self.bench.head(sender=sender, hosted=sender), **named),
            ):
                await self.accept(request)
        for _ in range(4):
            self.bench.clock.pass_by(timedelta(hours=12))
            await self.bench.work()
        left = [
            row.leg.task
            for row in self.bench.store.transmissions
            if row.state in (TransmissionState.READY, TransmissionState.HELD)
        ]
        assert set(left) <= {Task.RECHECK}, left
