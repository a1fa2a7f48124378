"""Single values of a valid SOAP request, read from their elements.

Rules: the schema has judged form and presence; what it cannot judge (a year 0000, 24:00:00) is refused here.
"""

from datetime import UTC, date, datetime

from lxml import etree

from gateway.core.office import OfficeCode, office_code
from gateway.core.reason import Reason, Refused
from gateway.wire import xml

__all__ = ["Fields", "fields_of", "read_date", "read_instant", "read_number", "read_office", "read_optional"]

#: Child elements by local name.
Fields = dict[str, etree._Element]


def fields_of(element: etree._Element) -> Fields:
    """Give the child elements by local name; a valid element of the contract has each once."""
    return {xml.local_name(child): child for child in element if isinstance(child.tag, str)}


def read_office(element: etree._Element) -> OfficeCode:
    """Read an ST.3 code; Refused(OFFICE_UNKNOWN)."""
    return office_code(xml.text_of(element))


def read_date(element: etree._Element) -> date:
    """Read a calendar date; Refused(DATE_MALFORMED)."""
    try:
        return date.fromisoformat(xml.token_of(element))
    except ValueError:
        raise Refused(Reason.DATE_MALFORMED, xml.place_of(element)) from None


def read_instant(element: etree._Element) -> datetime:
    """Read a time with offset, as UTC; Refused(SCHEMA_VIOLATION) for one that no clock shows."""
    try:
        return datetime.fromisoformat(xml.token_of(element)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(Reason.SCHEMA_VIOLATION, xml.place_of(element)) from None


def read_number(element: etree._Element) -> int:
    """Read a whole number."""
    return int(xml.token_of(element))


def read_optional(fields: Fields, name: str) -> str | None:
    """Read the text of an element that may be absent."""
    return xml.text_of(fields[name]) if name in fields else None
