"""The journal on PostgreSQL: whole or not at all, once or not again, for ever, and by nobody else."""

import asyncio
import re
import sys
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

sys.path.append(str(Path(__file__).parent))

from both_stores import JOURNAL, NOW, an_id, message, opened_stores, refused, shared_stores
from core_values import ALL_GIVEN, XA, decision, document, exchange, leg

from gateway.core.exchange import Fact, FactName, State
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.release import Condition
from gateway.core.transmission import Delivered
from gateway.store.named_queries import load_queries

WRITTEN = ("exchange", "message", "document", "decision", "fact", "transmission", "notification", "ledger_entry")


@pytest.fixture(scope="module")
async def shared(pg):
    async with shared_stores(pg) as stores:
        yield stores


@pytest.fixture
async def stores(shared):
    yield shared
    await shared.wipe()


@pytest.fixture
async def owner(shared):
    connection = await asyncpg.connect(shared.database.owner.reveal())
    yield connection
    await connection.close()


async def counts(stores):
    return {table: await stores.pool.fetchval(f"SELECT count(*) FROM {table}") for table in WRITTEN}


@pytest.mark.parametrize("check", JOURNAL, ids=lambda check: check.__name__)
async def test_journal(check, stores):
    await check(stores)


@pytest.mark.parametrize(
    "table", ["message", "document", "decision", "fact", "transmission", "ledger_entry", "exchange"]
)
async def test_whatever_fails_nothing_is_written(stores, owner, table):
    """Wherever the append is when the database fails it."""
    await owner.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"
    )
    await owner.execute(f"CREATE TRIGGER failing BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION fail()")
    before = await counts(stores)
    changes = {
        "exchange": replace(exchange(), revision=0),
        "message": message(),
        "documents": (document(),),
        "decisions": ALL_GIVEN,
        "facts": (Fact(name=FactName.FETCHED, at=NOW),),
        "legs": ((an_id(), leg()),),
    }
    await refused(stores.append(**changes), Deferred, Reason.DATABASE_UNAVAILABLE)
    assert await counts(stores) == before
    await owner.execute("DROP FUNCTION fail CASCADE")
    assert (await stores.append(**changes)).fresh


async def test_twenty_at_once_with_one_message_id_have_one_effect(stores):
    async def send(number):
        of = replace(exchange(), exchange_id=an_id(), revision=0)
        row = message(receipt=f"<Receipt>{number}</Receipt>".encode())
        return await stores.append(exchange=of, message=row, legs=((an_id(), leg()),))

    answers = await asyncio.gather(*(send(number) for number in range(20)))
    assert [answer.fresh for answer in answers].count(True) == 1
    assert len({answer.receipt for answer in answers}) == 1
    written = await counts(stores)
    assert {written[table] for table in ("exchange", "message", "transmission", "ledger_entry")} == {1}


async def test_twenty_at_once_with_one_document_have_one_effect(stores):
    async def send(number):
        return await stores.append(
            exchange=replace(exchange(), exchange_id=an_id(), revision=0), message=message(f"m-{number}")
        )

    answers = await asyncio.gather(*(send(number) for number in range(20)), return_exceptions=True)
    refusals = [answer.reason for answer in answers if isinstance(answer, Refused)]
    assert refusals == [Reason.ALREADY_DEPOSITED] * 19
    assert (await counts(stores))["exchange"] == 1


async def test_of_those_who_read_the_same_revision_one_writes(stores):
    about, *_ = await stores.begin()
    read = await stores.head(about)

    async def send():
        return await stores.append(exchange=read, decisions=(decision(Condition.FEE),))

    answers = await asyncio.gather(*(send() for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, Overtaken) for answer in answers) == 9
    view = await stores.records.view(XA, about)
    assert (view.exchange.revision, len(view.decisions)) == (2, 1)


async def test_a_withdrawal_and_a_new_deposit_at_once_never_pass_each_other(stores):
    """Whoever is second sees the first: no new deposit beside a withdrawal that is still to be told."""
    for n in range(10):
        about, *_ = await stores.begin(exchange(state=State.PLACED))
        read = await stores.head(about)
        again = replace(exchange(), exchange_id=an_id(), revision=0)
        withdrawn, deposited = await asyncio.gather(
            stores.append(exchange=replace(read, state=State.WITHDRAWN), legs=((an_id(), leg()),)),
            stores.append(exchange=again, message=message(f"m-{n}")),
            return_exceptions=True,
        )
        assert withdrawn.fresh
        assert deposited.reason in (Reason.ALREADY_DEPOSITED, Reason.BEING_WITHDRAWN)
        await stores.settle(await stores.claim(), Delivered())


async def test_a_database_that_is_gone_is_waited_for(shared):
    async with opened_stores(shared.database) as stores:
        await stores.pool.close()
        await refused(stores.append(message=message()), Deferred, Reason.DATABASE_UNAVAILABLE)
        await refused(stores.claim(), Deferred, Reason.DATABASE_UNAVAILABLE)
        await refused(stores.head(an_id()), Deferred, Reason.DATABASE_UNAVAILABLE)


# --- for ever ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", ["UPDATE ledger_entry SET leaf = ''", "DELETE FROM ledger_entry", "TRUNCATE ledger_entry"]
)
async def test_ledger_entries_are_for_ever(stores, owner, change):
    await stores.begin()
    before = await stores.pool.fetchrow("SELECT * FROM ledger_entry")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stores.pool.execute(change)
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await owner.execute(change)
    assert refusal.value.sqlstate in ("PX009", "0A000")  # the second: other tables lean on it
    assert await stores.pool.fetchrow("SELECT * FROM ledger_entry") == before


async def test_a_second_leaf_under_one_id_is_not_written(stores):
    await stores.begin()
    row = await stores.pool.fetchrow("SELECT * FROM ledger_entry")
    with pytest.raises(asyncpg.UniqueViolationError):
        await stores.pool.execute("INSERT INTO ledger_entry VALUES ($1, $2, $3, $4, $5, $6, $7)", *row.values())


#: What the application needs of each table; `pouch_migration` and the sequences of identities are the owner's.
RIGHTS = {
    "assertion_seen": {"SELECT", "INSERT", "DELETE"},
    "counter": {"SELECT", "INSERT", "value"},
    "decision": {"SELECT", "INSERT"},
    "document": {"SELECT", "INSERT", "wrapped_key"},
    "exchange": {
        "SELECT",
        "INSERT",
        "filing_date",
        "state",
        "version",
        "revision",
        "on_hold",
        "publication",
        "terms",
        "access_code",
        "changed_at",
    },
    "fact": {"SELECT", "INSERT"},
    "ledger_entry": {"SELECT", "INSERT"},
    "message": {"SELECT", "INSERT"},
    "notification": {"SELECT", "INSERT", "confirmed_at"},
    "stop": {"SELECT", "INSERT", "DELETE"},
    "transmission": {
        "SELECT",
        "INSERT",
        "state",
        "due_at",
        "lease_until",
        "woken",
        "fence",
        "attempts",
        "progress",
        "reason",
        "ended_at",
    },
    "wrong_code": {"SELECT", "INSERT", "DELETE", "guesses", "last_at"},
}


async def test_the_application_can_do_what_it_needs_and_no_more(owner):
    of_tables = await owner.fetch(
        "SELECT table_name, privilege_type AS can FROM information_schema.role_table_grants WHERE grantee = 'pouch_app'"
    )
    of_columns = await owner.fetch(
        "SELECT table_name, column_name AS can FROM information_schema.role_column_grants"
        " WHERE grantee = 'pouch_app' AND privilege_type = 'UPDATE'"
    )
    rights = {}
    for row in (*of_tables, *of_columns):
        rights.setdefault(row["table_name"], set()).add(row["can"])
    assert {table: can for table, can in rights.items() if table in RIGHTS} == RIGHTS
    assert "UPDATE" not in {row["can"] for row in of_tables}, "columns are named"


async def test_what_was_received_is_not_rewritten_by_the_application(stores):
    await stores.begin(exchange(), message=message(), documents=(document(),))
    for change in (
        "UPDATE exchange SET number = 'another'",
        "UPDATE exchange SET hosted = 'XB'",
        "UPDATE document SET sha256 = ''",
        "UPDATE message SET receipt = ''",
        "UPDATE transmission SET counterpart = 'XX'",
        "DELETE FROM document",
        "DELETE FROM exchange",
        "TRUNCATE message",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TABLE fact",
        "SET ROLE pouch_owner",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stores.pool.execute(change)


async def test_every_statement_is_one_the_server_knows(stores):
    """By the server's own parser, whatever its version: 15 is the floor."""
    async with stores.pool.acquire() as connection:
        for name, statement in load_queries().items():
            prepared = await connection.prepare(statement)
            assert len(prepared.get_parameters()) == len(set(re.findall(r"\$\d+", statement))), name
