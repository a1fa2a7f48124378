"""What a request does to an exchange, decided from the request and what is known."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from core_values import (
    ALL_GIVEN,
    EXCHANGE_ID,
    IB,
    NOW,
    OTHER_ID,
    XA,
    XB,
    accessing,
    agreement,
    application,
    decision,
    deposit,
    exchange,
    head,
    planned,
    retrieval,
    view,
)

from gateway.core.effect import effect_of, route_leg
from gateway.core.exchange import Party, State, Step
from gateway.core.office import Right
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition, Outcome
from gateway.core.request import (
    REQUESTS,
    Cause,
    Confirmation,
    Correction,
    Hold,
    Hosting,
    Inquiry,
    Issuer,
    Notice,
    Release,
    Replacement,
    Resend,
    Withdrawal,
)
from gateway.core.secret import Secret
from gateway.core.transmission import Task, TransmissionState

READY, HELD = TransmissionState.READY, TransmissionState.HELD
DONE, REFUSED = TransmissionState.DONE, TransmissionState.REFUSED
RELEASE = Release(head=head(), exchange_id=EXCHANGE_ID, decisions=ALL_GIVEN)
CORRECTION = Correction(head=head(), exchange_id=EXCHANGE_ID, filing_date=date(2026, 3, 9), explanation="typed wrong")
REPLACEMENT = Replacement(head=head(), exchange_id=EXCHANGE_ID, explanation="page missing", documents=())
WITHDRAWAL = Withdrawal(head=head(), exchange_id=EXCHANGE_ID, cause=Cause.WRONG_DOCUMENT)
INQUIRY = Inquiry(head=head(sender=IB), application=application(), access_code=Secret("A1b2"))
OTHERS = (
    RELEASE,
    CORRECTION,
    REPLACEMENT,
    WITHDRAWAL,
    Confirmation(head=head(), notification_id=OTHER_ID),
    Hold(head=head(), exchange_id=EXCHANGE_ID, explanation="secrecy"),
    Resend(head=head(), exchange_id=EXCHANGE_ID),
    INQUIRY,
    Notice(head=head(sender=IB), acknowledgement_id="A-1"),
)


def effect(request, known=None, agreements=None):
    found = [agreement(), agreement(hosted=XB, name="XB-IB")] if agreements is None else agreements
    return effect_of(request, known, at=NOW, agreements=found, new_exchange_id=OTHER_ID)


def refusal(request, known=None, agreements=None):
    with pytest.raises(Refused) as refused:
        effect(request, known, agreements)
    return refused.value.reason


def routes(found):
    return [(leg.task, leg.progress["step"], leg.version, leg.progress["filing_date"]) for leg in found.legs]


def route(step=Step.RELEASED, state=READY, **changes):
    progress = {"step": step.value, "filing_date": "2026-03-01"}
    return planned(Task.ROUTE, state, counterpart=XA, adapter="", progress=progress, **changes)


def test_every_kind_of_request_is_under_test():
    assert {type(each) for each in (deposit(), retrieval(), *OTHERS)} == set(REQUESTS)


@pytest.mark.parametrize("request_", OTHERS, ids=lambda request: type(request).__name__)
def test_what_changes_an_exchange_needs_one(request_):
    assert refusal(request_, None) is Reason.EXCHANGE_UNKNOWN


@pytest.mark.parametrize("request_", OTHERS, ids=lambda request: type(request).__name__)
@pytest.mark.parametrize("state", State)
def test_every_request_in_every_state_has_an_effect_or_a_reason(request_, state):
    of = exchange(state=state, terms={"owner": "XA", "hosting": "office"})
    of = of if state in (State.HELD, State.RELEASED, State.PLACED, State.WITHDRAWN) else accessing(state=state)
    known = view(of, transmissions=(planned(Task.PLACE),))
    try:
        found = effect(request_, known)
    except Refused as refused:
        assert refused.reason in (Reason.STATE_CONFLICT, Reason.NOT_REGISTERED)
    else:
        assert found.exchange_id == of.exchange_id
        assert found.exchange is None or found.exchange.revision == of.revision, "who writes names what it has read"


# --- beginning --------------------------------------------------------------------------------------------------------


def test_a_deposit_is_held():
    found = effect(deposit(hosting=Hosting.OFFICE, applicant_email="a@b.example"))
    begun = found.exchange
    assert (found.step, found.exchange_id, begun.exchange_id) == (Step.DEPOSITED, OTHER_ID, OTHER_ID)
    assert (begun.state, begun.party, begun.version, begun.revision) == (State.HELD, Party.DEPOSITING, 1, 0)
    assert begun.terms == {
        "owner": "XA",
        "hosting": "office",
        "code_issuer": "bureau",
        "applicant_email": "a@b.example",
    }
    assert (found.legs, found.decisions, found.makes_code, found.keeps_code) == ((), (), False, None)


def test_the_office_s_own_code_is_made_at_the_deposit():
    assert effect(deposit(code_issuer=Issuer.OFFICE)).makes_code


def test_a_standing_rule_decides_at_the_deposit_and_releases_if_nothing_is_left():
    some = agreement(standing_release=frozenset({Condition.FEE}))
    found = effect(deposit(), agreements=[some])
    assert [(each.condition, each.by) for each in found.decisions] == [(Condition.FEE, "standing rule")]
    assert found.legs == ()
    found = effect(deposit(), agreements=[agreement(standing_release=frozenset(Condition))])
    assert routes(found) == [(Task.ROUTE, "released", 1, "2026-03-01")]
    assert found.exchange.state is State.HELD, "released is what the route decides"


@pytest.mark.parametrize(
    "agreements",
    [
        [],
        [agreement(suspended=True)],
        [agreement(rights=frozenset({Right.DESIGN}))],
        [agreement(tasks=frozenset({Task.OBTAIN}))],
        [agreement(hosting=frozenset({Hosting.OFFICE}))],
        [agreement(code_issuers=frozenset({Issuer.OFFICE}))],
        # each of the two is agreed with somebody, both with nobody
        [agreement(hosting=frozenset({Hosting.OFFICE})), agreement(code_issuers=frozenset({Issuer.OFFICE}))],
    ],
)
def test_a_deposit_that_no_agreement_covers_is_not_begun(agreements):
    assert refusal(deposit(), None, agreements) is Reason.KIND_NOT_AGREED


def test_a_code_of_the_bureau_needs_an_address_where_the_counterpart_sends_it():
    needing = [agreement(needs_email=True)]
    with pytest.raises(Refused) as refused:
        effect(deposit(), agreements=needing)
    assert (refused.value.reason, refused.value.place) == (
        Reason.APPLICANT_EMAIL_MISSING,
        "Registration/ApplicantEmail",
    )
    assert effect(deposit(applicant_email="a@b.example"), agreements=needing).exchange
    assert effect(deposit(code_issuer=Issuer.OFFICE), agreements=needing).exchange, "the office tells it itself"
    assert effect(deposit(), agreements=[agreement()]).exchange, "no counterpart needs it"


def test_a_retrieval_keeps_its_code_and_goes_on_at_once():
    request = retrieval(holding_office=XA, own_number="B/7", own_filing_date=date(2026, 9, 1))
    found = effect(request)
    assert (found.step, found.exchange.state, found.exchange.party) == (
        Step.REQUESTED,
        State.REQUESTED,
        Party.ACCESSING,
    )
    assert found.keeps_code is request.access_code
    assert "A1b2" not in repr(found)
    assert found.exchange.terms == {
        "owner": "XB",
        "holding_office": "XA",
        "own_number": "B/7",
        "own_filing_date": "2026-09-01",
    }
    assert routes(found) == [(Task.ROUTE, "requested", 1, "2026-03-01")]
    assert refusal(request, None, []) is Reason.KIND_NOT_AGREED


# --- releasing --------------------------------------------------------------------------------------------------------


def test_a_complete_release_is_routed_once():
    found = effect(RELEASE, view())
    assert (found.step, found.decisions, routes(found)) == (
        Step.DECIDED,
        ALL_GIVEN,
        [(Task.ROUTE, "released", 1, "2026-03-01")],
    )
    again = effect(RELEASE, view(decisions=ALL_GIVEN, transmissions=(route(),)))
    assert again.legs == (), "the first is still on its way"


def test_a_release_whose_route_was_refused_is_routed_anew():
    refused = route(state=REFUSED, reason=Reason.KIND_NOT_AGREED)
    assert len(effect(RELEASE, view(decisions=ALL_GIVEN, transmissions=(refused,))).legs) == 1


def test_decisions_add_up_over_several_messages():
    *first, last = ALL_GIVEN
    assert effect(replace(RELEASE, decisions=tuple(first)), view()).legs == ()
    assert len(effect(replace(RELEASE, decisions=(last,)), view(decisions=tuple(first))).legs) == 1


def test_what_waited_for_the_release_is_woken_and_what_runs_is_told_to_look_again():
    transmissions = (
        planned(Task.CORRECT, HELD, Reason.NOT_RELEASED, "waits"),
        planned(Task.REPLACE, READY, transmission_id="runs"),
        planned(Task.WITHDRAW, HELD, Reason.REMOTE_UNAUTHORIZED, "a person's"),
        planned(Task.PLACE, DONE, transmission_id="done"),
    )
    rescinded = (*ALL_GIVEN, decision(Condition.FEE, Outcome.RESCINDED))
    placed = exchange(state=State.PLACED)
    given = replace(RELEASE, decisions=(decision(Condition.FEE),))
    assert effect(given, view(placed, decisions=rescinded, transmissions=transmissions)).wakes == ("waits", "runs")
    assert effect(given, view(placed, decisions=ALL_GIVEN, transmissions=transmissions)).wakes == ()
    partly = (*rescinded, decision(Condition.SECRECY, Outcome.RESCINDED))
    assert effect(given, view(placed, decisions=partly, transmissions=transmissions)).wakes == ()


def test_a_held_route_is_woken_and_not_planned_twice():
    waiting = route(state=HELD, reason=Reason.NOT_RELEASED)
    rescinded = (*ALL_GIVEN, decision(Condition.FEE, Outcome.RESCINDED))
    found = effect(RELEASE, view(decisions=rescinded, transmissions=(waiting,)))
    assert (found.legs, found.wakes) == ((), ("t-1",))


@pytest.mark.parametrize("of", [exchange(state=State.WITHDRAWN), exchange(state=State.REFUSED), accessing()])
def test_there_is_nothing_to_release(of):
    assert refusal(RELEASE, view(of)) is Reason.STATE_CONFLICT


# --- changing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("request_", "step"), [(CORRECTION, Step.CORRECTED), (REPLACEMENT, Step.REPLACED)])
@pytest.mark.parametrize("state", [State.HELD, State.RELEASED, State.PLACED])
def test_a_change_makes_a_new_version(request_, step, state):
    found = effect(request_, view(exchange(state=state, version=4)))
    after = found.exchange
    assert (found.step, after.version, after.state) == (step, 5, state)
    assert after.terms["filing_date.4"] == "2026-03-01", "the former date stays readable"
    filed = "2026-03-09" if step is Step.CORRECTED else "2026-03-01"
    assert after.application.filing_date.isoformat() == filed
    assert routes(found) == ([] if state is State.HELD else [(Task.ROUTE, step.value, 5, filed)])


def test_versions_chain():
    known = view(exchange(state=State.PLACED))
    for request in (CORRECTION, REPLACEMENT, replace(CORRECTION, filing_date=date(2026, 3, 12)), WITHDRAWAL):
        known = view(effect(request, known).exchange)
    after = known.exchange
    assert (after.version, after.state) == (4, State.WITHDRAWN)
    assert {name: value for name, value in after.terms.items() if name.startswith("filing_date.")} == {
        "filing_date.1": "2026-03-01",
        "filing_date.2": "2026-03-09",
        "filing_date.3": "2026-03-09",
    }
    assert after.terms["cause"] == "wrong-document"


@pytest.mark.parametrize("state", [State.HELD, State.RELEASED, State.PLACED])
def test_a_withdrawal_is_told_where_anything_may_have_left(state):
    found = effect(WITHDRAWAL, view(exchange(state=state, version=2)))
    assert (found.step, found.exchange.state, found.exchange.version) == (Step.WITHDRAWN, State.WITHDRAWN, 2)
    assert routes(found) == ([] if state is State.HELD else [(Task.ROUTE, "withdrawn", 2, "2026-03-01")])


def test_a_withdrawal_does_not_wait_behind_what_waits_for_a_person():
    transmissions = (
        planned(Task.CORRECT, HELD, Reason.NOT_RELEASED, "not released"),
        planned(Task.REPLACE, HELD, Reason.ALREADY_REGISTERED, "held"),
        planned(Task.PLACE, DONE, transmission_id="done"),
        planned(Task.CORRECT, READY, transmission_id="ready"),
    )
    found = effect(WITHDRAWAL, view(exchange(state=State.PLACED), transmissions=transmissions))
    assert found.wakes == ("not released", "held")


@pytest.mark.parametrize("request_", [CORRECTION, REPLACEMENT, WITHDRAWAL])
@pytest.mark.parametrize("of", [exchange(state=State.WITHDRAWN), exchange(state=State.REFUSED), accessing()])
def test_what_is_over_or_another_s_is_not_changed(request_, of):
    assert refusal(request_, view(of)) is Reason.STATE_CONFLICT


# --- telling ----------------------------------------------------------------------------------------------------------


def test_a_confirmation_confirms_what_was_received():
    request = Confirmation(head=head(), notification_id=OTHER_ID)
    found = effect(request, view(accessing(state=State.HANDED_OVER)))
    assert (found.exchange.state, found.confirms) == (State.CONFIRMED, OTHER_ID)
    found = effect(request, view(exchange(state=State.PLACED)))
    assert (found.exchange.state, found.confirms) == (State.PLACED, OTHER_ID), "what was deposited is not received"


def test_a_hold_and_its_end():
    stop = Hold(head=head(), exchange_id=EXCHANGE_ID, explanation="secrecy")
    found = effect(stop, view())
    assert (found.step, found.exchange.on_hold) == (Step.STOPPED, True)
    found = effect(replace(stop, lift=True), view(exchange(on_hold=True)))
    assert (found.step, found.exchange.on_hold) == (Step.RESUMED, False)


@pytest.mark.parametrize("lift", [False, True])
def test_a_hold_of_the_whole_office_is_of_no_exchange(lift):
    found = effect(Hold(head=head(), exchange_id=None, explanation="secrecy", lift=lift))
    assert (found.step, found.exchange_id, found.exchange) == (Step.RESUMED if lift else Step.STOPPED, None, None)


def test_a_change_keeps_a_hold():
    assert effect(CORRECTION, view(exchange(state=State.PLACED, on_hold=True))).exchange.on_hold


def test_resending_wakes_what_is_not_done():
    states = (READY, HELD, REFUSED, DONE)
    transmissions = tuple(planned(state=state, transmission_id=state.value) for state in states)
    request = Resend(head=head(), exchange_id=EXCHANGE_ID)
    found = effect(request, view(exchange(state=State.REFUSED), transmissions=transmissions))
    assert (found.wakes, found.exchange.state) == (("ready", "held", "refused"), State.RELEASED)
    found = effect(request, view(accessing(state=State.REFUSED), transmissions=transmissions))
    assert found.exchange.state is State.REQUESTED
    for done in ((), transmissions[-1:]):
        assert refusal(request, view(transmissions=done)) is Reason.STATE_CONFLICT


NAMING = Resend(head=head(), exchange_id=EXCHANGE_ID, own_number="B/7", own_filing_date=date(2026, 9, 1))


def test_a_resend_names_the_file_a_document_is_to_be_laid_in():
    waiting = planned(Task.HAND_OVER, HELD, Reason.LOCAL_FILE_UNKNOWN)
    received = accessing(state=State.RECEIVED, terms={"owner": "XB", "own_filing_date": "2026-01-01"})
    found = effect(NAMING, view(received, transmissions=(waiting,)))
    assert found.wakes == ("t-1",)
    assert found.exchange.terms == {"owner": "XB", "own_number": "B/7", "own_filing_date": "2026-09-01"}
    found = effect(replace(NAMING, own_filing_date=None), view(received, transmissions=(waiting,)))
    assert found.exchange.terms == {"owner": "XB", "own_number": "B/7"}, "another file's date is not kept"


def test_no_file_is_named_for_an_own_deposit_nor_for_what_lies_in_one():
    done, again = planned(Task.HAND_OVER, DONE), planned(Task.RECHECK, READY, transmission_id="t-2")
    assert refusal(NAMING, view(accessing(state=State.HANDED_OVER), transmissions=(done, again))) is (
        Reason.STATE_CONFLICT
    )
    assert refusal(NAMING, view(exchange(state=State.PLACED), transmissions=(again,))) is Reason.STATE_CONFLICT


@pytest.mark.parametrize(
    ("reason", "progress", "is_free"),
    [
        (Reason.LOCAL_FILE_UNKNOWN, {"number": "900001"}, True),
        (Reason.READ_BACK_MISMATCH, {"number": "900001", "received": "yes"}, False),
        (Reason.REMOTE_OUTCOME_UNKNOWN, {"receiving": "yes"}, False),
        (Reason.REMOTE_UNREACHABLE, {}, True),
    ],
)
def test_half_a_hand_over_is_not_sent_to_another_file(reason, progress, is_free):
    begun = planned(Task.HAND_OVER, HELD, reason, progress={"filing_date": "2026-03-01", **progress})
    known = view(accessing(state=State.RECEIVED), transmissions=(begun,))
    if is_free:
        assert effect(NAMING, known).exchange.terms["own_number"] == "B/7"
    else:
        assert refusal(NAMING, known) is Reason.STATE_CONFLICT


def test_a_question_for_our_library_is_answered_by_the_agreement_with_who_asks():
    placed = exchange(state=State.PLACED, version=3, terms={"owner": "XA", "hosting": "office"})
    found = effect(INQUIRY, view(placed))
    (leg,) = found.legs
    assert (found.step, found.exchange) == (Step.ASKED, None)
    assert (leg.task, leg.counterpart, leg.adapter, leg.version, leg.agreement, leg.due_at) == (
        Task.ANSWER,
        IB,
        "das",
        3,
        "XA-IB",
        NOW,
    )
    stranger = replace(INQUIRY, head=head(sender=XB))
    assert refusal(stranger, view(placed)) is Reason.KIND_NOT_AGREED


@pytest.mark.parametrize(
    "of",
    [
        exchange(state=State.PLACED),
        *(
            exchange(state=state, terms={"owner": "XA", "hosting": "office"})
            for state in (State.HELD, State.RELEASED, State.WITHDRAWN, State.REFUSED)
        ),
    ],
)
def test_what_is_not_placed_in_our_library_is_not_registered(of):
    assert refusal(INQUIRY, view(of)) is Reason.NOT_REGISTERED


def test_a_route_freezes_what_it_is_about():
    leg = route_leg(Step.CORRECTED, exchange(version=7), NOW + timedelta(days=1))
    assert (leg.counterpart, leg.adapter, leg.agreement, leg.version) == (XA, "", "", 7)
    assert leg.progress == {"step": "corrected", "filing_date": "2026-03-01"}
    assert not leg.is_begun
