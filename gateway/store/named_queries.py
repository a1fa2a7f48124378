"""Named queries: splits queries.sql into its statements, so that Python holds no SQL.

A statement begins with a line `-- name: find_exchange`, goes on with comment lines if it has any, and ends where the
next one begins. What stands before the first name is the file's own comment.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

__all__ = ["QUERIES", "load_queries", "split_queries"]

#: The statements of the gateway.
QUERIES: Final = Path(__file__).with_name("queries.sql")

_HEAD: Final = re.compile(r"^-- name:(.*)$", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z]+(_[a-z0-9]+)*")


def load_queries(path: Path = QUERIES) -> Mapping[str, str]:
    """Read the statements of a file by name. Raises ValueError naming what is wrong."""
    return split_queries(path.read_text("utf-8"))


def split_queries(text: str) -> Mapping[str, str]:
    """Split a text into statements by name; each keeps its name as a comment, for the server's own logs and views.

    Raises ValueError for SQL before the first name, a malformed name, a name that comes twice and an empty statement.
    """
    head, *pieces = _HEAD.split(text)
    if _without_comments(head):
        raise ValueError("there is SQL before the first '-- name:'")
    statements: dict[str, str] = {}
    for name, body in zip(map(str.strip, pieces[::2]), pieces[1::2], strict=True):
        statement = _without_comments(body).removesuffix(";")
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name in lower_case words")
        if name in statements:
            raise ValueError(f"two statements are named {name}")
        if not statement:
            raise ValueError(f"{name} has no statement")
        statements[name] = f"/* {name} */ {statement}"
    return MappingProxyType(statements)


def _without_comments(sql: str) -> str:
    """Drop whole comment lines; a comment at the end of a line stays, since `--` may stand within a text."""
    return "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--")).strip()
