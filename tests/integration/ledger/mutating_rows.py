"""Random mutations of the ledger's rows by somebody with all rights, and the one question: are they found?

The finder is that of `pouch ledger verify --db`, with the checkpoint that is remembered beside the database. What the
database refuses (a second row under a key, a hash of another length) cannot be made, and is not counted.
"""

import random
import uuid
from datetime import datetime, timedelta

import asyncpg
from mutating_files import Tally

from gateway.app.ledger_check import check_known, note_check
from gateway.core.merkle import leaf_hash
from gateway.core.office import OfficeCode
from gateway.store.ledger_check import LedgerCheck
from gateway.store.ledger_edge import Edge
from gateway.store.ledger_read import LedgerDamaged, PostgresLedger
from gateway.wire.tlog_checkpoint import Checkpoint, render_checkpoint
from pki.note_keys import generate_note_key
from pki.notes import sign_note

KINDS = ("flip", "delete", "reorder", "truncate", "fork")
TABLES = (
    "ledger_entry",
    "ledger_position",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_head",
    "ledger_pending",
    "ledger_change",
    "outage_event",
)
HOSTED = OfficeCode("XA")


class Undone(Exception):
    """Ends a transaction without a trace."""


class RowMutations:
    """One database, a superuser's connection to it, and what to do to its rows. `held` is a checkpoint kept outside."""

    def __init__(self, connection, queries, keys, held, seed):
        self.connection = connection
        self.queries = queries
        self.keys = list(keys)
        self.held = held
        self.random = random.Random(seed)
        self.columns = {}
        self.rows = {}
        self.stranger = [generate_note_key(keys[0].name)]

    async def run(self, count):
        """Make so many mutations, each alone and undone."""
        tally = Tally()
        for table in TABLES:
            rows = await self.connection.fetch(f"SELECT ctid, * FROM {table} WHERE hosted = 'XA' ORDER BY ctid")
            self.rows[table] = rows
            assert rows, f"{table} is empty: nothing would be tried on it"
            self.columns[table] = [name for name in rows[0].keys() if name != "ctid"]  # noqa: SIM118  a Record
        assert not await self.is_found(), "an untouched ledger is good"
        while sum(tally.made.values()) < count:
            kind = KINDS[sum(tally.made.values()) % len(KINDS)]
            try:
                async with self.connection.transaction():
                    await self.connection.execute("SET LOCAL session_replication_role = replica")
                    what = await getattr(self, kind)()
                    if what is not None:
                        tally.count(kind, await self.is_found(), what)
                    raise Undone
            except (Undone, asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
                continue
            except (asyncpg.GeneratedAlwaysError, asyncpg.NotNullViolationError):
                continue
        assert not await self.is_found(), "a ledger where all was undone is good"
        return tally

    async def is_found(self):
        """Whether the ledger is not what was written and signed."""
        check, size = LedgerCheck(self.connection, self.queries, HOSTED), 0
        ledger = PostgresLedger(self.connection, self.queries)
        try:
            async for done in check.whole(note_check([key.verifier for key in self.keys])):
                size = done
            await check_known(ledger, HOSTED, size, [self.held])
        except LedgerDamaged:
            return True
        return False

    def some(self):
        table = self.random.choice(TABLES)
        return table, self.random.choice(self.rows[table])

    async def flip(self):
        table, row = self.some()
        column = self.random.choice(self.columns[table])
        value = self.flipped(row[column])
        if value is None:
            return None
        done = await self.connection.execute(f"UPDATE {table} SET {column} = $1 WHERE ctid = $2", value, row["ctid"])
        assert done == "UPDATE 1"
        return f"{table}.{column} of {row['ctid']}"

    def flipped(self, value):
        choice = self.random
        match value:
            case bytes():
                flipped = bytearray(value)
                flipped[choice.randrange(len(value))] ^= 1 << choice.randrange(8)
                return bytes(flipped)
            case bool():
                return not value
            case int():
                return value ^ 1 << choice.randrange(15)
            case str():
                place = choice.randrange(len(value))
                return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
            case uuid.UUID():
                return uuid.UUID(int=value.int ^ 1 << choice.randrange(128))
            case datetime():
                return value + timedelta(microseconds=choice.choice([-1, 1]) << choice.randrange(40))
            case None:
                return uuid.UUID(int=choice.getrandbits(128))

    async def delete(self):
        table, row = self.some()
        assert await self.connection.execute(f"DELETE FROM {table} WHERE ctid = $1", row["ctid"]) == "DELETE 1"
        return f"{table} {row['ctid']}"

    async def reorder(self):
        """Two rows of a table change what they hold in one column, or their places."""
        table = self.random.choice([table for table in TABLES if len(self.rows[table]) > 1])
        one, two = self.random.sample(self.rows[table], 2)
        column = self.random.choice([name for name in self.columns[table] if name != "hosted"])
        if one[column] == two[column]:
            return None
        if table == "ledger_position" and column == "seq":
            steps = ((one["seq"], 1 << 40), (two["seq"], one["seq"]), (1 << 40, two["seq"]))
            for old, new in steps:
                await self.connection.execute("UPDATE ledger_position SET seq = $2 WHERE seq = $1", old, new)
            return f"places {one['seq']} and {two['seq']}"
        update = f"UPDATE {table} SET {column} = CASE ctid WHEN $1 THEN $4 ELSE $3 END WHERE ctid IN ($1, $2)"
        kind = await self.connection.fetchval(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $1::text::regclass"
            " AND attname = $2",
            table,
            column,
        )
        update = update.replace("$4", f"$4::{kind}").replace("$3", f"$3::{kind}")
        await self.connection.execute(update, one["ctid"], two["ctid"], one[column], two[column])
        return f"{table}.{column} of {one['ctid']} and {two['ctid']}"

    async def truncate(self):
        way = self.random.choice(["table", "places", "checkpoints", "tiles", "bytes", "back"])
        if way == "table":
            table = self.random.choice(TABLES)
            rows = self.random.sample(self.rows[table], self.random.randint(1, len(self.rows[table])))
            await self.connection.execute(f"DELETE FROM {table} WHERE ctid = ANY ($1)", [row["ctid"] for row in rows])
            return f"{len(rows)} rows of {table}"
        if way == "bytes":
            table, row = self.some()
            column = self.random.choice(self.columns[table])
            if not isinstance(row[column], bytes):
                return None
            shorter = row[column][: self.random.randrange(len(row[column]))]
            await self.connection.execute(f"UPDATE {table} SET {column} = $1 WHERE ctid = $2", shorter, row["ctid"])
            return f"{table}.{column} of {row['ctid']}"
        seq = self.random.randrange(len(self.rows["ledger_position"]))
        if way in {"places", "back"}:
            await self.connection.execute("DELETE FROM ledger_position WHERE hosted = 'XA' AND seq >= $1", seq)
        if way in {"tiles", "back"}:
            gone = await self.connection.execute(
                "DELETE FROM ledger_tile WHERE hosted = 'XA' AND (index + 1) * (256::bigint << (8 * level)) > $1", seq
            )
            if way == "tiles" and gone == "DELETE 0":
                return None
        if way in {"checkpoints", "back"}:
            gone = await self.connection.execute("DELETE FROM ledger_checkpoint WHERE hosted = 'XA' AND size > $1", seq)
            if way == "checkpoints" and gone == "DELETE 0":
                return None
        if way == "back":  # all that was later is gone without a trace, as after a restore of an older backup
            placed = "SELECT FROM ledger_position p WHERE p.hosted = e.hosted AND p.entry_id = e.entry_id"
            await self.connection.execute(f"DELETE FROM ledger_entry e WHERE e.hosted = 'XA' AND NOT EXISTS ({placed})")
            await self.connection.execute("DELETE FROM ledger_pending WHERE hosted = 'XA'")
            for table in ("ledger_change", "outage_event"):
                await self.connection.execute(
                    f"DELETE FROM {table} c WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.entry_id = c.entry_id)"
                )
            await self.connection.execute(
                "UPDATE ledger_head h SET (number, chain) = (SELECT c.number, c.chain FROM ledger_checkpoint c"
                " WHERE c.hosted = 'XA' ORDER BY c.number DESC LIMIT 1)"
                " WHERE h.hosted = 'XA' AND EXISTS (SELECT FROM ledger_checkpoint c WHERE c.hosted = 'XA')"
            )
        return f"{way} from {seq}"

    async def fork(self):
        """Another history, whole in itself: an entry is another, and all above it was computed anew."""
        way = self.random.choice(["unsigned", "stranger", "own"])
        row = self.random.choice([row for row in self.rows["ledger_entry"] if row["step"] == "refused"])
        leaf = row["leaf"].replace(b'"outcome":"', b'"outcome":"%d' % self.random.randrange(10), 1)
        await self.connection.execute(
            "UPDATE ledger_entry SET leaf = $1, leaf_hash = $2 WHERE ctid = $3", leaf, leaf_hash(leaf), row["ctid"]
        )
        moved = await self.connection.execute(
            "UPDATE ledger_position SET leaf_hash = $1 WHERE hosted = 'XA' AND entry_id = $2",
            leaf_hash(leaf),
            row["entry_id"],
        )
        if moved == "UPDATE 0":
            return None  # it waits for its place: nothing was signed over it yet
        await self.rebuild({"unsigned": None, "stranger": self.stranger}.get(way, self.keys))
        return f"{way}: entry {row['entry_id']}"

    async def rebuild(self, keys):
        hashes = [
            row["leaf_hash"]
            for row in await self.connection.fetch("SELECT * FROM ledger_position WHERE hosted = 'XA' ORDER BY seq")
        ]
        for tile in Edge().extend(hashes):
            await self.connection.execute(
                "UPDATE ledger_tile SET hashes = $3, root = $4 WHERE hosted = 'XA' AND level = $1 AND index = $2",
                tile.level,
                tile.index,
                tile.hashes,
                tile.root,
            )
        if keys is None:
            return
        await self.connection.execute("DELETE FROM ledger_checkpoint WHERE hosted = 'XA'")
        await self.connection.execute("DELETE FROM ledger_head WHERE hosted = 'XA'")
        await self.connection.execute("SET LOCAL session_replication_role = origin")  # they are chained anew
        for row in self.rows["ledger_checkpoint"]:
            edge = Edge()
            edge.extend(hashes[: row["size"]])
            head = Checkpoint(origin=keys[0].name, size=row["size"], root=edge.root())
            await self.connection.execute(
                self.queries["ledger_add_checkpoint"],
                HOSTED,
                head.size,
                head.root,
                sign_note(render_checkpoint(head), keys),
                row["created_at"],
            )
