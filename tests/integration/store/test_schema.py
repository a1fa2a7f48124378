"""All migrations together give schema.sql: same tables, rules, functions and rights, read from the catalogues."""

from pathlib import Path

import asyncpg
import pytest

import gateway.store

SCHEMA = Path(gateway.store.__path__[0], "schema.sql").read_text("utf-8")

#: Each gives one line per thing, in PostgreSQL's own words.
CATALOGUES = {
    "columns": """
        SELECT format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                      pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'i'""",
    "rights": """
        SELECT format('%s %s %s', relname, relkind, relacl::text) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'""",
    "constraints": """
        SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "functions": """
        SELECT format('%s %s', pg_get_functiondef(oid), proacl::text) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')""",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "types": "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')",
    "sequences": "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'",
}


async def describe(dsn):
    connection = await asyncpg.connect(dsn.reveal())
    try:
        return {
            what: {row[0] for row in await connection.fetch(sql) if "pouch_migration" not in row[0]}
            for what, sql in CATALOGUES.items()
        }
    finally:
        await connection.close()


async def test_migrations_give_the_schema(database, empty_database):
    connection = await asyncpg.connect(empty_database.owner.reveal())
    try:
        await connection.execute(SCHEMA)
    finally:
        await connection.close()
    assert await describe(database.owner) == await describe(empty_database.owner)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE exchange ADD COLUMN more text",
        "ALTER TABLE exchange ALTER COLUMN kind SET DEFAULT 'x'",
        "GRANT DELETE ON exchange TO pouch_app",
        "CREATE INDEX more ON exchange (kind)",
        "ALTER TABLE exchange ADD CHECK (kind <> '')",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_any_difference_would_be_seen(database, change):
    before = await describe(database.owner)
    connection = await asyncpg.connect(database.owner.reveal())
    try:
        await connection.execute(change)
    finally:
        await connection.close()
    assert await describe(database.owner) != before
