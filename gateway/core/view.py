"""An exchange with all that is known of it, as the deciding functions and the status calls read it."""

from dataclasses import dataclass

from gateway.core.document import Document, Role
from gateway.core.exchange import Exchange, Fact, FactName
from gateway.core.release import Decision
from gateway.core.transmission import Leg

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
    transmissions: tuple[TransmissionView, ...]

    def documents_of(self, version: int) -> tuple[Document, ...]:
        """The documents as they were in `version`: those that came last before or with it, and the last certificate."""
        certificates = [d for d in self.documents if d.listed.role is Role.REGISTRATION_CERTIFICATE]
        others = [d for d in self.documents if d.listed.role is not Role.REGISTRATION_CERTIFICATE]
        return (*_last(others, version), *_last(certificates, version))

    def fact(self, name: FactName) -> str | None:
        """The newest value of a fact, or None."""
        return next((fact.value for fact in reversed(self.facts) if fact.name is name), None)


def _last(documents: list[Document], version: int) -> list[Document]:
    came = max((document.version for document in documents if document.version <= version), default=0)
    return [document for document in documents if document.version == came]
