"""Reconciliation at /ledger/reconcile/{book}/{moment}/...: signed roots and nodes, each for the partner alone.

Rules:
- The partner is the office of the token: nobody asks for the book about another, whoever else may read the ledger.
- It is agreed office by office (`ledger.reconciles`), with a token of scope "ledger"; other questions do not exist.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.reconcile import BRANCHES, SERVED, Book
from gateway.endpoints.bearer import bearer_of
from gateway.endpoints.ledger.asking import HOSTED, SCOPE, whole_number
from gateway.endpoints.ledger.reconciling import Books
from gateway.endpoints.middleware import Visit
from gateway.wire.mtom import read_whole
from gateway.wire.reconcile import ASKED_LIMIT, AskedBody, BucketsBody, parse_moment, render_leaves
from gateway.wire.tlog_tiles import MalformedLog

__all__ = ["get_branch", "get_branches", "get_statement", "post_leaves", "post_question"]

_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"

_Body = TypeVar("_Body", AskedBody, BucketsBody)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    books: Books
    which: tuple[OfficeCode, OfficeCode, Book, datetime]


async def get_statement(visit: Visit) -> web.StreamResponse:
    """Give the signed root of a book about the asking office."""
    asked = _ask(visit)
    return web.Response(body=await asked.books.statement(*asked.which), headers={"Content-Type": _TEXT})


async def get_branches(visit: Visit) -> web.StreamResponse:
    """Give the 256 nodes below the root."""
    asked = _ask(visit)
    return web.Response(body=(await asked.books.tree(*asked.which)).branches, headers={"Content-Type": _BYTES})


async def get_branch(visit: Visit) -> web.StreamResponse:
    """Give the 256 nodes below one branch; Refused(LEDGER_OUT_OF_RANGE)."""
    asked = _ask(visit)
    number = whole_number(visit.request.match_info["branch"], "branch")
    if number >= BRANCHES:
        raise Refused(Reason.LEDGER_OUT_OF_RANGE, "branch")
    content = (await asked.books.tree(*asked.which)).branch(number)
    return web.Response(body=content, headers={"Content-Type": _BYTES})


async def post_leaves(visit: Visit) -> web.StreamResponse:
    """Give the leaves of some buckets."""
    asked = _ask(visit)
    body, _ = await _read(visit, BucketsBody)
    leaves = await asked.books.leaves(*asked.which, body.buckets)
    return web.Response(body=render_leaves(leaves), headers={"Content-Type": _BYTES})


async def post_question(visit: Visit) -> web.StreamResponse:
    """Say, signed, how documents stand that the asking office names, and what leaves are."""
    asked = _ask(visit)
    body, came = await _read(visit, AskedBody)
    answer = await asked.books.answer(*asked.which, asked=body, came=came)
    return web.Response(body=answer, headers={"Content-Type": _TEXT})


def _ask(visit: Visit) -> _Asked:
    """Refused with TOKEN_MISSING, TOKEN_INVALID, SCOPE_MISSING, OFFICE_UNKNOWN, LEDGER_NOT_OPEN, NO_SUCH_ADDRESS."""
    door, request = visit.door, visit.request
    reconciling = door.reconciling
    if reconciling is None:
        raise Refused(Reason.NO_SUCH_ADDRESS)
    signature = door.line.verifier.verify_token(bearer_of(request), door.line.clock.now())
    partner = visit.encounter.office = signature.office
    visit.admit(partner)
    if SCOPE not in signature.scopes:
        raise Refused(Reason.SCOPE_MISSING)
    hosted = OfficeCode(request.match_info.get(HOSTED, door.first_hosted))
    if hosted not in door.line.signers:
        raise Refused(Reason.OFFICE_UNKNOWN)
    if partner not in reconciling.partners or partner == hosted:
        raise Refused(Reason.LEDGER_NOT_OPEN)
    visit.encounter.hosted = hosted
    try:
        book, at = Book(request.match_info["book"]), parse_moment(request.match_info["moment"])
    except (ValueError, MalformedLog):
        raise Refused(Reason.NO_SUCH_ADDRESS) from None
    if book not in SERVED or request.query:
        raise Refused(Reason.NO_SUCH_ADDRESS)
    return _Asked(books=reconciling.books, which=(hosted, partner, book, at))


async def _read(visit: Visit, shape: type[_Body]) -> tuple[_Body, bytes]:
    came = await read_whole(visit.body(limit=ASKED_LIMIT), limit=ASKED_LIMIT)
    try:
        return msgspec.json.decode(came, type=shape), came
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(Reason.SCHEMA_VIOLATION, "body") from None
