"""Entries for a ledger, written as the application writes them, and a sequencer's life as a process of its own."""

import hashlib
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

INSERT = """INSERT INTO ledger_entry
    SELECT $1, e.id, NULL, 'receive', $2::timestamptz + e.n * interval '1 ms', e.leaf, e.hash
    FROM unnest($3::uuid[], $4::bytea[], $5::bytea[]) WITH ORDINALITY AS e(id, leaf, hash, n)"""

#: A leader that kills itself (SIGKILL) in the middle of a step, at the given call of it.
VICTIM = """
import asyncio, os, signal, sys
from datetime import UTC, datetime, timedelta
from gateway.core.secret import Secret
from gateway.store import ledger_write
from gateway.store.ledger_read import SignedHead
from gateway.store.named_queries import load_queries

step, when, most = sys.argv[1], sys.argv[2], int(sys.argv[3])

async def main():
    writer = await ledger_write.open_writer(
        Secret(os.environ["VICTIM_DSN"]), load_queries(), patience=timedelta(seconds=10))
    assert await writer.lead()
    await writer.take_up("XA")
    original = getattr(writer, step)

    async def deadly(*arguments):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = await original(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(writer, step, deadly)
    while await writer.place(most):
        pass
    at = datetime(2026, 11, 23, tzinfo=UTC)
    head = SignedHead(size=writer.size("XA"), root=writer.root("XA"), note=b"note", created_at=at)
    await writer.add_checkpoint("XA", head)

asyncio.run(main())
"""


async def fill(dsn, count, hosted="XA", *, start=0):
    """Write `count` entries; gives their leaves."""
    leaves = [b"\x01" + f'{{"number":{start + number}}}'.encode() for number in range(count)]
    connection = await asyncpg.connect(dsn.reveal())
    try:
        await connection.execute(
            INSERT,
            hosted,
            AT + timedelta(seconds=start),
            [uuid.uuid4() for _ in leaves],
            leaves,
            [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves],
        )
    finally:
        await connection.close()
    return leaves


def kill_in(dsn, step, when, most):
    """Run the victim; gives its exit code."""
    words = [sys.executable, "-c", VICTIM, step, when, str(most)]
    environment = {**os.environ, "VICTIM_DSN": dsn.reveal()}
    return subprocess.run(words, env=environment, capture_output=True, check=False, timeout=60).returncode
