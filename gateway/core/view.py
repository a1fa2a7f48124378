"""An exchange with all that is known of it, as the deciding functions and the status calls read it."""

from dataclasses import dataclass
from datetime import date

from gateway.core.document import Document, Role
from gateway.core.exchange import Exchange, Fact, FactName
from gateway.core.office import OfficeCode
from gateway.core.release import Decision
from gateway.core.transmission import Leg, Task, TransmissionState

__all__ = ["ExchangeView", "TransmissionView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionView:
    """A transmission as its status is told: no lease."""

    transmission_id: str
    leg: Leg
    state: str
    attempts: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeView:
    """An exchange with all that is known of it."""

    exchange: Exchange
    decisions: tuple[Decision, ...]
    facts: tuple[Fact, ...]
    documents: tuple[Document, ...]
    transmissions: tuple[TransmissionView, ...]  # in the order in which they were planned

    @property
    def is_forgotten(self) -> bool:
        """Whether its keys and personal values are destroyed: nothing of it can be read or sent any more."""
        return any(fact.name is FactName.FORGOTTEN for fact in self.facts)

    def documents_of(self, version: int) -> tuple[Document, ...]:
        """The documents as they were in `version`: those that came last before or with it, and the last certificate."""
        certificates = [d for d in self.documents if d.listed.role is Role.REGISTRATION_CERTIFICATE]
        others = [d for d in self.documents if d.listed.role is not Role.REGISTRATION_CERTIFICATE]
        return (*_last(others, version), *_last(certificates, version))

    def placed_filing_date(self, counterpart: OfficeCode, adapter: str) -> date | None:
        """The filing date under which a counterpart has the document registered, by what was last done there."""
        for transmission in reversed(self.transmissions):
            leg = transmission.leg
            told = leg.task in (Task.PLACE, Task.CORRECT) and transmission.state == TransmissionState.DONE.value
            if told and (leg.counterpart, leg.adapter) == (counterpart, adapter):
                return date.fromisoformat(leg.progress["filing_date"])
        return None

    def unsure_filing_date(self, counterpart: OfficeCode, adapter: str) -> date | None:
        """The filing date under which a counterpart may have it: of a registration begun and not known to be done."""
        for transmission in reversed(self.transmissions):
            leg = transmission.leg
            unsure = leg.task is Task.PLACE and leg.is_begun and transmission.state != TransmissionState.DONE.value
            if unsure and (leg.counterpart, leg.adapter) == (counterpart, adapter):
                return date.fromisoformat(leg.progress["filing_date"])
        return None

    def fact(self, name: FactName) -> str | None:
        """The newest value of a fact, or None."""
        return next((fact.value for fact in reversed(self.facts) if fact.name is name), None)


def _last(documents: list[Document], version: int) -> list[Document]:
    came = max((document.version for document in documents if document.version <= version), default=0)
    return [document for document in documents if document.version == came]
