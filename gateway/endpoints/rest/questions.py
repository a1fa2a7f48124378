"""The calls that ask: an exchange's status, the list of exchanges, the notifications that wait."""

import hashlib
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from gateway.core.exchange import Exchange, Party, State
from gateway.core.office import Right, office_code
from gateway.core.reason import Reason, Refused
from gateway.core.request import Read, ReadKind
from gateway.endpoints import answers
from gateway.endpoints.middleware import Visit
from gateway.endpoints.rest.calls import IDENTIFIER, Ask, ask, exchange_named
from gateway.endpoints.rest.voice import answer
from gateway.stages.line import Line
from gateway.wire.replies import ApplicationReply
from gateway.wire.rest_render import render_json

__all__ = ["ExchangeLine", "ExchangeList", "get_exchange", "get_exchanges", "get_notifications", "whole_number"]

_MOST: Final = 100
_USUAL: Final = 50
#: Rows looked at in one call: a caller that owns few of them goes on from where the look ended.
_ROWS: Final = 1000
_APPLICATION: Final = frozenset({"officeCode", "right", "number"})


class ExchangeLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An exchange in a list; its status is told at its own address."""

    exchange_id: str
    role: Party
    state: State
    on_hold: bool
    version: int
    application: ApplicationReply
    created_at: datetime


class ExchangeList(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A page of exchanges, the newest first; `before` asks for the next one, and is absent on the last."""

    exchanges: tuple[ExchangeLine, ...]
    before: str | None = None


def whole_number(ask: Ask, name: str, *, least: int, most: int) -> int | None:
    """Read a number of the query; Refused(SCHEMA_VIOLATION)."""
    text = ask.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise Refused(Reason.SCHEMA_VIOLATION, name)
    return int(text)


async def get_exchange(visit: Visit) -> web.StreamResponse:
    """Tell the status of an exchange; 304 if the caller has this very answer already."""
    exchange_id = exchange_named(visit)
    question = await ask(visit, lambda ask: Read(head=ask.head, kind=ReadKind.STATUS, exchange_id=exchange_id))
    body = render_json(await answers.status(question, visit.door.line))
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if visit.request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    return answer(body, question.head.hosted, visit.door, headers=headers)


async def get_notifications(visit: Visit) -> web.StreamResponse:
    """Tell what waits, the oldest first."""

    def read(ask: Ask) -> Read:
        limit = whole_number(ask, "limit", least=1, most=_MOST)
        return Read(head=ask.head, kind=ReadKind.POLL, limit=limit or _USUAL)

    question = await ask(visit, read, known=frozenset({"limit"}))
    body = render_json(await answers.notifications(question, visit.door.line))
    return answer(body, question.head.hosted, visit.door)


async def get_exchanges(visit: Visit) -> web.StreamResponse:
    """List the caller's own exchanges."""
    asked: list[Ask] = []

    def read(ask: Ask) -> Read:
        limit = whole_number(ask, "limit", least=1, most=_MOST)
        asked.append(ask)
        return Read(head=ask.head, kind=ReadKind.STATUS, limit=limit or _USUAL)

    question = await ask(visit, read, known=frozenset({"limit", "before", "state"}) | _APPLICATION)
    found = await _list(question, asked[0], visit.door.line)
    return answer(render_json(found), question.head.hosted, visit.door)


async def _list(question: Read, asked: Ask, line: Line) -> ExchangeList:
    """Look until the page is full: other offices' exchanges are nobody's business here."""
    hosted, sender = question.head.hosted, question.head.sender
    state, normal, before = _state(asked), _normal(asked, line), _cursor(asked)
    own: list[Exchange] = []
    looked = 0
    while looked < _ROWS:
        rows = await line.records.list(hosted, state=state, normal=normal, before=before, limit=_MOST)
        for row in rows:
            before = row.exchange_id
            if row.terms["owner"] == sender:
                own.append(row)
            if len(own) == question.limit:
                return ExchangeList(exchanges=tuple(map(_line, own)), before=before)
        if len(rows) < _MOST:
            return ExchangeList(exchanges=tuple(map(_line, own)))
        looked += len(rows)
    return ExchangeList(exchanges=tuple(map(_line, own)), before=before)


def _line(exchange: Exchange) -> ExchangeLine:
    application = exchange.application
    return ExchangeLine(
        exchange_id=exchange.exchange_id,
        role=exchange.party,
        state=exchange.state,
        on_hold=exchange.on_hold,
        version=exchange.version,
        application=ApplicationReply(
            office_code=application.office,
            right=application.right,
            number=application.number,
            filing_date=application.filing_date,
        ),
        created_at=exchange.created_at,
    )


def _state(asked: Ask) -> str | None:
    state = asked.query.get("state")
    if state is not None and state not in {each.value for each in State}:
        raise Refused(Reason.SCHEMA_VIOLATION, "state")
    return state


def _cursor(asked: Ask) -> str | None:
    before = asked.query.get("before")
    if before is not None and not IDENTIFIER.fullmatch(before):
        raise Refused(Reason.SCHEMA_VIOLATION, "before")
    return before


def _normal(asked: Ask, line: Line) -> str | None:
    """The number to compare by, of an application that is named whole or not at all."""
    named = _APPLICATION & asked.query.keys()
    if not named:
        return None
    if named != _APPLICATION or asked.query["right"] not in {each.value for each in Right}:
        raise Refused(Reason.SCHEMA_VIOLATION, "right" if named == _APPLICATION else "query")
    office = office_code(asked.query["officeCode"])
    return line.normalise(office, Right(asked.query["right"]), asked.query["number"])
