"""What journal, queue, records and guesses do, whether in memory or PostgreSQL: each check runs over both.

A check is given a Stores; what it begins with it appends itself. A lease of less than no time has run out at once.
"""

import itertools
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from core_values import (
    ALL_GIVEN,
    IB,
    NOW,
    XA,
    XB,
    accessing,
    application,
    decision,
    document,
    exchange,
    leg,
    obtained,
)

from gateway.core.commitment import commit
from gateway.core.document import Certification, CertificationForm, Publication, Role
from gateway.core.entry import make_entry
from gateway.core.exchange import Fact, FactName, Party, State, Step
from gateway.core.identifiers import new_id
from gateway.core.office import Right
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.release import Condition
from gateway.core.transmission import Delivered, Ended, Pending, Task, TransmissionState
from gateway.ports import Append, Forget, MessageRow, NotificationRow, Stops

READY, HELD = TransmissionState.READY, TransmissionState.HELD
DONE, REFUSED = TransmissionState.DONE, TransmissionState.REFUSED
LEASE, NO_LEASE = timedelta(minutes=1), timedelta(seconds=-1)
LATER = timedelta(hours=1)

_numbers = itertools.count(1)


def an_id() -> str:
    return new_id(NOW, next(_numbers).to_bytes(10, "big"))


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Stores:
    """The ports under test, and the clock they go by."""

    clock: Clock
    journal: Any
    outbox: Any
    records: Any
    guesses: Any

    async def append(self, *, step=Step.ATTEMPTED, about=None, hosted=XA, **changes):
        entry = make_entry(
            entry_id=an_id(),
            hosted=hosted,
            exchange_id=about or (changes["exchange"].exchange_id if changes.get("exchange") else None),
            step=step,
            at=self.clock.now(),
            salt=bytes(16),
            actor="XA",
        )
        return await self.journal.append(Append(hosted=hosted, entry=entry, **changes))

    async def begin(self, of=None, legs=(), **changes):
        """Write a new exchange with legs; gives its id and those of its legs."""
        begun = replace(of or exchange(), exchange_id=an_id(), revision=0)
        if of is None:  # a document of its own
            number = f"N{next(_numbers)}"
            begun = replace(begun, application=application(number=number, normal=number))
        named = tuple((an_id(), each) for each in legs)
        await self.append(step=Step.DEPOSITED, hosted=begun.hosted, exchange=begun, legs=named, **changes)
        return begun.exchange_id, *(name for name, _ in named)

    async def head(self, exchange_id, hosted=XA):
        return await self.records.exchange(hosted, exchange_id)

    async def states(self, exchange_id, hosted=XA):
        view = await self.records.view(hosted, exchange_id)
        return [t.state for t in view.transmissions]

    async def one(self, exchange_id, hosted=XA):
        (only,) = (await self.records.view(hosted, exchange_id)).transmissions
        return only

    async def claim(self, busy=(), lease=LEASE):
        return await self.outbox.claim(busy=frozenset(busy), lease=lease)

    async def claimed(self, busy=(), lease=LEASE):
        """Claim all there is to claim; gives the ids, in that order."""
        found = []
        while transmission := await self.claim(busy, lease):
            found.append(transmission.transmission_id)
        return found

    async def settle(self, transmission, outcome, **changes):
        await self.append(about=transmission.exchange_id, settles=(transmission, outcome), **changes)


def message(message_id="m-1", receipt=b"<Receipt/>", digest=b"d" * 32, evidence=None):
    return MessageRow(
        hosted=XA,
        sender=XA,
        message_id=message_id,
        operation="DepositPriorityDocument",
        digest=digest,
        receipt=receipt,
        evidence=evidence,
    )


def ended(state, reason=Reason.REMOTE_BUSY, again_at=None):
    return Ended(reason=reason, state=state, again_at=again_at)


async def refused(awaitable, error, reason=None):
    with pytest.raises(error) as raised:
        await awaitable
    if reason is not None:
        assert raised.value.reason is reason


# --- journal ----------------------------------------------------------------------------------------------------------


async def an_append_writes_everything(s: Stores):
    certification = Certification(
        certified_by=XB, form=CertificationForm.SEALED, certified_on=date(2026, 3, 2), filing_date_certified=False
    )
    copy = document(1, certification=certification, language="pt-BR")
    large = replace(
        document(1, content_id="b.xml", role=Role.BIBLIOGRAPHY, certification=None),
        stored=replace(copy.stored, document_id=an_id(), inline=None, address="ab" * 32),
    )
    of = exchange(
        application=application(right=Right.DESIGN, number="Номер 7", normal="N7"),
        publication=Publication.PUBLISHED,
        on_hold=True,
        terms={"owner": "XA", "applicant_email": "a@b.example"},
    )
    facts = (Fact(name=FactName.AVAILABLE, at=NOW, value="v"), Fact(name=FactName.FETCHED, at=NOW))
    notice = NotificationRow(notification_id=an_id(), addressee=XA, event="placed", content=b"<N/>")
    planned = leg(Task.PLACE, due_at=NOW + LATER, version=3, progress={"filing_date": "2026-03-01", "step": "ü"})
    answer = await s.append(
        exchange=replace(of, revision=0),
        message=message(evidence=obtained()),
        documents=(copy, large),
        decisions=ALL_GIVEN,
        facts=facts,
        access_code=b"sealed",
        legs=((an_id(), planned),),
        notifications=(notice,),
    )
    assert (answer.fresh, answer.receipt, answer.digest) == (True, b"<Receipt/>", b"d" * 32)
    view = await s.records.view(XA, of.exchange_id)
    assert view.exchange == of
    assert view.decisions == ALL_GIVEN
    assert view.facts == facts
    assert sorted(view.documents, key=lambda d: d.listed.content_id) == [large, copy]
    assert [t.leg for t in view.transmissions] == [planned]
    assert [(t.state, t.attempts, t.reason) for t in view.transmissions] == [("ready", 0, None)]
    assert await s.records.access_code(XA, of.exchange_id) == b"sealed"
    (waiting,) = await s.records.notifications(XA, XA, 9)
    assert (waiting.notification_id, waiting.exchange_id, waiting.event, waiting.content, waiting.created_at) == (
        notice.notification_id,
        of.exchange_id,
        "placed",
        b"<N/>",
        NOW,
    )
    known = await s.records.message(XA, XA, "m-1")
    assert (known.receipt, known.digest, known.exchange_id) == (b"<Receipt/>", b"d" * 32, of.exchange_id)


async def the_same_message_writes_nothing_and_gets_its_receipt(s: Stores):
    about, _ = await s.begin(legs=(leg(),), message=message())
    head = await s.head(about)
    answer = await s.append(
        about=about,
        message=message(receipt=b"<Another/>", digest=b"e" * 32),
        exchange=replace(head, state=State.WITHDRAWN),
        legs=((an_id(), leg(Task.WITHDRAW)),),
        facts=(Fact(name=FactName.FETCHED, at=NOW),),
        documents=(document(2),),
    )
    assert (answer.fresh, answer.receipt, answer.digest) == (False, b"<Receipt/>", b"d" * 32)
    view = await s.records.view(XA, about)
    assert (view.exchange, view.facts, view.documents, len(view.transmissions)) == (head, (), (), 1)


async def ids_are_each_sender_s_own(s: Stores):
    for hosted, sender in ((XA, XA), (XA, XB), (XB, XA)):
        row = replace(message(receipt=f"<{hosted}{sender}/>".encode()), hosted=hosted, sender=sender)
        assert (await s.append(hosted=hosted, message=row)).fresh
        assert (await s.records.message(hosted, sender, "m-1")).receipt == row.receipt
    assert await s.records.message(XB, XB, "m-1") is None


async def who_writes_names_the_revision_it_read(s: Stores):
    about, _ = await s.begin(legs=(leg(),))
    read = await s.head(about)
    assert read.revision == 1
    await s.append(exchange=replace(read, state=State.RELEASED))
    assert (await s.head(about)).revision == 2
    late = replace(read, state=State.WITHDRAWN)
    await refused(s.append(exchange=late, message=message(), facts=(Fact(name=FactName.FETCHED, at=NOW),)), Overtaken)
    view = await s.records.view(XA, about)
    assert (view.exchange.state, view.exchange.revision, view.facts) == (State.RELEASED, 2, ())
    assert await s.records.message(XA, XA, "m-1") is None, "nothing of it was written"


async def a_failure_in_the_middle_leaves_nothing(s: Stores):
    about, _ = await s.begin(legs=(leg(),), documents=(document(1),))
    head = await s.head(about)
    transmission = await s.claim()
    changes = {
        "message": message("m-2"),
        "exchange": replace(head, state=State.PLACED),
        "facts": (Fact(name=FactName.FETCHED, at=NOW),),
        "legs": ((an_id(), leg()),),
        "decisions": (decision(Condition.FEE),),
        "notifications": (NotificationRow(notification_id=an_id(), addressee=XA, event="placed", content=b"<N/>"),),
        "settles": (transmission, Delivered()),
    }
    with pytest.raises(Exception, match=r"document|there"):  # a document of that name is there already
        await s.append(documents=(document(1),), **changes)
    stale = (replace(transmission, fence=transmission.fence - 1), Delivered())
    await refused(s.append(**changes | {"settles": stale}), Deferred, Reason.LEASE_LOST)
    view = await s.records.view(XA, about)
    assert (view.exchange, view.facts, view.decisions, len(view.transmissions)) == (head, (), (), 1)
    assert await s.records.notifications(XA, XA, 9) == ()
    assert await s.records.message(XA, XA, "m-2") is None
    await s.append(**changes)
    assert await s.states(about) == ["done", "ready"]


async def a_document_is_deposited_once(s: Stores):
    about, *_ = await s.begin(exchange())
    again = replace(exchange(), exchange_id=an_id(), revision=0)
    await refused(s.append(exchange=again, message=message()), Refused, Reason.ALREADY_DEPOSITED)
    assert await s.head(again.exchange_id) is None
    assert await s.records.message(XA, XA, "m-1") is None
    for other in (
        replace(again, application=application(right=Right.DESIGN)),
        replace(again, application=application(office=XB)),
        replace(again, application=application(normal="2026124")),
        replace(again, party=Party.ACCESSING, state=State.REQUESTED),
        replace(again, hosted=XB),
    ):
        await s.begin(other)
    await s.append(exchange=replace(await s.head(about), state=State.REFUSED))
    second, *_ = await s.begin(exchange())
    refused_one = await s.head(about)
    await refused(s.append(exchange=replace(refused_one, state=State.RELEASED)), Refused, Reason.ALREADY_DEPOSITED)
    assert (await s.head(second)).state is State.HELD


async def a_withdrawal_under_way_is_waited_for(s: Stores):
    """It would take back what is registered of the next deposit."""
    about, *_ = await s.begin(exchange(state=State.PLACED), legs=(leg(Task.ANSWER), leg(Task.WITHDRAW)))
    await s.append(exchange=replace(await s.head(about), state=State.WITHDRAWN))
    again = replace(exchange(), exchange_id=an_id(), revision=0)
    await refused(s.append(exchange=again, message=message()), Deferred, Reason.BEING_WITHDRAWN)
    assert await s.records.message(XA, XA, "m-1") is None
    await s.begin(replace(again, application=application(right=Right.DESIGN)))
    assert (await s.claim()).leg.task is Task.ANSWER
    withdrawal = await s.claim()
    await s.settle(withdrawal, ended(HELD, Reason.REMOTE_UNAUTHORIZED))
    await refused(s.append(exchange=again), Deferred, Reason.BEING_WITHDRAWN)
    await s.append(about=about, wakes=(withdrawal.transmission_id,))
    await s.settle(await s.claim(), Delivered())
    assert (await s.append(exchange=again, message=message())).fresh


async def an_access_code_stays_until_another_comes(s: Stores):
    about, *_ = await s.begin(access_code=b"one")
    await s.append(exchange=await s.head(about))
    assert await s.records.access_code(XA, about) == b"one"


async def a_stop_without_a_word_is_a_stop(s: Stores):
    about, _ = await s.begin(legs=(leg(),))
    await s.append(step=Step.STOPPED, stops=Stops(exchange_id=None, lift=False, explanation=""))
    assert await s.claim() is None
    assert (await s.head(about)).office_stopped
    await s.append(step=Step.STOPPED, stops=Stops(exchange_id=None, lift=False, explanation="twice"))
    await s.append(step=Step.RESUMED, stops=Stops(exchange_id=None, lift=True, explanation=""))
    assert not (await s.head(about)).office_stopped
    assert await s.claim()


async def a_confirmed_notification_does_not_come_again(s: Stores):
    about, *_ = await s.begin()
    names = sorted(an_id() for _ in range(3))
    rows = tuple(NotificationRow(notification_id=n, addressee=XA, event="placed", content=b"<N/>") for n in names)
    await s.append(about=about, notifications=rows)
    assert [n.notification_id for n in await s.records.notifications(XA, XA, 2)] == names[:2], "the oldest first"
    await s.append(about=about, confirms=names[0])
    await s.append(about=about, confirms=names[0])
    assert [n.notification_id for n in await s.records.notifications(XA, XA, 9)] == names[1:]
    await s.append(about=about, confirms=an_id())


async def a_settlement_writes_how_the_attempt_ended(s: Stores):
    for outcome, state, reason, attempts, due in (
        (Delivered(), "done", None, 0, NOW),
        (Pending(delay=LATER), "ready", None, 0, NOW + LATER),
        (ended(READY, again_at=NOW + LATER), "ready", "5002", 1, NOW + LATER),
        (ended(HELD, Reason.ALREADY_REGISTERED), "held", "5010", 1, NOW),
        (ended(REFUSED, Reason.FILE_REJECTED), "refused", "5009", 1, NOW),
    ):
        about, name = await s.begin(legs=(leg(),))
        transmission = await s.claim()
        assert transmission.transmission_id == name
        await s.settle(transmission, outcome)
        after = await s.one(about)
        assert (after.state, after.reason, after.attempts, after.leg.due_at) == (state, reason, attempts, due)


async def failures_are_counted_in_a_row(s: Stores):
    about, _ = await s.begin(legs=(leg(),))
    for attempts in (1, 2):
        await s.settle(await s.claim(), ended(READY, again_at=NOW))
        assert (await s.one(about)).attempts == attempts
    await s.settle(await s.claim(), Pending(delay=timedelta()))
    assert (await s.one(about)).attempts == 0
    assert (await s.claim()).attempts == 0


async def an_old_fence_settles_nothing(s: Stores):
    about, _ = await s.begin(legs=(leg(),))
    lost = await s.claim(lease=NO_LEASE)
    mine = await s.claim()
    assert mine.fence > lost.fence
    for outcome in (Delivered(), Pending(delay=LATER), ended(HELD)):
        await refused(s.settle(lost, outcome), Deferred, Reason.LEASE_LOST)
    await s.settle(mine, Delivered())
    await refused(s.settle(mine, Delivered()), Deferred, Reason.LEASE_LOST)
    assert await s.states(about) == ["done"]


async def an_attempt_is_settled_though_its_lease_ran_out(s: Stores):
    """Nobody else has it: what it did is done."""
    about, _ = await s.begin(legs=(leg(),))
    await s.settle(await s.claim(lease=NO_LEASE), Delivered())
    assert await s.states(about) == ["done"]


async def waking_makes_due_what_is_not_done(s: Stores):
    about, *names = await s.begin(legs=tuple(leg(counterpart=f"C{n}") for n in "1234"))
    ends = {"C1": Pending(delay=LATER), "C2": ended(HELD), "C3": ended(REFUSED), "C4": Delivered()}
    for _ in ends:
        transmission = await s.claim()
        await s.settle(transmission, ends[transmission.leg.counterpart])
    assert await s.claimed() == []
    await s.append(about=about, wakes=tuple(names))
    assert await s.states(about) == ["ready", "ready", "ready", "done"]
    assert sorted(await s.claimed()) == sorted(names[:3])


async def waking_counts_anew_what_had_ended(s: Stores):
    about, name = await s.begin(legs=(leg(),))
    await s.settle(await s.claim(), ended(READY, again_at=NOW + LATER))
    await s.append(about=about, wakes=(name,))
    assert (await s.one(about)).attempts == 1, "it goes on"
    await s.settle(await s.claim(), ended(HELD))
    await s.append(about=about, wakes=(name,))
    assert (await s.one(about)).attempts == 0


async def a_wake_while_an_attempt_runs_is_not_lost(s: Stores):
    for outcome in (Pending(delay=LATER), ended(READY, again_at=NOW + LATER), ended(HELD, Reason.NOT_RELEASED), None):
        about, name = await s.begin(legs=(leg(),))
        running = await s.claim()
        await s.append(step=Step.NOTICED, about=about, wakes=(name,))
        if outcome is None:
            await s.outbox.postpone(running, until=NOW + LATER)
        else:
            await s.settle(running, outcome)
        again = await s.claim()
        assert again is not None and again.transmission_id == name, outcome
        await s.outbox.postpone(again, until=NOW + LATER)
        assert await s.claim() is None, "one wake is one look"


async def a_wake_does_not_undo_an_end(s: Stores):
    for outcome, state in ((Delivered(), "done"), (ended(REFUSED), "refused")):
        about, name = await s.begin(legs=(leg(),))
        running = await s.claim()
        await s.append(about=about, wakes=(name,))
        await s.settle(running, outcome)
        assert await s.states(about) == [state]


async def a_wake_of_a_lost_attempt_is_used_up_by_the_next(s: Stores):
    about, name = await s.begin(legs=(leg(),))
    await s.claim(lease=NO_LEASE)
    await s.append(about=about, wakes=(name,))
    await s.outbox.postpone(await s.claim(), until=NOW + LATER)
    assert await s.claim() is None


async def nobody_wakes_another_office_s(s: Stores):
    _, name = await s.begin(legs=(leg(due_at=NOW + LATER),))
    other, *_ = await s.begin(accessing())
    await s.append(hosted=XB, about=other, wakes=(name,))
    assert await s.claim() is None


# --- outbox -----------------------------------------------------------------------------------------------------------


def forgetting(s: Stores, about, revision, hosted=XA):
    entry = make_entry(
        entry_id=an_id(),
        hosted=hosted,
        exchange_id=about,
        step=Step.FORGOTTEN,
        at=s.clock.now(),
        salt=bytes(16),
        actor="XA",
        commitments=[commit("basis", b"rule 7", salt=bytes(32))],
    )
    return Forget(entry=entry, exchange_id=about, revision=revision, basis="rule 7")


async def forgetting_leaves_nothing_of_persons_and_no_key(s: Stores):
    of = exchange(state=State.PLACED, terms={"owner": "XA", "applicant_email": "a@b.example", "hosting": "office"})
    about, *_ = await s.begin(
        of,
        legs=(leg(),),
        message=message(evidence=obtained()),
        documents=(document(1), document(1, content_id="b")),
        decisions=ALL_GIVEN,
        access_code=b"sealed",
    )
    other, *_ = await s.begin(message=message("m-2"), documents=(document(1),), access_code=b"sealed")
    running = await s.claim()
    await s.journal.forget(forgetting(s, about, 1))
    view = await s.records.view(XA, about)
    assert (view.exchange.state, view.exchange.revision) == (State.PLACED, 2)
    assert view.exchange.terms == {"owner": "XA", "hosting": "office"}
    assert [bool(each.stored.wrapped_key) for each in view.documents] == [False, False]
    assert {(each.by, each.basis) for each in view.decisions} == {("erased", "erased")}
    assert [(t.state, t.reason) for t in view.transmissions] == [("refused", Reason.DOCUMENT_FORGOTTEN.code)]
    assert (view.is_forgotten, view.fact(FactName.FORGOTTEN)) == (True, "rule 7")
    assert await s.records.access_code(XA, about) is None
    known = await s.records.message(XA, XA, "m-1")
    assert (known.receipt, known.digest, known.exchange_id) == (b"", b"", about)
    await refused(s.settle(running, Delivered()), Deferred, Reason.LEASE_LOST)
    untouched = await s.records.view(XA, other)
    assert (untouched.is_forgotten, bool(untouched.documents[0].stored.wrapped_key)) == (False, True)
    assert (await s.records.message(XA, XA, "m-2")).receipt and await s.records.access_code(XA, other)


async def who_forgets_names_the_revision_it_read(s: Stores):
    about, *_ = await s.begin(documents=(document(1),))
    for revision in (0, 2):
        await refused(s.journal.forget(forgetting(s, about, revision)), Overtaken)
    assert not (await s.records.view(XA, about)).is_forgotten
    await refused(s.journal.forget(forgetting(s, an_id(), 1)), Overtaken)


async def a_claim_gives_the_leg_under_a_lease(s: Stores):
    planned = leg(Task.CORRECT, version=4, progress={"filing_date": "2026-03-01", "intent": "ü"})
    about, name = await s.begin(legs=(planned,))
    transmission = await s.claim()
    assert (transmission.transmission_id, transmission.exchange_id, transmission.hosted) == (name, about, XA)
    assert (transmission.leg, transmission.attempts, transmission.fence) == (planned, 0, 1)
    assert transmission.created_at == NOW
    assert await s.claim() is None


async def what_is_due_first_goes_first_and_what_is_not_due_waits(s: Stores):
    due = [NOW - LATER, NOW, NOW - 2 * LATER, NOW + timedelta(microseconds=1)]
    names = [(await s.begin(legs=(leg(due_at=at),)))[1] for at in due]
    assert await s.claimed() == [names[2], names[0], names[1]]
    s.clock.at += timedelta(microseconds=1)
    assert await s.claimed() == [names[3]]


async def a_lease_that_ran_out_is_claimed_by_another(s: Stores):
    _, name = await s.begin(legs=(leg(),))
    first = await s.claim(lease=NO_LEASE)
    second = await s.claim()
    assert (second.transmission_id, second.fence) == (name, first.fence + 1)
    assert not await s.outbox.renew(first, lease=LEASE)
    assert await s.outbox.renew(second, lease=LEASE)
    await refused(s.outbox.postpone(first, until=NOW), Deferred, Reason.LEASE_LOST)
    await refused(s.outbox.progress(first).commit(intent="now"), Deferred, Reason.LEASE_LOST)


async def a_renewed_lease_is_kept(s: Stores):
    await s.begin(legs=(leg(),))
    transmission = await s.claim(lease=NO_LEASE)
    assert await s.outbox.renew(transmission, lease=LEASE)
    assert await s.claim() is None
    await s.settle(transmission, Delivered())
    assert not await s.outbox.renew(transmission, lease=LEASE), "it has ended"


async def a_postponed_attempt_has_not_failed(s: Stores):
    about, _ = await s.begin(legs=(leg(),))
    await s.settle(await s.claim(), ended(READY, again_at=NOW))
    await s.outbox.postpone(await s.claim(), until=NOW + LATER)
    after = await s.one(about)
    assert (after.attempts, after.leg.due_at, after.state) == (0, NOW + LATER, "ready")
    assert await s.claim() is None
    s.clock.at += LATER
    assert await s.claim() is not None


async def legs_of_an_exchange_at_a_counterpart_go_in_their_order(s: Stores):
    tasks = (Task.PLACE, Task.CORRECT, Task.REPLACE, Task.WITHDRAW)
    # the last is due first, and every one was planned in the same moment
    legs = tuple(leg(task, due_at=NOW - n * LATER) for n, task in enumerate(tasks))
    about, *names = await s.begin(legs=legs)
    for n, name in enumerate(names):
        transmission = await s.claim()
        assert transmission.transmission_id == name, tasks[n]
        assert await s.claim() is None, "the next waits while this one runs"
        await s.outbox.postpone(transmission, until=NOW + LATER)
        assert await s.claim() is None, "and while it is put off"
        await s.append(about=about, wakes=(name,))
        transmission = await s.claim()
        await s.settle(transmission, ended(HELD))
        assert await s.claim() is None, "and while a person has to decide"
        await s.append(about=about, wakes=(name,))
        await s.settle(await s.claim(), ended(REFUSED) if n % 2 else Delivered())


async def the_order_is_that_of_planning_and_not_of_clocks(s: Stores):
    about, first = await s.begin(legs=(leg(Task.PLACE),))
    s.clock.at -= LATER  # another machine's clock
    second = an_id()
    await s.append(about=about, legs=((second, leg(Task.CORRECT, due_at=NOW - 2 * LATER)),))
    s.clock.at = NOW
    view = await s.records.view(XA, about)
    assert [t.transmission_id for t in view.transmissions] == [first, second]
    assert (await s.claim()).transmission_id == first


async def other_counterparts_adapters_and_exchanges_do_not_wait(s: Stores):
    held, *_ = await s.begin(legs=(leg(Task.PLACE), leg(Task.CORRECT, counterpart=XB), leg(Task.CORRECT, adapter="x")))
    _, other = await s.begin(legs=(leg(Task.PLACE),))
    first = await s.claim()
    assert first.exchange_id == held
    await s.settle(first, ended(HELD))
    rest = await s.claimed()
    assert other in rest and len(rest) == 3


async def nobody_waits_behind_a_second_look_or_an_answer(s: Stores):
    legs = (leg(Task.RECHECK, due_at=NOW + LATER), leg(Task.ANSWER, due_at=NOW + LATER), leg(Task.OBTAIN))
    _, *names = await s.begin(legs=legs)
    assert await s.claimed() == [names[2]]


async def an_answer_waits_for_nothing_and_a_second_look_does(s: Stores):
    """A counterpart that needs our file to finish what it does for us would wait for itself."""
    _, place, answer, _ = await s.begin(legs=(leg(Task.PLACE), leg(Task.ANSWER), leg(Task.RECHECK)))
    assert await s.claimed() == [place, answer]


async def a_busy_counterpart_is_passed_over(s: Stores):
    at = (NOW - LATER, NOW)
    names = [(await s.begin(legs=(leg(counterpart=c, due_at=a),)))[1] for c, a in zip((IB, XB), at, strict=True)]
    assert await s.claimed(busy={IB}) == [names[1]]
    assert await s.claimed() == [names[0]]


async def routing_takes_no_place_at_a_counterpart(s: Stores):
    """An office's own system may be slow; what the gateway itself plans for the office goes on."""
    route = leg(Task.ROUTE, counterpart=XA, adapter="", progress={"step": "released", "filing_date": "2026-03-01"})
    _, name = await s.begin(legs=(route,))
    await s.begin(legs=(leg(Task.HAND_OVER, counterpart=XA, adapter="ipas"),))
    assert await s.claimed(busy={XA}) == [name]


async def what_a_person_stopped_is_passed_over(s: Stores):
    about, held = await s.begin(legs=(leg(),))
    _, other = await s.begin(legs=(leg(),))
    await s.append(step=Step.STOPPED, exchange=replace(await s.head(about), on_hold=True))
    assert await s.claimed() == [other]
    await s.append(step=Step.RESUMED, exchange=replace(await s.head(about), on_hold=False))
    assert await s.claimed() == [held]


async def a_stopped_office_stops_itself_only(s: Stores):
    await s.begin(legs=(leg(),))
    _, other = await s.begin(accessing(), legs=(leg(Task.OBTAIN),))
    await s.append(step=Step.STOPPED, stops=Stops(exchange_id=None, lift=False, explanation="secrecy"))
    assert await s.claimed() == [other]


async def progress_is_kept_for_the_next_attempt(s: Stores):
    about, _ = await s.begin(legs=(leg(),))
    transmission = await s.claim(lease=NO_LEASE)
    progress = s.outbox.progress(transmission)
    assert progress.known == {"filing_date": "2026-03-01"}
    await progress.commit(intent="now", file="f-1")
    await progress.commit(intent=None, acknowledgement="A-1")
    kept = {"filing_date": "2026-03-01", "file": "f-1", "acknowledgement": "A-1"}
    assert dict(progress.known) == kept
    assert (await s.one(about)).leg.progress == kept
    assert (await s.claim()).leg.progress == kept


# --- records ----------------------------------------------------------------------------------------------------------


async def what_is_not_there_or_another_office_s_is_none(s: Stores):
    about, *_ = await s.begin(access_code=b"sealed")
    for hosted, exchange_id in ((XB, about), (XA, an_id())):
        assert await s.records.exchange(hosted, exchange_id) is None
        assert await s.records.view(hosted, exchange_id) is None
        assert await s.records.access_code(hosted, exchange_id) is None
    assert await s.records.message(XA, XA, "m-1") is None


async def exchanges_of_an_application_are_found_the_newest_first(s: Stores):
    found = []
    for n in range(3):
        s.clock.at = NOW + n * LATER
        of = exchange(state=State.REFUSED, created_at=s.clock.at)
        found.append((await s.begin(of))[0])
    for other in (
        exchange(state=State.REFUSED, application=application(right=Right.DESIGN)),
        exchange(state=State.REFUSED, application=application(office=XB)),
        exchange(hosted=XB, state=State.REFUSED),
        replace(accessing(), hosted=XA),
    ):
        await s.begin(other)
    about = await s.records.of_application(XA, Party.DEPOSITING, application(number="in another form"))
    assert [each.exchange_id for each in about] == found[::-1]


async def lists_are_paged_from_the_newest_on(s: Stores):
    names = sorted([(await s.begin())[0] for _ in range(5)], reverse=True)
    await s.begin(accessing())

    async def listed(**changes):
        asked = {"state": None, "normal": None, "before": None, "limit": 9} | changes
        return [each.exchange_id for each in await s.records.list(XA, **asked)]

    assert await listed() == names
    assert await listed(limit=2) == names[:2]
    assert await listed(limit=2, before=names[1]) == names[2:4]
    await s.append(exchange=replace(await s.head(names[3]), state=State.PLACED))
    assert await listed(state="placed") == [names[3]]
    normal = (await s.head(names[4])).application.normal
    assert await listed(normal=normal) == [names[4]]
    assert await listed(normal=normal, state="placed") == []


async def notifications_are_their_addressee_s_only(s: Stores):
    about, *_ = await s.begin()
    row = NotificationRow(notification_id=an_id(), addressee=XB, event="placed", content=b"<N/>")
    await s.append(about=about, notifications=(row,))
    assert await s.records.notifications(XA, XA, 9) == ()
    assert len(await s.records.notifications(XA, XB, 9)) == 1
    assert await s.records.notification_exchange(XA, XB, row.notification_id) == about
    for hosted, addressee, name in ((XA, XA, row.notification_id), (XB, XB, row.notification_id), (XA, XB, an_id())):
        assert await s.records.notification_exchange(hosted, addressee, name) is None


async def what_waits_under_an_acknowledgement_is_found(s: Stores):
    waits = {"acknowledgement": "A-1"}
    about, name = await s.begin(legs=(leg(Task.OBTAIN, progress=waits),))
    await s.begin(legs=(leg(Task.OBTAIN, progress={"acknowledgement": "A-2"}),))
    assert await s.records.waiting_for(XA, IB, "A-1") == name
    assert await s.records.waiting_exchange(XA, IB, "A-1") == about
    for hosted, counterpart, known in ((XB, IB, "A-1"), (XA, XB, "A-1"), (XA, IB, "A-3"), (XA, IB, "")):
        assert await s.records.waiting_for(hosted, counterpart, known) is None
        assert await s.records.waiting_exchange(hosted, counterpart, known) is None
    await s.settle(await s.claim(), Delivered())
    assert await s.records.waiting_for(XA, IB, "A-1") is None, "it waits no more"


async def a_later_notice_finds_the_look_for_changes(s: Stores):
    about, _ = await s.begin(legs=(leg(Task.OBTAIN, progress={"acknowledgement": "A-1"}),))
    await s.settle(await s.claim(), Delivered())
    look = an_id()
    await s.append(about=about, legs=((look, leg(Task.RECHECK)),))
    assert await s.records.waiting_for(XA, IB, "A-1") == look
    assert await s.records.waiting_exchange(XA, IB, "A-1") == about


async def wrong_codes_are_counted_by_caller_and_document(s: Stores):
    about = application()
    assert [await s.guesses.count(XA, IB, about) for _ in range(3)] == [1, 2, 3]
    assert await s.guesses.count(XA, XB, about) == 1
    assert await s.guesses.count(XB, IB, about) == 1
    assert await s.guesses.so_far(XA, IB, application(number="in another form")) == 3
    for other in (application(normal="N2"), application(right=Right.DESIGN), application(office=XB)):
        assert await s.guesses.so_far(XA, IB, other) == 0
    await s.guesses.forgive(XA, about)
    assert [await s.guesses.so_far(*of) for of in ((XA, IB, about), (XA, XB, about), (XB, IB, about))] == [0, 0, 1]


def _checks(first, last):
    names = list(globals())
    return [globals()[name] for name in names[names.index(first) : names.index(last) + 1]]


JOURNAL = _checks("an_append_writes_everything", "nobody_wakes_another_office_s") + _checks(
    "forgetting_leaves_nothing_of_persons_and_no_key", "who_forgets_names_the_revision_it_read"
)
OUTBOX = _checks("a_claim_gives_the_leg_under_a_lease", "progress_is_kept_for_the_next_attempt")
RECORDS = _checks("what_is_not_there_or_another_office_s_is_none", "wrong_codes_are_counted_by_caller_and_document")
