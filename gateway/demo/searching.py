"""Searching: whether an access code stands anywhere in clear, in a log or in a gateway's database.

Rules: a code counts where it stands by itself, not inside a longer word: base64 and digests hold every few letters
somewhere. What is found is told by its place, never by what stands there.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gateway.demo.ground import Ground, OfficeGround
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.pool import connect

__all__ = ["pattern_of", "places_of"]

_TABLES: Final = """
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


async def places_of(codes: Sequence[str], ground: Ground, logs: Sequence[Path]) -> tuple[list[str], str]:
    """Give the logs and tables that hold one of the codes, and what was searched, in words."""
    pattern = pattern_of(codes)
    found = [str(log) for log in logs if pattern.search(log.read_text(errors="replace"))]
    rows = 0
    for office in (ground.xa, ground.xb):
        places, count = await _search_database(office, pattern)
        found += places
        rows += count
    return found, f"{len(logs)} logs and {rows} rows of two databases"


def pattern_of(codes: Iterable[str]) -> re.Pattern[str]:
    """A code as text, or as bytes in the hexadecimal that PostgreSQL shows bytes in."""
    as_text = "|".join(re.escape(code) for code in codes)
    as_bytes = "|".join(code.encode().hex() for code in codes)
    word = "(?:3[0-9]|[46][1-9a-f]|[57][0-9a])"  # a letter or digit before or after, in hexadecimal
    return re.compile(rf"(?<![A-Za-z0-9])(?:{as_text})(?![A-Za-z0-9])|(?<!{word})(?:{as_bytes})(?!{word})")


async def _search_database(office: OfficeGround, pattern: re.Pattern[str]) -> tuple[list[str], int]:
    found, rows = [], 0
    async with EmbeddedPostgres(office.founding.folder / "storage" / "postgres") as dsns:
        connection = await connect(dsns.superuser, application="pouch demo")
        try:
            for (table,) in await connection.fetch(_TABLES):
                for (row,) in await connection.fetch(f"SELECT t::text FROM {table} t"):  # noqa: S608 - quoted above
                    rows += 1
                    if pattern.search(row):
                        found.append(f"{office.code}: {table}")
        finally:
            await connection.close()
    return found, rows
