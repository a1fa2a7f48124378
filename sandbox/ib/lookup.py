"""Finding a registration and saying in what a question differs from it.

Rules: the texts of -12 and -14 tell the expected date and the expected access code in clear, because the real
service does (das.md 1.6): that is the trap a client must not hand on.
"""

from __future__ import annotations

import hmac
from datetime import date

from sandbox.ib.inferred import ErrorNumber
from sandbox.ib.state import Memory, Registration

__all__ = ["Details", "check", "find", "own"]

Details = list[tuple[int, str]]


def find(memory: Memory, kind: str, number: str, holder: str | None = None) -> Registration | None:
    """The registration in force of the first office, or of the named holding office; None if there is none."""
    for registration in memory.registrations:
        if (registration.kind, registration.number) != (kind, number) or registration.withdrawn:
            continue
        if registration.office == holder or (holder is None and registration.application_number is None):
            return registration
    return None


def own(memory: Memory, office: str, number: str, kind: str | None = None) -> list[Registration]:
    """The office's registrations in force of this number, of one kind or of all."""
    return [
        registration
        for registration in memory.registrations
        if registration.office == office
        and registration.number == number
        and not registration.withdrawn
        and kind in (None, registration.kind)
    ]


def check(registration: Registration | None, document_date: date, access_code: str) -> Details:
    """What does not agree: -7 alone, or -12 and -14 as they apply; empty when all agrees."""
    if registration is None:
        return [(ErrorNumber.NOT_REGISTERED, "The document is not registered")]
    details: Details = []
    expected = registration.newest.document_date
    if document_date != expected:
        text = f"The priority date does not match: expected {expected}, received {document_date}"
        details.append((ErrorNumber.WRONG_DATE, text))
    if not hmac.compare_digest(registration.access_code.encode(), access_code.encode()):
        text = f"The access code does not match: expected {registration.access_code}, received {access_code}"
        details.append((ErrorNumber.WRONG_CODE, text))
    return details
