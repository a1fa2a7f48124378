"""Logging: one line per event, JSON on stderr (coloured for a person at a terminal), with the exchange it is about.

Rules:
- An event is a fixed sentence; what varies goes into values: `log.info("recorded", size=7)`. Values pass `redact`.
- The exchange and the transmission are bound once with `about()`, and every line below carries them.
- What libraries log arrives here too, from warnings upwards, as template without its values.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Final, cast

import msgspec
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import FilteringBoundLogger, Processor

from monitoring.redact import clean, describe_failure, redact

__all__ = ["LEVELS", "about", "configure", "logger", "open_log"]

#: The levels that may stand in the settings.
LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure(level: str = "info", *, human: bool | None = None) -> None:
    """Set up logging for this process. `human` None: a person if stderr is a terminal. KeyError for another level."""
    if human is None:
        human = sys.stderr.isatty()
    structlog.configure(
        processors=_processors(human=human),
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: structlog.BytesLogger(sys.stderr.buffer),
        cache_logger_on_first_use=False,  # so that a second call of this function counts
    )
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)


def logger(part: str) -> FilteringBoundLogger:
    """Give the log of a part of the product (`logger("worker")`). Safe settings hold even before `configure`."""
    if not structlog.is_configured():
        configure()
    return cast(FilteringBoundLogger, structlog.get_logger(part=part))


def open_log(stream: BinaryIO, *, level: str = "info", human: bool = False) -> FilteringBoundLogger:
    """Give a log of its own on a stream, with the same rules: for `pouch demo`, for a file, for tests."""
    return cast(
        FilteringBoundLogger,
        structlog.wrap_logger(
            structlog.BytesLogger(stream),
            processors=_processors(human=human),
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        ),
    )


def about(**words: str) -> AbstractContextManager[None]:
    """Bind words to every line of this task and the tasks it starts: `with about(exchange=..., transmission=...)`."""
    return cast("AbstractContextManager[None]", bound_contextvars(**words))


def _processors(*, human: bool) -> list[Processor]:
    return [
        merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _failure,
        redact,
        _Human() if human else _json,
    ]


def _failure(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Turn `exc_info` into the safe description of the exception; no frame's local variables are ever read."""
    failure = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if failure is True:
        failure = sys.exception()
    elif isinstance(failure, tuple):
        failure = failure[1]
    if isinstance(failure, BaseException):
        event["failure"] = describe_failure(failure)
    return event


def _json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> bytes:
    first = {"at": event.pop("at"), "level": event.pop("level"), "event": event.pop("event")}
    return msgspec.json.encode(first | dict(event))


class _Human:
    """Renders for a person at a terminal."""

    def __init__(self) -> None:
        self._renderer = structlog.dev.ConsoleRenderer(
            colors=True, timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, log: object, method: str, event: MutableMapping[str, Any]) -> bytes:
        return self._renderer(log, method, event).encode()


class _Bridge(logging.Handler):
    """Takes what libraries log. Their arguments may hold what the other side sent, so only the template is told, and
    of a template only its first line: asyncio writes the repr of tasks, with results, into the lines after it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        template = str(record.msg).partition("\n")[0]
        log = logger(f"library {clean(record.name, 60)}")
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        log.log(level, "library message", template=template, exc_info=record.exc_info)
