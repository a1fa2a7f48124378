"""A plain PDF: read as bytes, opened, its pages and actions looked at, and its own signature verified.

Rules:
- What many viewers repair is a warning, what none can show is an error.
- The library (qpdf) knows few bounds: whoever inspects a stranger's file does so in a confined process (confining.py).
"""

import logging
from collections.abc import Iterator
from typing import BinaryIO, Final

import pikepdf

from gateway.core.finding import Code, Finding, Form, found
from gateway.core.office import Right
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.packages.pdf_active import look_for_activity
from gateway.packages.pdf_pages import Pages, content_to_search, look_at_pages
from gateway.packages.pdf_raw import begins, look_at_bytes
from gateway.packages.pdf_seal import look_at_seals

__all__ = ["PlainPdf"]

# what it says of a file quotes the file, and would go to standard error
logging.getLogger("pikepdf").setLevel(logging.CRITICAL + 1)

#: After one of these nothing is opened.
_FATAL: Final = frozenset({Code.TWO_FORMS, Code.TOO_COSTLY})
#: The library's words for a structure that is none; their texts quote the file, and so go nowhere.
_LIBRARY_ERRORS: Final = (
    pikepdf.PdfError, AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError, RuntimeError
)  # fmt: skip


class PlainPdf:
    """The legacy DAS deposit: one PDF, with metadata beside it."""

    form = Form.PDF
    media_types = frozenset({"application/pdf"})

    def recognises(self, look: Look) -> bool:
        # other bytes may stand before a PDF, but a CMS package (DER), an archive or XML may hold one at its beginning
        return begins(look.first) >= (0 if not look.first.startswith((b"0", b"PK", b"<")) else len(look.first))

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        first_findings = list(look_at_bytes(subject.source, subject.look.size, subject.look.first))
        yield from first_findings
        if any(each.code in _FATAL for each in first_findings):
            return
        cut_short = any(each.code is Code.PDF_CUT_SHORT for each in first_findings)
        opened = _try_both(subject.source)
        if isinstance(opened, Code):
            yield found(opened)
            return
        pdf, repaired = opened
        if repaired and not cut_short:
            yield found(Code.PDF_REPAIRED)
        with pdf:
            yield from _look_inside(pdf, subject, setting, learnt)


def _try_both(source: BinaryIO) -> tuple[pikepdf.Pdf, bool] | Code:
    """Open a file as it stands, or else repaired; or say why neither can be done."""
    for recover in (False, True):
        source.seek(0)
        try:
            return _opened(source, recover=recover), recover
        except pikepdf.PasswordError:
            return Code.PDF_PASSWORD
        except (pikepdf.PdfError, RuntimeError):
            continue
    return Code.PDF_UNREADABLE


def _opened(source: BinaryIO, *, recover: bool) -> pikepdf.Pdf:
    return pikepdf.open(
        source,
        attempt_recovery=recover,
        suppress_warnings=True,
        inherit_page_attributes=False,  # it would read and mend the page tree before we have seen it
        access_mode=pikepdf.AccessMode.stream,
    )


def _look_inside(pdf: pikepdf.Pdf, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
    if pdf.is_encrypted:
        yield found(Code.PDF_ENCRYPTED)
    try:
        yield from look_for_activity(pdf)
        shown = Pages(to_search=content_to_search(subject.look.size))
        yield from look_at_pages(pdf, shown)
    except _LIBRARY_ERRORS:
        yield found(Code.PDF_PAGES_BROKEN)
        return
    application = subject.declared.application
    is_design = application is not None and application.right is Right.DESIGN
    if is_design and shown.has_grey_images and not shown.has_colour:
        yield found(Code.PDF_GREY)
    try:
        yield from look_at_seals(pdf, subject, setting, learnt)
    except _LIBRARY_ERRORS:
        yield found(Code.PDF_SEAL_UNPROVEN, None, "the form of the signature cannot be read")
