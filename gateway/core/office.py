"""Offices and what they protect: ST.3 codes, rights, and the application a document belongs to."""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NewType

from gateway.core.reason import Reason, Refused

__all__ = ["BUREAU", "Application", "OfficeCode", "Right", "office_code"]

#: A WIPO ST.3 code: two capital letters. The offices file says which codes are known here.
OfficeCode = NewType("OfficeCode", str)

#: WIPO's International Bureau (ST.3).
BUREAU = OfficeCode("IB")

_ST3 = re.compile(r"[A-Z]{2}")


def office_code(text: str) -> OfficeCode:
    """Read an ST.3 code; Refused(OFFICE_UNKNOWN) if it is not two capital letters."""
    if not _ST3.fullmatch(text):
        raise Refused(Reason.OFFICE_UNKNOWN)
    return OfficeCode(text)


class Right(Enum):
    """The kinds of intellectual property right that DAS takes documents of (das.md 1.4, 4.1)."""

    PATENT = "patent"
    UTILITY_MODEL = "utility-model"
    DESIGN = "design"
    TRADEMARK = "trademark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as its first office names it. `number` is kept as received and never rebuilt (ST.10/C);
    `normal` is the form to compare by; `filing_date` is the office's own calendar date.
    """

    office: OfficeCode
    right: Right
    number: str
    normal: str
    filing_date: date
