"""What verifying a dossier finds: whether all of it holds, what holds since when, and what does not, in words."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.evidence.findings import CannotTell, Tampered
from pki.verdict import Indication

__all__ = ["DossierVerdict", "Found", "Holding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Something that holds, and since when somebody other than the office vouches for it: one line each, or none."""

    about: str
    text: str
    since: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Found:
    """What has been found so far. `note` takes what is neither proven nor wrong."""

    holdings: list[Holding] = field(default_factory=list)
    wrong: list[Tampered] = field(default_factory=list)
    open: list[CannotTell] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def hold(self, about: str, text: str, since: tuple[str, ...] = ()) -> None:
        """Write down something that holds."""
        self.holdings.append(Holding(about=about, text=text, since=since))

    def take(self, finding: Tampered | CannotTell) -> None:
        """Write down something that does not hold, or cannot be told."""
        if isinstance(finding, Tampered):
            self.wrong.append(finding)
        else:
            self.open.append(finding)

    def note(self, text: str) -> None:
        """Write down something that a reader should know, once."""
        if text not in self.remarks:
            self.remarks.append(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierVerdict:
    """The result. `findings` are (place, explanation) of what does not hold, or cannot be told; none if all holds.

    What `holdings` say of a dossier in which something was tampered with is worth no more than the rest of it.
    """

    indication: Indication
    findings: tuple[tuple[str, str], ...] = ()
    holdings: tuple[Holding, ...] = ()
    remarks: tuple[str, ...] = ()
    office: str | None = None
    exchange_id: str | None = None
    made_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether everything in it is as it was signed."""
        return self.indication is Indication.PASSED
