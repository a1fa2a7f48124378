"""What looking at a log or a proof finds: it holds, it was tampered with, or it cannot be told, and where first.

Rules: places are paths and numbers of our own making; text of the other side goes through pki.verdict.shown.
"""

from dataclasses import dataclass

from pki.verdict import Indication

__all__ = ["CannotTell", "EvidenceVerdict", "Tampered", "verdict_of"]


class Tampered(Exception):
    """Something is not what was signed; `place` names it."""

    def __init__(self, place: str, explanation: str) -> None:
        super().__init__(f"{place}: {explanation}")
        self.place = place
        self.explanation = explanation


class CannotTell(Exception):
    """Something that is needed is not there or cannot be read; `place` names it."""

    def __init__(self, place: str, explanation: str) -> None:
        super().__init__(f"{place}: {explanation}")
        self.place = place
        self.explanation = explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceVerdict:
    """The result: `place` is the first bad or missing thing, None if all is well.

    `origin`, `size` and `root` (32 bytes) are those of the checkpoint that was verified, as far as it came to that.
    `remarks` are what a person should know though it changes nothing, such as files that no checkpoint vouches for.
    """

    indication: Indication
    explanation: str
    place: str | None = None
    origin: str | None = None
    size: int | None = None
    root: bytes | None = None
    remarks: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything is as it was signed."""
        return self.indication is Indication.PASSED


def verdict_of(finding: Tampered | CannotTell) -> EvidenceVerdict:
    """The verdict that a finding is."""
    failed = isinstance(finding, Tampered)
    return EvidenceVerdict(
        indication=Indication.FAILED if failed else Indication.INDETERMINATE,
        explanation=finding.explanation,
        place=finding.place,
    )
