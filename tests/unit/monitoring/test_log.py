"""The log: one JSON line per event, the exchange on every line, no secret on any."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway.core.secret import Secret
from monitoring.log import LEVELS, about, configure, logger, open_log

Captured = pytest.CaptureFixture[bytes]


@pytest.fixture(autouse=True)
def process_logging() -> Iterator[None]:
    """Put the process's own logging back after each test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def heard(capsysbinary: Captured) -> list[Any]:
    return lines(io.BytesIO(capsysbinary.readouterr().err))


def lines(stream: io.BytesIO) -> list[Any]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_time_level_and_values() -> None:
    stream = io.BytesIO()
    open_log(stream).info("recorded", size=7, name="a\nb")
    [line] = lines(stream)
    assert stream.getvalue().count(b"\n") == 1
    assert list(line)[:3] == ["at", "level", "event"]
    assert (line["level"], line["event"], line["size"], line["name"]) == (
        "info",
        "recorded",
        7,
        "a\N{REPLACEMENT CHARACTER}b",
    )
    assert line["at"].endswith("Z")


def test_below_the_level_nothing_is_written() -> None:
    stream = io.BytesIO()
    log = open_log(stream, level="warning")
    log.info("recorded")
    log.warning("disk nearly full")
    assert [line["event"] for line in lines(stream)] == ["disk nearly full"]


async def test_every_line_of_a_task_carries_its_exchange_and_no_other() -> None:
    stream = io.BytesIO()
    log = open_log(stream)

    async def deep() -> None:
        await asyncio.sleep(0)
        log.info("recorded")

    async def one(exchange: str) -> None:
        with about(exchange=exchange):
            await deep()

    await asyncio.gather(one("e-1"), one("e-2"))
    log.info("idle")
    assert sorted(line.get("exchange", "") for line in lines(stream)) == ["", "e-1", "e-2"]


def test_a_secret_never_appears_not_even_in_a_traceback() -> None:
    stream = io.BytesIO()
    log = open_log(stream)
    access_code = Secret("QX7A")
    bare = access_code.reveal()
    try:
        try:
            raise ValueError(f"expected {bare}")
        except ValueError as failure:
            raise RuntimeError(bare) from failure
    except RuntimeError as failure:
        log.exception("it failed", access_code=bare, given=access_code)
        log.error("again", exc_info=failure)
        log.error("and again", exc_info=(type(failure), failure, failure.__traceback__), stack_info=True)
        log.error("as a value", failure=failure)
    assert b"QX7A" not in stream.getvalue()
    assert [line["failure"]["type"] for line in lines(stream)] == ["RuntimeError"] * 4
    assert lines(stream)[0]["failure"]["from"]["type"] == "ValueError"


@pytest.mark.parametrize("human", [False, True])
def test_both_forms_keep_secrets_and_stay_on_their_line(human: bool) -> None:
    stream = io.BytesIO()
    try:
        raise ValueError("QX7A")
    except ValueError:
        open_log(stream, human=human).exception("it failed", token="QX7A", name="a\x1b[31m\nFAKE")
    assert b"it failed" in stream.getvalue() and b"ValueError" in stream.getvalue()
    assert b"QX7A" not in stream.getvalue()
    assert stream.getvalue().count(b"\n") == 1
    assert b"a\x1b[31m" not in stream.getvalue()


def test_configured_logging_writes_to_standard_error(capsysbinary: Captured) -> None:
    configure("info", human=False)
    logger("worker").info("claimed", counterpart="IB")
    logger("worker").debug("looked")
    [line] = heard(capsysbinary)
    assert (line["event"], line["part"], line["counterpart"]) == ("claimed", "worker", "IB")


def test_without_configuration_the_safe_form_holds(capsysbinary: Captured) -> None:
    logger("worker").warning("odd", password="QX7A")
    assert heard(capsysbinary)[0]["password"] == "***"


def test_the_level_can_be_changed_later(capsysbinary: Captured) -> None:
    configure("error", human=False)
    log = logger("worker")
    log.info("unheard")
    configure("debug", human=False)
    log.debug("heard")
    assert [line["event"] for line in heard(capsysbinary)] == ["heard"]


def test_an_unknown_level_is_refused() -> None:
    assert "verbose" not in LEVELS
    with pytest.raises(KeyError):
        open_log(io.BytesIO(), level="verbose")


def test_a_librarys_message_is_told_without_its_values(capsysbinary: Captured) -> None:
    configure("info", human=False)
    library = logging.getLogger("zeep.transports")
    library.warning("server answered %s", "<accessCode>QX7A</accessCode>")
    library.debug("body %s", "QX7A")
    library.error("Task failed\nfuture: <Task exception=ValueError('QX7A')>", exc_info=ValueError("QX7A"))
    library.log(35, "between the levels")
    written = capsysbinary.readouterr().err
    told = lines(io.BytesIO(written))
    assert [line["template"] for line in told] == ["server answered %s", "Task failed", "between the levels"]
    assert told[1]["failure"]["type"] == "ValueError"
    assert b"QX7A" not in written
