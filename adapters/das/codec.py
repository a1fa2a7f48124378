"""Core values as DAS bodies and queries, and DAS answers as values; spelled as the settings say.

Rules: what cannot be read is Deferred(REMOTE_MALFORMED) with a place of our own, never with remote text.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from adapters.das.config import Config
from gateway.core.errand import Cargo, ObtainErrand
from gateway.core.office import Application
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.secret import Secret
from gateway.wire import das

__all__ = [
    "change",
    "document_number",
    "name",
    "query",
    "read",
    "registration",
    "retrieval",
    "with_query",
    "write",
]

_B = TypeVar("_B", bound=das.Body)


def document_number(application: Application, config: Config) -> str:
    """Give the number as DAS wants it: ST.3 code, blank, national number; PCT numbers have none (das.md 4.4)."""
    number = application.number if config.number == "received" else application.normal
    prefixed = number.startswith((f"{application.office} ", "PCT/"))
    return number if prefixed else f"{application.office} {number}"


def registration(cargo: Cargo, file_id: str | None, config: Config) -> das.RegistrationRequest:
    """Call 5. The applicant's address goes along only where the Bureau makes the code and mails it (das.md 1.4).

    The application named is the one in whose file a foreign document's copy lies; else there is none.
    """
    made_by_bureau = cargo.access_code is None
    return das.RegistrationRequest(
        **_identified(cargo.application, config),
        das_access_code=cargo.access_code,
        application_category=None if cargo.own_number is None else config.application_category,
        application_number=cargo.own_number,
        application_filing_date=cargo.own_filing_date,
        email=cargo.applicant_email if made_by_bureau else None,
        file_id=msgspec.UNSET if file_id is None else file_id,
    )


def change(
    application: Application, registered: date, config: Config, *, new_date: date | None, file_id: str | None
) -> das.ChangeRequest:
    """Call 6: `registered` is the date under which the document is registered now."""
    return das.ChangeRequest(
        **{**_identified(application, config), "document_date": registered},
        new_document_date=msgspec.UNSET if new_date is None else new_date,
        file_id=msgspec.UNSET if file_id is None else file_id,
    )


def retrieval(errand: ObtainErrand, config: Config) -> das.RetrievalRequest:
    """Call 12. Our own application is not named: these members name the one in whose file the copy lies."""
    holder = errand.holding_office
    return das.RetrievalRequest(
        **_identified(errand.application, config),
        das_access_code=errand.access_code,
        holding_office_code=msgspec.UNSET if holder is None else holder,
    )


def query(
    application: Application, config: Config, *, code: Secret | None = None, dated: bool = True
) -> dict[str, str]:
    """The parameters of calls 9, 10 and 11. With `code` they hold it in clear, as DAS wants it."""
    values = {
        name("documentNumber", config): document_number(application, config),
        name("documentKindCategory", config): config.kinds[application.right],
    }
    if dated:
        values[name("documentDate", config)] = application.filing_date.isoformat()
    if code is not None:
        values[name("dasAccessCode", config)] = code.reveal()
    return values


def name(ours: str, config: Config) -> str:
    """Give the counterpart's spelling of one of our names."""
    return config.names.get(ours, ours)


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """Give the URL with its parameters, for a call that takes no separate query."""
    return f"{url}?{urlencode(parameters)}"


def write(body: das.Body, config: Config) -> bytes:
    """Write a body in the counterpart's spelling."""
    if not config.names:
        return das.encode(body)
    return msgspec.json.encode(_renamed(das.encode_values(body), config.names))


def read(body: bytes, shape: type[_B], config: Config) -> _B:
    """Read a body in the counterpart's spelling; Deferred(REMOTE_MALFORMED) if it does not fit."""
    try:
        if not config.names:
            return das.decode(body, shape)
        values = msgspec.json.decode(body)
        return das.decode_values(_renamed(values, {theirs: ours for ours, theirs in config.names.items()}), shape)
    except Refused as refused:
        raise Deferred(Reason.REMOTE_MALFORMED, refused.place) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Deferred(Reason.REMOTE_MALFORMED) from None


def _identified(application: Application, config: Config) -> dict[str, Any]:
    return {
        "document_kind_category": config.kinds[application.right],
        "document_number": document_number(application, config),
        "document_date": application.filing_date,
    }


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value
