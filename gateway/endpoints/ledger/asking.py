"""Who asks the ledger's door, about which log, and up to where: proven and checked before anything is read.

Rules: volume and timing of an office's traffic are confidential: its log is read by its own systems and by offices
named in `ledger.readers`, with a token of scope "ledger"; what lies beyond the newest checkpoint is not there yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.endpoints.bearer import bearer_of
from gateway.endpoints.ledger.log import Head, Log
from gateway.endpoints.middleware import Visit

__all__ = ["HOSTED", "SCOPE", "Asked", "ask", "newest", "one_of", "signed", "whole_number", "with_cosignatures"]

SCOPE: Final = "ledger"
#: The part of an address that names another log than that of the first hosted office.
HOSTED: Final = "hosted"

_LONGEST_NUMBER: Final = 18  # digits: what PostgreSQL counts with


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A proven question: whose log, and its query."""

    hosted: OfficeCode
    log: Log
    query: Mapping[str, str]


def ask(visit: Visit, known: frozenset[str] = frozenset()) -> Asked:
    """Take a question with a query of these names only.

    Refused with TOKEN_MISSING, TOKEN_INVALID, SCOPE_MISSING, LEDGER_NOT_OPEN, OFFICE_UNKNOWN, SCHEMA_VIOLATION;
    NO_SUCH_ADDRESS where there is no ledger.
    """
    door, request = visit.door, visit.request
    if door.ledger is None:
        raise Refused(Reason.NO_SUCH_ADDRESS)
    signature = door.line.verifier.verify_token(bearer_of(request), door.line.clock.now())
    visit.encounter.office = signature.office
    visit.admit(signature.office)
    if SCOPE not in signature.scopes:
        raise Refused(Reason.SCOPE_MISSING)
    hosted = OfficeCode(request.match_info.get(HOSTED, door.first_hosted))
    if hosted not in door.line.signers:
        raise Refused(Reason.OFFICE_UNKNOWN)
    if signature.office != hosted and signature.office not in door.ledger.readers:
        raise Refused(Reason.LEDGER_NOT_OPEN)
    visit.encounter.hosted = hosted
    if any(name not in known or len(request.query.getall(name)) > 1 for name in request.query):
        raise Refused(Reason.SCHEMA_VIOLATION, "query")
    return Asked(hosted=hosted, log=door.ledger.log, query=dict(request.query))


async def newest(asked: Asked) -> Head:
    """The newest checkpoint; Refused(LEDGER_SIZE_NOT_SIGNED) before the first."""
    head = await asked.log.newest(asked.hosted)
    if head is None:
        raise Refused(Reason.LEDGER_SIZE_NOT_SIGNED)
    return head


async def signed(asked: Asked, name: str) -> Head:
    """The checkpoint of the size that the query names; the newest if it names none. Refused(LEDGER_SIZE_NOT_SIGNED)."""
    size = whole_number(asked.query[name], name) if name in asked.query else None
    head = await newest(asked) if size is None else await asked.log.signed(asked.hosted, size)
    if head is None:
        raise Refused(Reason.LEDGER_SIZE_NOT_SIGNED, name)
    return head


async def with_cosignatures(asked: Asked, head: Head) -> bytes:
    """The whole note of a checkpoint, with the lines of the witnesses that have cosigned it."""
    return head.note + await asked.log.cosignatures(asked.hosted, head.size, head.root)


def one_of(asked: Asked, *names: str) -> str:
    """Which one of these the query has; Refused(SCHEMA_VIOLATION) for none and for more."""
    found = [name for name in names if name in asked.query]
    if len(found) != 1:
        raise Refused(Reason.SCHEMA_VIOLATION, names[0])
    return found[0]


def whole_number(text: str, name: str) -> int:
    """Read a number without sign or leading zero; Refused(SCHEMA_VIOLATION)."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and (text == "0" or text[0] != "0")):
        raise Refused(Reason.SCHEMA_VIOLATION, name)
    return int(text)
