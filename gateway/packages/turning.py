"""Which findings turn a document away, at the door and before sending alike.

Rules: an error turns away; only what nobody can read is kept with a warning unless the gateway is told otherwise, since
its sender holds the only copy that was certified, and a refusal can cost a priority right.
"""

from typing import Final

from gateway.core.finding import Code, Finding, Report, Severity
from gateway.core.reason import Reason

__all__ = ["kept", "reason_of", "turned_away_by"]

#: Errors of a file that harms nobody and shows nothing.
_UNREADABLE: Final = frozenset(
    {Code.PDF_UNREADABLE, Code.PDF_CUT_SHORT, Code.PDF_NO_PAGES, Code.PDF_PAGES_BROKEN, Code.XML_MALFORMED}
)


def turned_away_by(report: Report, *, refuses_unreadable: bool) -> tuple[Finding, ...]:
    """The errors for which a document is refused; none if it is taken."""
    return tuple(each for each in report.of(Severity.ERROR) if refuses_unreadable or each.code not in _UNREADABLE)


def kept(report: Report) -> tuple[Finding, ...]:
    """What is stored and shown of a document that was taken: everything but notes."""
    return tuple(each for each in report.findings if each.severity is not Severity.NOTE)


def reason_of(finding: Finding) -> Reason:
    """The Reason under which a document is refused for this finding."""
    if finding.code is Code.TYPE_MISMATCH:
        return Reason.MEDIA_TYPE_MISMATCH
    if finding.code.name.startswith("ARCHIVE_"):
        return Reason[finding.code.name]
    return Reason.DOCUMENT_FAULTY
