"""What may stand in a log line: takes secrets out, strips what would forge lines or colours, bounds lengths.

Rules:
- A secret is known by its type (a class called Secret), by its key, or by its look (a token, a key, a password in a
  URL). What is in doubt is not written.
- Of an exception only its type and its place in our code are told. Its text is told only for our own exceptions,
  whose texts are made of tables; a library's text may hold what the other side sent (zeep puts the whole reply there).
"""

import os
import re
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final

__all__ = ["clean", "describe_failure", "redact"]

#: What is written in place of a secret.
STARS: Final = "***"

_TEXT_LIMIT: Final = 300
_ITEM_LIMIT: Final = 20
_DEPTH_LIMIT: Final = 3
_FRAME_LIMIT: Final = 12
_CHAIN_LIMIT: Final = 5

_SECRET_KEYS: Final = frozenset({"code", "pin", "key", "jwt", "jws", "body", "payload", "headers", "dsn"})
_SECRET_KEY_PARTS: Final = re.compile(
    r"access_?code|authori[sz]ation|assertion|token|passw|passphrase|secret|private|credential|cookie", re.IGNORECASE
)
_SECRET_LOOK: Final = re.compile(r"eyJ[\w-]{8}|-----BEGIN|\b(?:bearer|basic) \S|://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
_OURS: Final = frozenset({"gateway", "adapters", "pki", "monitoring"})


def clean(text: str, limit: int = _TEXT_LIMIT) -> str:
    """Give a text that stays on its line: no control, colour or direction characters, and not longer than `limit`."""
    if len(text) > limit:
        text = text[:limit] + "…"
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: give the event with every value safe to write, as plain JSON values."""
    return {clean(key, 60): _safe(key, value, 0) for key, value in event.items()}


def _safe(key: str, value: Any, depth: int) -> Any:
    if type(value).__name__ == "Secret" or key in _SECRET_KEYS or _SECRET_KEY_PARTS.search(key):
        return STARS
    if isinstance(value, str):
        return STARS if _SECRET_LOOK.search(value) else clean(value)
    if isinstance(value, int) and value.bit_length() > 63:  # JSON readers lose such numbers
        return clean(str(value))
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    if depth == _DEPTH_LIMIT:
        return "…"
    if isinstance(value, Mapping):
        pairs = list(value.items())[:_ITEM_LIMIT]
        return {clean(str(name), 60): _safe(str(name), inner, depth + 1) for name, inner in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe("", inner, depth + 1) for inner in list(value)[:_ITEM_LIMIT]]
    if isinstance(value, BaseException):
        return describe_failure(value)
    # enums, dates, ids have a text of their own; the repr of anything larger would show fields that are secrets
    has_text = any("__str__" in vars(kind) for kind in type(value).__mro__[:-1])
    return _safe("", str(value), depth + 1) if has_text else type(value).__name__


def describe_failure(failure: BaseException) -> dict[str, Any]:
    """Give an exception as {"type", "text", "at", "from", "of"}: places innermost last, its cause, a group's members.

    "text" is there for our own exceptions, system errors and SQLSTATEs; "from" and "of" where there are such.
    """
    return _describe(failure, _CHAIN_LIMIT)


def _describe(failure: BaseException, chain: int) -> dict[str, Any]:
    kind = type(failure)
    told: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")}
    text = _told_text(failure)
    if text:
        told["text"] = clean(text)
    told["at"] = _places(failure.__traceback__)
    cause = failure.__cause__ or (None if failure.__suppress_context__ else failure.__context__)
    if chain and cause is not None:
        told["from"] = _describe(cause, chain - 1)
    if chain and isinstance(failure, BaseExceptionGroup):
        told["of"] = [_describe(member, chain - 1) for member in failure.exceptions[:_CHAIN_LIMIT]]
    return told


def _told_text(failure: BaseException) -> str:
    if type(failure).__module__.partition(".")[0] in _OURS:
        text = str(failure)
        return STARS if _SECRET_LOOK.search(text) else text
    if isinstance(failure, OSError) and failure.errno is not None:
        return os.strerror(failure.errno)
    state = getattr(failure, "sqlstate", None)  # PostgreSQL's five characters, never its detail, which quotes values
    return f"SQLSTATE {state}" if isinstance(state, str) and re.fullmatch(r"[0-9A-Z]{5}", state) else ""


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = "/".join(code.co_filename.replace("\\", "/").rsplit("/", 2)[-2:])
        places.append(f"{file}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-_FRAME_LIMIT:]
