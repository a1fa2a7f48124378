"""What the end of an attempt does to its exchange: one table, total over tasks and ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from core_values import (
    IB,
    NOW,
    XB,
    accessing,
    claimed,
    document,
    exchange,
    obtained,
    view,
)

from gateway.core.document import Role
from gateway.core.exchange import Fact, FactName, State, Step
from gateway.core.reason import Reason
from gateway.core.receipt import Event
from gateway.core.settlement import DONE, settle
from gateway.core.transmission import Delivered, Ended, Pending, Task, TransmissionState

FACT = Fact(name=FactName.ACKNOWLEDGEMENT, at=NOW, value="A-1")
TASKS = sorted(set(Task) - {Task.ROUTE}, key=lambda task: task.value)
OF_DEPOSIT = frozenset({Task.PLACE, Task.CORRECT, Task.REPLACE, Task.WITHDRAW, Task.ANSWER})
#: Where an exchange can stand while a task of it runs.
DEPOSITING = (State.RELEASED, State.PLACED, State.WITHDRAWN, State.REFUSED)
ACCESSING = (State.RECEIVED, State.HANDED_OVER, State.CONFIRMED)
NEWER = b"%PDF-1.7 a newer copy"


def settled(outcome, of, task=Task.PLACE, known=None, **changes):
    return settle(claimed(task, **changes), outcome, known or view(of), at=NOW)


def ended(state, reason=Reason.REMOTE_REFUSED):
    return Ended(reason=reason, state=state, again_at=NOW if state is TransmissionState.READY else None)


def test_every_task_of_an_adapter_has_its_step():
    assert DONE.keys() == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_every_end_of_every_task_is_settled_in_every_state(task):
    """Whatever happened beside it meanwhile: an attempt that cannot be settled would be made again for ever."""
    if task in OF_DEPOSIT:
        places = [exchange(state=state) for state in DEPOSITING]
    else:
        early = (State.REQUESTED, State.REFUSED) if task is Task.OBTAIN else ()
        places = [accessing(state=state) for state in (*early, *ACCESSING) if (task, state) != LATE]
    for of in places:
        for outcome in (
            Delivered(documents=(obtained(),)),
            Delivered(changed=True),
            Pending(delay=timedelta(hours=1)),
            *(ended(state) for state in (TransmissionState.READY, TransmissionState.HELD, TransmissionState.REFUSED)),
        ):
            found = settled(outcome, of, task)
            assert found.exchange is None or found.exchange.revision == of.revision


#: A refused request is not obtained any more before it is resent.
LATE = (Task.OBTAIN, State.REFUSED)


@pytest.mark.parametrize("task", Task)
def test_a_counterpart_at_work_changes_nothing(task):
    found = settled(Pending(delay=timedelta(hours=1), facts=(FACT,)), exchange(state=State.RELEASED), task)
    assert (found.step, found.outcome, found.facts, found.exchange, found.event) == (
        Step.ATTEMPTED,
        "pending",
        (FACT,),
        None,
        None,
    )


@pytest.mark.parametrize("task", Task)
def test_a_failure_that_is_tried_again_is_told_to_nobody(task):
    found = settled(ended(TransmissionState.READY, Reason.REMOTE_BUSY), exchange(state=State.RELEASED), task)
    assert (found.step, found.outcome, found.exchange, found.event) == (Step.ATTEMPTED, "5002", None, None)


@pytest.mark.parametrize("task", Task)
def test_what_waits_for_a_person_is_told(task):
    found = settled(ended(TransmissionState.HELD, Reason.ALREADY_REGISTERED), exchange(state=State.RELEASED), task)
    assert (found.outcome, found.event, found.reason, found.exchange) == (
        "5010",
        Event.HELD,
        Reason.ALREADY_REGISTERED,
        None,
    )


@pytest.mark.parametrize(
    ("task", "of", "after"),
    [
        (Task.PLACE, exchange(state=State.RELEASED), State.REFUSED),
        (Task.PLACE, exchange(state=State.PLACED), State.PLACED),
        (Task.PLACE, exchange(state=State.WITHDRAWN), State.WITHDRAWN),
        (Task.OBTAIN, accessing(), State.REFUSED),
        (Task.OBTAIN, accessing(state=State.HANDED_OVER), State.HANDED_OVER),
        (Task.CORRECT, exchange(state=State.PLACED), None),
        (Task.CORRECT, exchange(state=State.RELEASED), None),
        (Task.WITHDRAW, exchange(state=State.WITHDRAWN), None),
        (Task.HAND_OVER, accessing(state=State.RECEIVED), None),
        (Task.RECHECK, accessing(state=State.RECEIVED), None),
        (Task.ANSWER, exchange(state=State.PLACED), None),
    ],
)
def test_an_exchange_comes_to_nothing_only_by_what_it_cannot_be_without(task, of, after):
    found = settled(ended(TransmissionState.REFUSED, Reason.FILE_REJECTED), of, task)
    told = None if task is Task.ANSWER else Event.REFUSED
    assert (found.step, found.event, found.reason) == (Step.REFUSED, told, Reason.FILE_REJECTED)
    assert (found.exchange.state if found.exchange else None) is after


@pytest.mark.parametrize(("step", "after"), [("requested", State.REFUSED), ("received", None), ("changed", None)])
def test_a_request_that_cannot_be_routed_comes_to_nothing(step, after):
    of = accessing() if step == "requested" else accessing(state=State.RECEIVED)
    outcome = ended(TransmissionState.REFUSED, Reason.KIND_NOT_AGREED)
    found = settled(outcome, of, Task.ROUTE, progress={"step": step, "filing_date": "2026-03-01"})
    assert found.event is Event.REFUSED
    assert (found.exchange.state if found.exchange else None) is after


def test_a_release_that_cannot_be_routed_leaves_the_document_held():
    outcome = ended(TransmissionState.REFUSED, Reason.KIND_NOT_AGREED)
    assert settled(outcome, exchange(), Task.ROUTE, progress={"step": "released"}).exchange is None


@pytest.mark.parametrize(
    ("task", "state", "after", "event"),
    [
        (Task.PLACE, State.RELEASED, State.PLACED, Event.PLACED),
        (Task.PLACE, State.WITHDRAWN, State.WITHDRAWN, Event.PLACED),
        (Task.PLACE, State.PLACED, State.PLACED, Event.PLACED),
        (Task.PLACE, State.REFUSED, State.PLACED, Event.PLACED),
        (Task.CORRECT, State.PLACED, State.PLACED, Event.CORRECTED),
        (Task.REPLACE, State.PLACED, State.PLACED, Event.REPLACED),
        (Task.WITHDRAW, State.WITHDRAWN, State.WITHDRAWN, Event.WITHDRAWN),
        (Task.ANSWER, State.PLACED, State.PLACED, None),
    ],
)
def test_what_a_done_task_of_a_deposit_is(task, state, after, event):
    found = settled(Delivered(facts=(FACT,)), exchange(state=state, version=2), task)
    assert (found.step, found.event, found.outcome) == (DONE[task][0], event, "done")
    assert (found.exchange.state, found.exchange.version) == (after, 2)
    assert (found.facts, found.legs) == ((FACT,), ())


def test_what_was_obtained_is_received_and_goes_on():
    found = settled(Delivered(facts=(FACT,), documents=(obtained(),)), accessing(), Task.OBTAIN)
    assert (found.step, found.event, found.exchange.state) == (Step.RECEIVED, Event.RECEIVED, State.RECEIVED)
    assert [(d.version, d.listed.content_id, d.listed.sha256) for d in found.documents] == [
        (1, "copy.pdf", obtained().sha256)
    ]
    (leg,) = found.legs
    assert (leg.task, leg.counterpart, leg.version, leg.progress["step"]) == (Task.ROUTE, XB, 1, "received")


def test_a_change_is_obtained_as_a_new_version_and_handed_over_again():
    of = accessing(state=State.CONFIRMED)
    known = view(of, documents=(document(1),))
    looked = settled(Delivered(changed=True), of, Task.RECHECK, known)
    assert (looked.step, looked.event, looked.exchange.version) == (Step.CHANGED, Event.CHANGED, 1)
    assert [fact.name for fact in looked.facts] == [FactName.CHANGED_AFTER_ACCESS]
    (leg,) = looked.legs
    assert (leg.progress["step"], leg.version) == ("changed", 2)

    brought = Delivered(documents=(obtained(NEWER),))
    found = settled(brought, of, Task.OBTAIN, replace(known, exchange=looked.exchange), version=2)
    assert (found.step, found.event) == (Step.RECEIVED, Event.RECEIVED)
    assert (found.exchange.state, found.exchange.version) == (State.RECEIVED, 2)
    assert [d.version for d in found.documents] == [2]
    (leg,) = found.legs
    assert (leg.progress["step"], leg.version) == ("received", 2)


def test_a_look_that_finds_nothing_new_is_followed_by_the_next():
    found = settled(Delivered(changed=False), accessing(state=State.CONFIRMED), Task.RECHECK)
    assert (found.step, found.outcome, found.event, found.exchange) == (Step.ATTEMPTED, "unchanged", None, None)
    assert [leg.progress["step"] for leg in found.legs] == ["attempted"]


def test_the_same_bytes_again_are_no_new_version():
    known = view(accessing(state=State.HANDED_OVER), documents=(document(1),))
    found = settled(Delivered(facts=(FACT,), documents=(obtained(),)), known.exchange, Task.OBTAIN, known, version=2)
    assert (found.outcome, found.event, found.exchange, found.documents) == ("unchanged", None, None, ())
    assert (found.facts, [leg.progress["step"] for leg in found.legs]) == ((FACT,), ["attempted"])


def test_the_first_bytes_are_received_even_if_there_are_none():
    assert settled(Delivered(), accessing(), Task.OBTAIN).step is Step.RECEIVED


def test_a_certificate_takes_a_name_that_is_free():
    """Two documents of one name in one version could not be written, and the attempt would be made for ever."""
    certificate = obtained(b"%PDF-1.7 certified", name="certificate.pdf", role=Role.REGISTRATION_CERTIFICATE)
    taken = [document(1, content_id=name) for name in ("certificate.pdf", "certificate.pdf-2")]
    of = exchange(state=State.RELEASED)
    for documents, name in [((), "certificate.pdf"), (taken[:1], "certificate.pdf-2"), (taken, "certificate.pdf-3")]:
        known = view(of, documents=tuple(documents))
        found = settled(Delivered(documents=(certificate,)), of, Task.PLACE, known)
        assert [d.listed.content_id for d in found.documents] == [name]
    twice = settled(Delivered(documents=(certificate, certificate)), of, Task.PLACE)
    assert [d.listed.content_id for d in twice.documents] == ["certificate.pdf", "certificate.pdf-2"]


def test_nothing_is_told_of_an_answer_to_a_counterpart():
    assert settled(Delivered(), exchange(state=State.PLACED), Task.ANSWER, counterpart=IB).event is None
