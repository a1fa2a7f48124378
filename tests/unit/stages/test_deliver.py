"""What an adapter is handed, by whose leave, and how every way it can end becomes a value."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from core_values import (
    ALL_GIVEN,
    NOW,
    PDF,
    XA,
    XB,
    accessing,
    agreement,
    claimed,
    decision,
    document,
    exchange,
    planned,
    view,
)
from line_in_memory import make_bench, pending

from gateway.core.document import Role
from gateway.core.errand import HandOverErrand
from gateway.core.exchange import Fact, FactName, State
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.release import Condition, Outcome, Released
from gateway.core.request import Cause, Hosting
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Ended, Pending, Task, TransmissionState
from gateway.stages.deliver import deliver

DONE, REFUSED = TransmissionState.DONE, TransmissionState.REFUSED
TERMS = {"owner": "XA", "hosting": "office", "applicant_email": "a@b.example", "cause": "wrong-document"}


def placed(filing_date="2026-03-01", task=Task.PLACE, state=DONE, **more):
    return planned(task, state, progress={"filing_date": filing_date} | more)


def known(*transmissions, state=State.RELEASED, decisions=ALL_GIVEN, **changes):
    of = exchange(state=state, terms=TERMS, **changes)
    return view(of, decisions=decisions, transmissions=transmissions, documents=(document(),))


def asked(*transmissions, **changes):
    terms = {"owner": "XB", "holding_office": "XA", "own_number": "B/7", "own_filing_date": "2026-09-01"}
    of = accessing(**{"terms": terms} | changes)
    return view(of, transmissions=transmissions, documents=(document(),))


class Desk:
    """A line with one adapter, and one attempt at a time."""

    def __init__(self) -> None:
        self.bench = make_bench()
        self.adapter = self.bench.bureau
        self.bench.agreements.append(agreement(name="own", hosted=XB, tasks=frozenset({Task.HAND_OVER})))
        self.store = self.bench.store

    async def attempt(self, task, of, **changes):
        named = "XB-IB" if of.exchange.hosted == XB else "XA-IB"
        changes = {"agreement": named, "hosted": of.exchange.hosted} | changes
        self.store.exchanges[of.exchange.exchange_id] = of.exchange
        transmission = claimed(task, **changes)
        return await deliver(transmission, of, self.adapter, self.bench.kit(transmission), self.bench.line)

    async def errand(self, task, of, **changes):
        outcome = await self.attempt(task, of, **changes)
        assert isinstance(outcome, Delivered), outcome
        return self.adapter.errands[-1]

    def code(self, text="A1b2"):
        sealed = self.bench.line.sealing.seal_secret(Secret(text), owner=exchange().exchange_id)
        self.store.codes[exchange().exchange_id] = sealed


@pytest.fixture
def desk():
    return Desk()


# --- errands ----------------------------------------------------------------------------------------------------------


async def test_a_document_is_placed_with_all_that_is_known_of_it(desk):
    desk.code()
    facts = (Fact(name=FactName.AVAILABLE, at=NOW),)
    of = replace(known(), facts=facts)
    errand = await desk.errand(Task.PLACE, of)
    assert isinstance(errand.cargo, Released) and errand.cargo.decisions == ALL_GIVEN
    cargo = errand.cargo.subject
    assert (cargo.application, cargo.version, cargo.hosting) == (of.exchange.application, 1, Hosting.OFFICE)
    assert (cargo.access_code.reveal(), cargo.applicant_email, cargo.received_at) == ("A1b2", "a@b.example", NOW)
    assert cargo.facts == facts
    assert [d.listed.content_id for d in cargo.documents] == ["copy.pdf"]
    desk.bench.documents.kept[of.documents[0].stored.document_id] = PDF
    for _ in range(2):
        assert b"".join([chunk async for chunk in cargo.documents[0].open()]) == PDF, "to be read at will"


async def test_no_certificate_of_a_counterpart_s_goes_out_again(desk):
    certificate = document(1, role=Role.REGISTRATION_CERTIFICATE, content_id="certificate.pdf")
    of = known()
    errand = await desk.errand(Task.PLACE, replace(of, documents=(*of.documents, certificate)))
    assert [d.listed.content_id for d in errand.cargo.subject.documents] == ["copy.pdf"]


async def test_a_leg_carries_the_version_and_date_it_was_planned_with(desk):
    newer = document(2, b"%PDF-2")
    of = known()
    of = replace(of, documents=(*of.documents, newer), exchange=replace(of.exchange, version=2))
    errand = await desk.errand(Task.PLACE, of, version=1, progress={"filing_date": "2026-02-27"})
    cargo = errand.cargo.subject
    assert (cargo.version, cargo.application.filing_date) == (1, date(2026, 2, 27))
    assert [d.listed.size for d in cargo.documents] == [len(PDF)]


async def test_a_correction_tells_the_date_that_the_counterpart_knows_and_the_new_one(desk):
    of = known(placed("2026-03-01"), placed("2026-03-02", Task.CORRECT), state=State.PLACED)
    errand = await desk.errand(Task.CORRECT, of, progress={"filing_date": "2026-03-09"})
    assert errand.former_filing_date == date(2026, 3, 2)
    assert errand.cargo.subject.application.filing_date == date(2026, 3, 9)


async def test_a_date_that_the_counterpart_knows_already_is_not_told(desk):
    of = known(placed("2026-03-09"), state=State.PLACED)
    outcome = await desk.attempt(Task.CORRECT, of, progress={"filing_date": "2026-03-09"})
    assert outcome == Delivered()
    assert desk.adapter.errands == []


async def test_a_replacement_is_told_under_the_date_that_the_counterpart_knows(desk):
    """The exchange may have been corrected since: that has a leg of its own, behind this one."""
    of = known(placed("2026-03-01"), state=State.PLACED)
    later = replace(of.exchange, application=replace(of.exchange.application, filing_date=date(2026, 3, 9)))
    errand = await desk.errand(Task.REPLACE, replace(of, exchange=later))
    assert errand.cargo.subject.application.filing_date == date(2026, 3, 1)


@pytest.mark.parametrize("task", [Task.CORRECT, Task.REPLACE])
async def test_what_is_not_registered_cannot_be_changed(desk, task):
    of = known(placed(state=REFUSED), state=State.REFUSED)
    outcome = await desk.attempt(task, of, progress={"filing_date": "2026-03-09"})
    assert (outcome.reason, outcome.state) == (Reason.STATE_CONFLICT, REFUSED)
    assert desk.adapter.errands == []


async def test_a_withdrawal_names_the_registration_as_the_counterpart_knows_it(desk):
    of = known(placed("2026-03-01"), placed("2026-03-09", Task.CORRECT, REFUSED), state=State.WITHDRAWN)
    later = replace(of.exchange, application=replace(of.exchange.application, filing_date=date(2026, 3, 9)))
    errand = await desk.errand(Task.WITHDRAW, replace(of, exchange=later, decisions=()))
    assert (errand.application.filing_date, errand.cause) == (date(2026, 3, 1), Cause.WRONG_DOCUMENT)
    assert not hasattr(errand, "cargo"), "nothing leaves, so nothing needs a release"


@pytest.mark.parametrize(
    ("transmission", "told"),
    [
        (placed(state=REFUSED), False),
        (placed(state=REFUSED, intent="now"), True),
        (placed(state=TransmissionState.HELD, acknowledgement="A-1"), True),
    ],
)
async def test_what_may_be_registered_is_withdrawn_and_what_never_was_is_not(desk, transmission, told):
    outcome = await desk.attempt(Task.WITHDRAW, known(transmission, state=State.WITHDRAWN))
    assert isinstance(outcome, Delivered)
    assert desk.adapter.tasks == (["Withdraw"] if told else [])


async def test_a_document_is_obtained_with_the_code_that_was_given(desk):
    desk.code("q7Zk")
    desk.adapter.plays.append(pending())
    await desk.attempt(Task.OBTAIN, asked(), version=3)
    errand = desk.adapter.errands[-1]
    assert (errand.access_code.reveal(), errand.holding_office, errand.version) == ("q7Zk", XA, 3)
    assert (errand.own_number, errand.own_filing_date) == ("B/7", date(2026, 9, 1))
    assert "q7Zk" not in repr(errand)


async def test_a_second_look_sees_what_was_seen(desk):
    desk.code()
    facts = (Fact(name=FactName.AVAILABLE, at=NOW, value="yesterday"),)
    errand = await desk.errand(Task.RECHECK, replace(asked(state=State.RECEIVED), facts=facts))
    assert (errand.seen, errand.access_code.reveal()) == (facts, "A1b2")


@pytest.mark.parametrize("task", [Task.OBTAIN, Task.RECHECK])
async def test_without_a_code_nothing_is_asked(desk, task):
    outcome = await desk.attempt(task, asked())
    assert (outcome.reason, outcome.state) == (Reason.ACCESS_CODE_MALFORMED, REFUSED)


async def test_what_was_received_is_handed_over_to_its_addressee(desk):
    errand = await desk.errand(Task.HAND_OVER, asked(state=State.RECEIVED), agreement="own")
    assert isinstance(errand, HandOverErrand)
    cargo = errand.cargo.subject
    assert (cargo.own_number, cargo.own_filing_date, cargo.access_code) == ("B/7", date(2026, 9, 1), None)
    assert [d.listed.content_id for d in cargo.documents] == ["copy.pdf"]


async def test_a_question_is_answered_with_what_is_there_now(desk):
    errand = await desk.errand(Task.ANSWER, known(placed(), state=State.PLACED))
    assert (errand.acknowledgement_id, errand.reason) == ("t-1", None)
    assert errand.cargo.subject.application.filing_date == date(2026, 3, 1)
    errand = await desk.errand(Task.ANSWER, known(placed(), state=State.WITHDRAWN))
    assert (errand.cargo, errand.reason) == (None, Reason.NOT_REGISTERED), "withdrawn since it was asked"


# --- whose leave ------------------------------------------------------------------------------------------------------

LEAVING = [Task.PLACE, Task.CORRECT, Task.REPLACE, Task.ANSWER]


@pytest.mark.parametrize("task", LEAVING)
@pytest.mark.parametrize("condition", Condition)
async def test_nothing_leaves_while_a_condition_is_open(desk, task, condition):
    rescinded = (*ALL_GIVEN, decision(condition, Outcome.RESCINDED))
    of = known(placed(), state=State.PLACED, decisions=rescinded)
    outcome = await desk.attempt(task, of, progress={"filing_date": "2026-03-09"})
    assert (outcome.reason, outcome.state) == (Reason.NOT_RELEASED, TransmissionState.HELD)
    assert desk.adapter.errands == []


@pytest.mark.parametrize("task", [*LEAVING, Task.HAND_OVER])
@pytest.mark.parametrize("stop", [{"on_hold": True}, {"office_stopped": True}])
async def test_nothing_leaves_while_a_person_stops_it(desk, task, stop):
    of = asked(state=State.RECEIVED, **stop) if task is Task.HAND_OVER else known(placed(), state=State.PLACED, **stop)
    changes = {"agreement": "own"} if task is Task.HAND_OVER else {"progress": {"filing_date": "2026-03-09"}}
    outcome = await desk.attempt(task, of, **changes)
    assert (outcome.reason, outcome.state, outcome.again_at) == (
        Reason.HELD_BY_PERSON,
        TransmissionState.READY,
        NOW,
    )
    assert desk.adapter.errands == []


@pytest.mark.parametrize("task", [Task.PLACE, Task.CORRECT, Task.REPLACE])
async def test_what_was_withdrawn_before_it_left_goes_nowhere(desk, task):
    of = known(placed(), state=State.WITHDRAWN)
    outcome = await desk.attempt(task, of)
    assert (outcome.reason, outcome.state) == (Reason.STATE_CONFLICT, REFUSED)
    begun = {"filing_date": "2026-03-09", "intent": "now"}
    assert isinstance(await desk.attempt(task, of, progress=begun), Delivered), "begun: it is brought to its end"
    outcome = await desk.attempt(task, replace(of, decisions=()), progress=begun)
    assert (outcome.reason, outcome.state) == (Reason.STATE_CONFLICT, REFUSED), "but not without a release"


async def test_an_agreement_that_is_gone_is_a_person_s_matter(desk):
    outcome = await desk.attempt(Task.PLACE, known(), agreement="XB-IB")
    assert (outcome.reason, outcome.state) == (Reason.KIND_NOT_AGREED, TransmissionState.HELD)
    assert desk.adapter.errands == []


async def test_a_suspended_agreement_is_waited_for(desk):
    desk.bench.agreements[0] = agreement(name="XA-IB", suspended=True)
    assert await desk.attempt(Task.PLACE, known()) == Pending(delay=timedelta(minutes=15))
    assert desk.adapter.errands == []


# --- ends -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Delivered(facts=(Fact(name=FactName.AVAILABLE, at=NOW),)), pending(hours=2)])
async def test_what_an_adapter_brings_is_passed_on(desk, outcome):
    desk.adapter.plays.append(outcome)
    assert await desk.attempt(Task.PLACE, known()) is outcome


@pytest.mark.parametrize("reason", [r for r in Reason if r not in (Reason.NOT_RELEASED, Reason.HELD_BY_PERSON)])
async def test_every_refusal_ends_by_its_row(desk, reason):
    desk.adapter.plays.append(Refused(reason, "place"))
    outcome = await desk.attempt(Task.PLACE, known())
    assert isinstance(outcome, Ended) and outcome.reason is reason


@pytest.mark.parametrize("reason", [Reason.LEASE_LOST, Reason.DATABASE_UNAVAILABLE, Reason.SHUTTING_DOWN])
async def test_some_failures_conclude_nothing(desk, reason):
    desk.adapter.plays.append(Deferred(reason))
    with pytest.raises(Deferred) as deferred:
        await desk.attempt(Task.PLACE, known())
    assert deferred.value.reason is reason


async def test_a_delay_that_is_named_is_kept(desk):
    desk.adapter.plays.append(Deferred(Reason.REMOTE_BUSY, delay=timedelta(hours=3)))
    outcome = await desk.attempt(Task.PLACE, known())
    assert (outcome.reason, outcome.again_at) == (Reason.REMOTE_BUSY, NOW + timedelta(hours=3))


async def test_failures_in_a_row_are_put_off_further(desk):
    delays = []
    for attempts in (0, 5):
        desk.adapter.plays.append(Deferred(Reason.REMOTE_UNREACHABLE))
        outcome = await desk.attempt(Task.PLACE, known(), attempts=attempts)
        delays.append(outcome.again_at - NOW)
    assert timedelta(0) < delays[0] * 10 < delays[1]


@pytest.mark.parametrize(("age", "state"), [(59, TransmissionState.READY), (61, REFUSED)])
async def test_the_window_is_the_agreement_s(desk, age, state):
    desk.code()
    desk.bench.clock.pass_by(timedelta(days=age))
    desk.adapter.plays.append(Deferred(Reason.NOT_REGISTERED))
    outcome = await desk.attempt(Task.OBTAIN, asked())
    assert outcome.state is state
    assert outcome.reason is (Reason.NOT_REGISTERED if state is TransmissionState.READY else Reason.WINDOW_CLOSED)


async def test_a_bug_of_an_adapter_is_put_off_ever_longer_and_logged_without_words(desk):
    """Or an answer it was not written for: the counterpart is not asked the same every minute for ever."""
    desk.adapter.plays.append(KeyError("expected access code q7Zk"))
    outcome = await desk.attempt(Task.PLACE, known(), attempts=9)
    assert (outcome.reason, outcome.state) == (Reason.INTERNAL, TransmissionState.READY)
    assert outcome.again_at - NOW > timedelta(minutes=5)
    ((name, event, *values),) = desk.bench.log.told
    assert (name, event) == ("warning", "an adapter failed inside")
    assert ("fault", "KeyError") in values
    assert not any("q7Zk" in str(value) for key, value in values if key != "exc_info")


async def test_a_worker_that_is_ended_concludes_nothing(desk):
    desk.adapter.plays.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await desk.attempt(Task.PLACE, known())


async def test_a_document_without_bytes_is_not_obtained(desk):
    desk.code()
    desk.adapter.plays.append(Delivered(facts=(Fact(name=FactName.FETCHED, at=NOW),)))
    outcome = await desk.attempt(Task.OBTAIN, asked())
    assert (outcome.reason, outcome.state) == (Reason.REMOTE_MALFORMED, TransmissionState.READY)


async def test_routing_is_no_errand(desk):
    outcome = await desk.attempt(Task.ROUTE, known())
    assert outcome.reason is Reason.INTERNAL
