"""An exchange: one document's whole affair between offices, and the table of what can happen to it.

Rules:
- `NEXT` is the whole state machine: what is not in it is refused with STATE_CONFLICT, for our own code as for others.
- Steps that tell something without changing the state are in `TOLD` and are possible in every state.
- "Requested", "available", "fetched" and "in the own system" are different facts and are kept apart.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gateway.core.document import DocumentKind, Publication
from gateway.core.office import Application, OfficeCode
from gateway.core.reason import Reason, Refused

__all__ = ["NEXT", "TOLD", "Exchange", "Fact", "FactName", "Party", "State", "Step", "advance"]


class Party(Enum):
    """What the hosted office is in this exchange."""

    DEPOSITING = "depositing"
    ACCESSING = "accessing"


class State(Enum):
    """Where an exchange stands, seen by the hosted office."""

    HELD = "held"  # deposited; nothing leaves
    RELEASED = "released"  # may leave, on its way to the counterpart
    PLACED = "placed"  # the counterpart has it registered
    WITHDRAWN = "withdrawn"  # registration taken back; what was fetched stays fetched
    REQUESTED = "requested"  # asked for at the counterpart
    RECEIVED = "received"  # its bytes are here
    HANDED_OVER = "handed-over"  # the office's own system has it
    CONFIRMED = "confirmed"  # the office's own system has said so
    REFUSED = "refused"  # ended without effect; the Reason stands in the transmission


class Step(Enum):
    """What happened: the kinds of ledger entries."""

    DEPOSITED = "deposited"
    DECIDED = "decided"
    RELEASED = "released"
    ROUTED = "routed"  # what a step asks of counterparts was planned
    PLACED = "placed"
    CORRECTED = "corrected"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    CORRECTION_PLACED = "correction-placed"
    REPLACEMENT_PLACED = "replacement-placed"
    WITHDRAWAL_PLACED = "withdrawal-placed"
    REQUESTED = "requested"
    RECEIVED = "received"
    HANDED_OVER = "handed-over"
    CONFIRMED = "confirmed"
    FETCHED = "fetched"
    CHANGED = "changed"  # the first office changed it after it was fetched
    ASKED = "asked"  # the counterpart asked for a document of our library
    ANSWERED = "answered"
    TAKEN = "taken"  # the counterpart took the bytes from our library
    NOTICED = "noticed"  # the counterpart told that something is ready
    ATTEMPTED = "attempted"
    REFUSED = "refused"
    STOPPED = "stopped"
    RESUMED = "resumed"
    RESENT = "resent"
    FORGOTTEN = "forgotten"
    EVIDENCED = "evidenced"  # a dossier was handed out
    COSIGNED = "cosigned"  # as a witness: a partner's log
    TIME_STAMPED = "time-stamped"  # by an authority: a checkpoint of our log
    SUSPENDED = "suspended"  # our log is not signed until it is whole again, or a person decides
    PUT_BACK = "put-back"  # entries of our log came back from an export
    BEGUN_ANEW = "begun-anew"  # a person accepted a loss: our log goes on under another name
    # What happened to the gateway itself, and to no exchange:
    CONFIGURATION_CHANGED = "configuration-changed"
    KEYS_CHANGED = "keys-changed"
    TRUST_CHANGED = "trust-changed"
    AGREEMENTS_CHANGED = "agreements-changed"
    OUTAGE_BEGAN = "outage-began"
    OUTAGE_ENDED = "outage-ended"
    DOWNTIME_ANNOUNCED = "downtime-announced"
    DOWNTIME_CALLED_OFF = "downtime-called-off"


_S, _E = State, Step

#: (state, step) -> next state, for the office that deposited.
_DEPOSITING: dict[tuple[State, Step], State] = {
    (_S.HELD, _E.DECIDED): _S.HELD,
    (_S.HELD, _E.RELEASED): _S.RELEASED,
    (_S.HELD, _E.CORRECTED): _S.HELD,
    (_S.HELD, _E.REPLACED): _S.HELD,
    (_S.HELD, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.RELEASED, _E.DECIDED): _S.RELEASED,
    (_S.RELEASED, _E.PLACED): _S.PLACED,
    (_S.RELEASED, _E.CORRECTED): _S.RELEASED,
    (_S.RELEASED, _E.REPLACED): _S.RELEASED,
    (_S.RELEASED, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.RELEASED, _E.REFUSED): _S.REFUSED,
    (_S.PLACED, _E.DECIDED): _S.PLACED,
    (_S.PLACED, _E.PLACED): _S.PLACED,  # at a further counterpart
    (_S.PLACED, _E.CORRECTED): _S.PLACED,
    (_S.PLACED, _E.REPLACED): _S.PLACED,
    (_S.PLACED, _E.WITHDRAWN): _S.WITHDRAWN,
    (_S.WITHDRAWN, _E.PLACED): _S.WITHDRAWN,  # it was under way when it was withdrawn; the withdrawal follows it
    (_S.REFUSED, _E.PLACED): _S.PLACED,  # one counterpart refused it, another took it
    (_S.REFUSED, _E.RESENT): _S.RELEASED,
}

#: (state, step) -> next state, for the office that asked.
_ACCESSING: dict[tuple[State, Step], State] = {
    (_S.REQUESTED, _E.RECEIVED): _S.RECEIVED,
    (_S.REQUESTED, _E.REFUSED): _S.REFUSED,
    (_S.RECEIVED, _E.RECEIVED): _S.RECEIVED,  # a newer version
    (_S.RECEIVED, _E.HANDED_OVER): _S.HANDED_OVER,
    (_S.RECEIVED, _E.CONFIRMED): _S.CONFIRMED,
    (_S.HANDED_OVER, _E.HANDED_OVER): _S.HANDED_OVER,
    (_S.HANDED_OVER, _E.RECEIVED): _S.RECEIVED,
    (_S.HANDED_OVER, _E.CONFIRMED): _S.CONFIRMED,
    (_S.CONFIRMED, _E.RECEIVED): _S.RECEIVED,
    (_S.CONFIRMED, _E.HANDED_OVER): _S.CONFIRMED,
    (_S.CONFIRMED, _E.CONFIRMED): _S.CONFIRMED,
    (_S.REFUSED, _E.RESENT): _S.REQUESTED,
}

NEXT = {Party.DEPOSITING: _DEPOSITING, Party.ACCESSING: _ACCESSING}

#: Steps that are recorded in any state and change none.
TOLD = frozenset(
    {
        _E.ANSWERED,
        _E.ASKED,
        _E.ATTEMPTED,
        _E.CHANGED,
        _E.CONFIRMED,
        _E.CORRECTION_PLACED,
        _E.EVIDENCED,
        _E.FETCHED,
        _E.FORGOTTEN,
        _E.NOTICED,
        _E.REFUSED,
        _E.REPLACEMENT_PLACED,
        _E.RESENT,
        _E.RESUMED,
        _E.ROUTED,
        _E.STOPPED,
        _E.TAKEN,
        _E.WITHDRAWAL_PLACED,
    }
)


def advance(party: Party, state: State, step: Step) -> State:
    """Give the state after `step`; Refused(STATE_CONFLICT) if it cannot happen in `state`."""
    following = NEXT[party].get((state, step))
    if following is None and step in TOLD:
        following = state
    if following is None:
        raise Refused(Reason.STATE_CONFLICT, f"{step.value} while {state.value}")
    return following


class FactName(Enum):
    """Facts that can be known about an exchange; what is not among them is not knowable (office-practice.md)."""

    REGISTERED = "registered"
    AVAILABLE = "available"
    REQUESTED = "requested"
    FETCHED = "fetched"
    IN_OWN_SYSTEM = "in-own-system"
    OWN_SYSTEM_NUMBER = "own-system-number"
    TAKEN_BY_COUNTERPART = "taken-by-counterpart"
    ACKNOWLEDGEMENT = "acknowledgement"
    CHANGED_AFTER_ACCESS = "changed-after-access"
    DIGEST_COMPARED = "digest-compared"
    FINDINGS = "findings"  # what was found in a document that was taken: its content id and codes
    CERTIFICATION_VERDICT = "certification-verdict"  # of the office's own signature in a document
    FORGOTTEN = "forgotten"  # keys and personal values are destroyed; its value is the basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing known since `at`; `value` is an id or date of the counterpart, or a basis; never a secret."""

    name: FactName
    at: datetime
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The head row of an exchange. `revision` counts its changes: who writes names the one it read.

    `on_hold` is a person's stop of this exchange, `office_stopped` of the whole office; `terms` what was agreed with
    it (hosting, code issuer, the own application's number ...), never a secret.
    """

    exchange_id: str
    hosted: OfficeCode
    party: Party
    kind: DocumentKind
    application: Application
    state: State
    version: int
    revision: int
    on_hold: bool
    publication: Publication
    terms: dict[str, str]
    created_at: datetime
    office_stopped: bool = False

    @property
    def is_stopped(self) -> bool:
        """Whether nothing may leave by a person's decision."""
        return self.on_hold or self.office_stopped
