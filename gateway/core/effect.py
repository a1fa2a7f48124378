"""What a request does: decided here, from the request and what is known, before anything is written.

Rules: pure; the ids and the time are passed in. What leaves is not decided here but by route, when it is dispatched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core.agreement import FIRST_TASK, Agreement, covering
from gateway.core.document import Publication
from gateway.core.exchange import Exchange, Party, State, Step, advance
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition, Decision, open_conditions, standing
from gateway.core.request import (
    Confirmation,
    Correction,
    Deposit,
    Hold,
    Hosting,
    Inquiry,
    Issuer,
    Notice,
    Release,
    Replacement,
    Request,
    Resend,
    Retrieval,
    Withdrawal,
)
from gateway.core.secret import Secret
from gateway.core.transmission import Leg, Task, TransmissionState
from gateway.core.view import ExchangeView, TransmissionView

__all__ = ["Effect", "effect_of", "route_leg"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What is to be written besides the message: the exchange as it shall be, decisions, legs, wakes.

    `makes_code` asks for a new access code of the office, `keeps_code` for sealing the one that came.
    """

    step: Step
    exchange_id: str | None = None
    exchange: Exchange | None = None
    decisions: tuple[Decision, ...] = ()
    legs: tuple[Leg, ...] = ()
    makes_code: bool = False
    keeps_code: Secret | None = None
    wakes: tuple[str, ...] = ()
    confirms: str | None = None


#: A transmission in one of these is still to come to its end.
_LIVE = frozenset({TransmissionState.READY.value, TransmissionState.HELD.value})


#: These need the documents, or the code, of their exchange. A registration that is left can still be withdrawn.
_OF_DOCUMENTS = (Release, Correction, Replacement, Resend)


def route_leg(step: Step, exchange: Exchange, at: datetime) -> Leg:
    """The gateway's own leg: plan what `step` asks of counterparts, with what is to be told frozen as it is now."""
    return Leg(
        counterpart=exchange.hosted,
        adapter="",
        task=Task.ROUTE,
        version=exchange.version,
        agreement="",
        due_at=at,
        progress={"step": step.value, "filing_date": exchange.application.filing_date.isoformat()},
    )


def effect_of(
    request: Request,
    view: ExchangeView | None,
    *,
    at: datetime,
    agreements: Iterable[Agreement],
    new_exchange_id: str,
) -> Effect:
    """Decide what `request` does to the exchange it names (`view`, None where it begins one).

    Refused with STATE_CONFLICT, KIND_NOT_AGREED or the reason of the request's own rule.
    """
    if isinstance(request, Deposit):
        return _deposit(request, agreements, at, new_exchange_id)
    if isinstance(request, Retrieval):
        return _retrieval(request, agreements, at, new_exchange_id)
    if isinstance(request, Hold) and request.exchange_id is None:
        return Effect(step=Step.RESUMED if request.lift else Step.STOPPED)
    if view is None:
        raise Refused(Reason.EXCHANGE_UNKNOWN)
    if view.is_forgotten and isinstance(request, _OF_DOCUMENTS):
        raise Refused(Reason.DOCUMENT_FORGOTTEN)
    match request:
        case Release():
            return _release(request, view, at)
        case Correction():
            application = replace(view.exchange.application, filing_date=request.filing_date)
            return _new_version(view.exchange, Step.CORRECTED, at, application=application)
        case Replacement():
            return _new_version(view.exchange, Step.REPLACED, at)
        case Withdrawal():
            return _withdrawal(request, view, at)
        case Confirmation():
            return _told(view.exchange, Step.CONFIRMED, confirms=request.notification_id)
        case Hold():
            step = Step.RESUMED if request.lift else Step.STOPPED
            return _told(view.exchange, step, on_hold=not request.lift)
        case Resend():
            return _resend(request, view)
        case Inquiry():
            return _inquiry(request, view.exchange, agreements, at)
        case Notice():
            return Effect(step=Step.NOTICED, exchange_id=view.exchange.exchange_id)


def _begin(
    request: Deposit | Retrieval,
    party: Party,
    state: State,
    at: datetime,
    exchange_id: str,
    terms: dict[str, str | None],
) -> Exchange:
    return Exchange(
        exchange_id=exchange_id,
        hosted=request.head.hosted,
        party=party,
        kind=request.kind,
        application=request.application,
        state=state,
        version=1,
        revision=0,
        on_hold=False,
        publication=request.publication if isinstance(request, Deposit) else Publication.UNPUBLISHED,
        terms={"owner": request.head.sender, **{name: value for name, value in terms.items() if value is not None}},
        created_at=at,
    )


def _deposit(request: Deposit, agreements: Iterable[Agreement], at: datetime, exchange_id: str) -> Effect:
    found = covering(
        agreements,
        hosted=request.head.hosted,
        kind=request.kind,
        right=request.application.right,
        task=FIRST_TASK[Party.DEPOSITING],
    )
    if not any(request.hosting in a.hosting and request.code_issuer in a.code_issuers for a in found):
        raise Refused(Reason.KIND_NOT_AGREED, "Registration")
    if _lacks_email(request, found):
        raise Refused(Reason.APPLICANT_EMAIL_MISSING, "Registration/ApplicantEmail")
    terms = {
        "hosting": request.hosting.value,
        "code_issuer": request.code_issuer.value,
        "applicant_email": request.applicant_email,
    }
    exchange = _begin(request, Party.DEPOSITING, State.HELD, at, exchange_id, terms)
    decisions: tuple[Decision, ...] = ()
    for agreement in found:
        decisions += standing(sorted(agreement.standing_release, key=_name), agreement=agreement.name, at=at)
    legs = () if open_conditions(decisions) else (route_leg(Step.RELEASED, exchange, at),)
    return Effect(
        step=Step.DEPOSITED,
        exchange_id=exchange_id,
        exchange=exchange,
        decisions=decisions,
        legs=legs,
        makes_code=request.code_issuer is Issuer.OFFICE,
    )


def _lacks_email(request: Deposit, agreements: Iterable[Agreement]) -> bool:
    """Whether a code would be issued that nobody can be told: it is said now, not when the counterpart refuses."""
    issued = request.code_issuer is Issuer.BUREAU and not request.applicant_email
    return issued and any(a.needs_email for a in agreements)


def _name(condition: Condition) -> str:
    return condition.value


def _retrieval(request: Retrieval, agreements: Iterable[Agreement], at: datetime, exchange_id: str) -> Effect:
    covering(
        agreements,
        hosted=request.head.hosted,
        kind=request.kind,
        right=request.application.right,
        task=FIRST_TASK[Party.ACCESSING],
    )
    terms = {
        "holding_office": request.holding_office,
        "own_number": request.own_number,
        "own_filing_date": request.own_filing_date.isoformat() if request.own_filing_date else None,
    }
    exchange = _begin(request, Party.ACCESSING, State.REQUESTED, at, exchange_id, terms)
    return Effect(
        step=Step.REQUESTED,
        exchange_id=exchange_id,
        exchange=exchange,
        legs=(route_leg(Step.REQUESTED, exchange, at),),
        keeps_code=request.access_code,
    )


def _release(request: Release, view: ExchangeView, at: datetime) -> Effect:
    exchange = view.exchange
    state = advance(exchange.party, exchange.state, Step.DECIDED)
    settled = not open_conditions((*view.decisions, *request.decisions))
    live = [t for t in view.transmissions if t.state in _LIVE]
    on_its_way = any(t.leg.task is Task.ROUTE and t.leg.progress.get("step") == Step.RELEASED.value for t in live)
    begins = settled and exchange.state is State.HELD and not on_its_way
    return Effect(
        step=Step.DECIDED,
        exchange_id=exchange.exchange_id,
        exchange=replace(exchange, state=state),
        decisions=request.decisions,
        legs=(route_leg(Step.RELEASED, exchange, at),) if begins else (),
        # also what runs just now: it may have looked at the decisions before these came
        wakes=_waiting_for_release(live) if settled and open_conditions(view.decisions) else (),
    )


def _waiting_for_release(live: Iterable[TransmissionView]) -> tuple[str, ...]:
    ready, not_released = TransmissionState.READY.value, Reason.NOT_RELEASED.code
    return tuple(t.transmission_id for t in live if t.state == ready or t.reason == not_released)


def _new_version(exchange: Exchange, step: Step, at: datetime, **changes: object) -> Effect:
    """A correction or a replacement: the version grows, the former filing date stays readable in the terms."""
    state = advance(exchange.party, exchange.state, step)
    former = {f"filing_date.{exchange.version}": exchange.application.filing_date.isoformat()}
    following = replace(
        exchange,
        state=state,
        version=exchange.version + 1,
        terms={**exchange.terms, **former},
        **changes,  # type: ignore[arg-type]
    )
    legs = () if exchange.state is State.HELD else (route_leg(step, following, at),)
    return Effect(step=step, exchange_id=exchange.exchange_id, exchange=following, legs=legs)


def _withdrawal(request: Withdrawal, view: ExchangeView, at: datetime) -> Effect:
    exchange = view.exchange
    state = advance(exchange.party, exchange.state, Step.WITHDRAWN)
    following = replace(exchange, state=state, terms={**exchange.terms, "cause": request.cause.value})
    legs = () if exchange.state is State.HELD else (route_leg(Step.WITHDRAWN, following, at),)
    # what waits for a person would be waited for by the withdrawal: looked at again, it comes to its end
    wakes = tuple(t.transmission_id for t in view.transmissions if t.state == TransmissionState.HELD.value)
    return Effect(step=Step.WITHDRAWN, exchange_id=exchange.exchange_id, exchange=following, legs=legs, wakes=wakes)


def _told(exchange: Exchange, step: Step, *, confirms: str | None = None, on_hold: bool | None = None) -> Effect:
    following = replace(
        exchange,
        state=advance(exchange.party, exchange.state, step),
        on_hold=exchange.on_hold if on_hold is None else on_hold,
    )
    return Effect(step=step, exchange_id=exchange.exchange_id, exchange=following, confirms=confirms)


def _resend(request: Resend, view: ExchangeView) -> Effect:
    """Everything that is refused, held or waiting is tried again now; what is done stays done."""
    wakes = tuple(t.transmission_id for t in view.transmissions if t.state != TransmissionState.DONE.value)
    if not wakes:
        raise Refused(Reason.STATE_CONFLICT, "nothing to resend")
    exchange = view.exchange
    terms = _with_own_application(request, view) if request.own_number else exchange.terms
    following = replace(exchange, state=advance(exchange.party, exchange.state, Step.RESENT), terms=terms)
    return Effect(step=Step.RESENT, exchange_id=exchange.exchange_id, exchange=following, wakes=wakes)


def _with_own_application(request: Resend, view: ExchangeView) -> dict[str, str]:
    """The terms with the file a person names; once the document lies in one, it is not moved to another from here."""
    exchange = view.exchange
    if exchange.party is not Party.ACCESSING:
        raise Refused(Reason.STATE_CONFLICT, "an own application is named for a document that was asked for")
    if any(t.leg.task is Task.HAND_OVER and _may_lie_in_a_file(t) for t in view.transmissions):
        raise Refused(Reason.STATE_CONFLICT, "handed over already, or begun")
    named = {"own_number": request.own_number or ""}
    if request.own_filing_date:
        named["own_filing_date"] = request.own_filing_date.isoformat()
    kept = {name: value for name, value in exchange.terms.items() if name != "own_filing_date"}
    return {**kept, **named}


def _may_lie_in_a_file(handing: TransmissionView) -> bool:
    """Handed over, or begun and not for want of a file: then a half of it may lie in the one that was named before."""
    if handing.state == TransmissionState.DONE.value:
        return True
    return handing.leg.is_begun and handing.reason != Reason.LOCAL_FILE_UNKNOWN.code


def _inquiry(request: Inquiry, exchange: Exchange, agreements: Iterable[Agreement], at: datetime) -> Effect:
    """The document lies in our library: the counterpart is answered when it is ready for it."""
    if exchange.terms.get("hosting") != Hosting.OFFICE.value or exchange.state is not State.PLACED:
        raise Refused(Reason.NOT_REGISTERED)
    agreement = _with(request.head.sender, exchange, agreements)
    leg = Leg(
        counterpart=request.head.sender,
        adapter=agreement.adapter,
        task=Task.ANSWER,
        version=exchange.version,
        agreement=agreement.name,
        due_at=at,
    )
    return Effect(step=Step.ASKED, exchange_id=exchange.exchange_id, legs=(leg,))


def _with(counterpart: OfficeCode, exchange: Exchange, agreements: Iterable[Agreement]) -> Agreement:
    found = covering(
        agreements,
        hosted=exchange.hosted,
        kind=exchange.kind,
        right=exchange.application.right,
        task=Task.ANSWER,
    )
    for agreement in found:
        if agreement.counterpart == counterpart:
            return agreement
    raise Refused(Reason.KIND_NOT_AGREED)
