"""Rows of exchanges as they are after a document went over, written straight into a database."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg

LONG_AGO = datetime(2026, 11, 20, 12, tzinfo=UTC)

EXCHANGE = """INSERT INTO exchange (hosted, exchange_id, party, kind, office, "right", number, normal, filing_date,
    state, version, revision, on_hold, publication, terms, created_at, changed_at)
    VALUES ($1, $2, $3, 'priority-document', $4, 'patent', $5, $6, '2026-02-27', $7, 1, 2, false, 'unpublished',
            '{"owner": "XA"}', $8, $8)"""
DOCUMENT = """INSERT INTO document VALUES ($1, $2, $3, 'copy', $4, 3000, $5, 'certified-copy', 'application/pdf',
    NULL, NULL, NULL, ''::bytea, NULL)"""
TRANSMISSION = """INSERT INTO transmission (hosted, transmission_id, exchange_id, counterpart, adapter, task, version,
    agreement, state, due_at, created_at, ended_at) VALUES ($1, $2, $3, $4, 'das', $5, $6, 'a', $7, $8, $8, $9)"""
FACT = "INSERT INTO fact (hosted, exchange_id, name, at, value) VALUES ($1, $2, 'taken-by-counterpart', $3, $4)"


def digest(text):
    return hashlib.sha256(text.encode()).digest()


async def passed(connection, hosted, counterpart, task, number, versions, *, office="XA", at=LONG_AGO, **more):
    """One exchange of `hosted` by which the documents `versions` went over one after the other, one second each."""
    state, taken, ended = more.get("state", "done"), more.get("taken", task == "answer"), more.get("ended", True)
    exchange_id = uuid.uuid4()
    party = "accessing" if task == "obtain" else "depositing"
    normal = number.replace(" ", "").replace("/", "")
    of = "received" if party == "accessing" else "placed"
    await connection.execute(EXCHANGE, hosted, exchange_id, party, office, number, normal, of, at)
    for version, text in enumerate(versions, start=1):
        moment = at + timedelta(seconds=version)
        await connection.execute(DOCUMENT, hosted, exchange_id, version, uuid.uuid4(), digest(text))
        done = (hosted, uuid.uuid4(), exchange_id, counterpart, task, version, state, at, moment if ended else None)
        await connection.execute(TRANSMISSION, *done)
    if taken:
        await connection.execute(FACT, hosted, exchange_id, at + timedelta(seconds=9), counterpart)
    return exchange_id


async def open_rows(dsn):
    return await asyncpg.connect(dsn.reveal())
