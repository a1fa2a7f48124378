"""The ledger's order in a real database: gapless, whole, insert-only, with one leader, and proofs that hold."""

import asyncio
import signal
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from ledger_filling import AT, fill, kill_in

from gateway.core.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from gateway.store.ledger_read import LedgerDamaged, PostgresLedger, SignedHead
from gateway.store.ledger_write import open_writer
from gateway.store.named_queries import load_queries
from gateway.store.pool import open_pool
from gateway.wire.tlog_tiles import bundles_of, parse_bundle, tile_of, tiles_of

QUERIES = load_queries()


@asynccontextmanager
async def opened(database):
    writer = await open_writer(database.app, QUERIES, patience=timedelta(seconds=10))
    try:
        yield writer
    finally:
        await writer.close()


@asynccontextmanager
async def reading(database):
    pool = await open_pool(database.app, application="test", smallest=1, largest=2)
    try:
        yield PostgresLedger(pool, QUERIES)
    finally:
        await pool.close()


@asynccontextmanager
async def as_role(dsn):
    connection = await asyncpg.connect(dsn.reveal())
    try:
        yield connection
    finally:
        await connection.close()


async def lead(writer):
    for _ in range(200):  # a session that was killed is not gone at once
        if await writer.lead():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody gave up the lead")


async def place_all(database, *hosted):
    async with opened(database) as writer:
        await lead(writer)
        for each in hosted or ("XA",):
            await writer.take_up(each)
        while await writer.place(100):
            pass


async def test_every_entry_gets_one_place_in_the_order_of_time(database):
    leaves = await fill(database.app, 300)
    await place_all(database)
    async with reading(database) as ledger:
        assert await ledger.size("XA") == 300
        assert await ledger.waiting() == {}
        edge = await ledger.edge("XA")
        assert edge.root() == root_of([leaf_hash(leaf) for leaf in leaves]) == await ledger.root("XA", 300)


async def test_what_is_committed_late_is_placed_late_and_not_missed(database):
    async with as_role(database.app) as slow:
        block = slow.transaction()
        await block.start()
        await slow.execute(
            "INSERT INTO ledger_entry VALUES ('XA', gen_random_uuid(), NULL, 's', $1, '\\x01', $2)", AT, bytes(32)
        )
        await fill(database.app, 5, start=10)
        await place_all(database)
        async with reading(database) as ledger:
            assert await ledger.size("XA") == 5
            await block.commit()
            await place_all(database)
            assert await ledger.size("XA") == 6
            assert await ledger.leaf_hash("XA", 5) == bytes(32)


async def test_what_is_rolled_back_takes_no_place(database):
    async with as_role(database.app) as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            async with connection.transaction():
                for _ in range(2):
                    await connection.execute(
                        "INSERT INTO ledger_entry VALUES ('XA', $1, NULL, 's', $2, '\\x01', $3)",
                        "00000000-0000-0000-0000-000000000001", AT, bytes(32))  # fmt: skip
    await place_all(database)
    async with reading(database) as ledger:
        assert await ledger.size("XA") == 0


async def test_offices_have_logs_of_their_own(database):
    await fill(database.app, 3)
    await fill(database.app, 2, hosted="XB")
    await fill(database.app, 1, hosted="XC")
    await place_all(database, "XA", "XB")
    async with reading(database) as ledger:
        assert [await ledger.size(each) for each in ("XA", "XB", "XC")] == [3, 2, 0]
        assert set(await ledger.waiting()) == {"XC"}


async def test_only_one_leads_until_its_session_ends(database):
    async with opened(database) as first, opened(database) as second:
        assert await first.lead()
        assert not await second.lead()
        await first.close()
        await lead(second)


async def test_even_without_the_lock_the_log_cannot_fork(database):
    await fill(database.app, 3)
    async with opened(database) as first, opened(database) as second:
        await first.take_up("XA")
        await second.take_up("XA")
        assert await first.place(100) == 3
        await fill(database.app, 2, start=3)
        with pytest.raises(asyncpg.UniqueViolationError):
            await second.place(100)
        assert await first.place(100) == 2
    async with reading(database) as ledger:
        assert (await ledger.edge("XA")).size == 5


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["_take", "_append", "_add_positions", "_add_tiles", "place"])
async def test_a_leader_that_is_killed_in_any_step_leaves_a_whole_log(database, step, when):
    leaves = await fill(database.app, 600)
    assert await asyncio.to_thread(kill_in, database.app, step, when, 300) == -signal.SIGKILL
    async with reading(database) as ledger:
        assert await ledger.size("XA") == (300 if (step, when) == ("place", "after") else 0)
        await place_all(database)
        assert await ledger.size("XA") == 600
        placed = {
            bytes(entry)
            for tile in bundles_of(600)
            for entry in parse_bundle(await ledger.bundle("XA", tile), tile.width)
        }
        assert placed == set(leaves)
        assert (await ledger.edge("XA")).root() == await ledger.root("XA", 600)


@pytest.mark.parametrize(("when", "signed"), [("before", 0), ("after", 600)])
async def test_a_leader_that_is_killed_while_it_signs_leaves_a_whole_log(database, when, signed):
    await fill(database.app, 600)
    assert await asyncio.to_thread(kill_in, database.app, "add_checkpoint", when, 300) == -signal.SIGKILL
    async with reading(database) as ledger, opened(database) as writer:
        await lead(writer)
        newest = await writer.take_up("XA")
        assert (newest.size if newest else 0) == signed
        assert writer.size("XA") == 600
        assert writer.root("XA") == await ledger.root("XA", 600)


async def test_tiles_and_bundles_are_those_of_the_tree(database):
    leaves = await fill(database.app, 256 * 3 + 9)
    await place_all(database)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    async with reading(database) as ledger:
        for tile in tiles_of(len(leaves)):
            start, end = tile.index * 256, tile.index * 256 + tile.width
            wanted = (
                hashes[start:end]
                if tile.level == 0
                else [root_of(hashes[n * 256 : n * 256 + 256]) for n in range(start, end)]
            )
            assert await ledger.tile("XA", tile) == b"".join(wanted)
        assert await ledger.tile("XA", tile_of(0, 1, 300)) == b"".join(hashes[256:300])
        for bundle in bundles_of(len(leaves)):
            start = bundle.index * 256
            assert parse_bundle(await ledger.bundle("XA", bundle), bundle.width) == leaves[start : start + bundle.width]


async def test_proofs_hold(database):
    leaves = await fill(database.app, 777)
    await place_all(database)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    async with reading(database) as ledger:
        for seq, size in [(0, 1), (0, 777), (776, 777), (255, 256), (256, 600), (500, 513)]:
            assert await ledger.seq_of("XA", hashes[seq]) == seq
            proof = await ledger.inclusion("XA", seq, size)
            assert verify_inclusion(hashes[seq], seq, size, proof, root_of(hashes[:size]))
        for old, new in [(1, 777), (256, 777), (300, 512), (776, 777), (777, 777)]:
            proof = await ledger.consistency("XA", old, new)
            assert verify_consistency(old, new, proof, root_of(hashes[:old]), root_of(hashes[:new]))
        assert await ledger.seq_of("XA", bytes(32)) is None
        assert await ledger.seq_of("XB", hashes[0]) is None


async def test_checkpoints_are_kept_and_the_newest_is_given(database):
    async with opened(database) as writer, reading(database) as ledger:
        assert await ledger.newest("XA") is None
        heads = [SignedHead(size=size, root=bytes(32), note=b"%d" % size, created_at=AT) for size in (1, 3, 3)]
        for head in heads:
            await writer.add_checkpoint("XA", head)
        assert await ledger.newest("XA") == heads[2]
        assert await ledger.signed("XA", 1) == heads[0]
        assert await ledger.signed("XA", 2) is None


@pytest.mark.parametrize("size", [2, 9])
async def test_a_log_that_is_not_what_was_signed_is_not_taken_up(database, size):
    await fill(database.app, 4)
    await place_all(database)
    async with opened(database) as writer:
        await writer.add_checkpoint("XA", SignedHead(size=size, root=bytes(32), note=b"-", created_at=AT))
        with pytest.raises(LedgerDamaged, match="signed"):
            await writer.take_up("XA")
        await fill(database.app, 1, start=9)
        assert await writer.place(100) == 0


async def test_a_hole_is_damage_and_no_proof(database):
    await fill(database.app, 300)
    await place_all(database)
    async with as_role(database.superuser) as owner:
        await owner.execute("SET session_replication_role = replica")
        await owner.execute("DELETE FROM ledger_position WHERE seq IN (7, 280)")
        await owner.execute("DELETE FROM ledger_tile")
    async with reading(database) as ledger, opened(database) as writer:
        for question in (
            ledger.leaf_hash("XA", 7),
            ledger.bundle("XA", tile_of(-1, 0, 300)),
            ledger.tile("XA", tile_of(0, 0, 300)),
            ledger.tile("XA", tile_of(0, 1, 300)),
            ledger.tile("XA", tile_of(1, 0, 300)),
            ledger.inclusion("XA", 1, 300),
            writer.take_up("XA"),
        ):
            with pytest.raises(LedgerDamaged):
                await question


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_position", "ledger_tile", "ledger_checkpoint"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET hosted = 'XZ'", "TRUNCATE {} CASCADE"])
async def test_nobody_changes_what_is_written(database, table, change):
    await fill(database.app, 256)
    await place_all(database)
    async with opened(database) as writer:
        await writer.add_checkpoint("XA", SignedHead(size=256, root=bytes(32), note=b"-", created_at=AT))
    async with as_role(database.app) as application:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(change.format(table))
    async with as_role(database.owner) as owner:
        with pytest.raises(asyncpg.PostgresError, match="for ever"):
            await owner.execute(change.format(table))


async def test_the_application_cannot_put_anything_on_the_waiting_list_itself(database):
    async with as_role(database.app) as application:
        for change in (
            "INSERT INTO ledger_pending VALUES ('XA', gen_random_uuid(), now())",
            "UPDATE ledger_pending SET hosted = 'XB'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute(change)
