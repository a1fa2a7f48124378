"""A Secret does not get out by any of the ways in which values get out by accident."""

import copy
import io
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass, replace

import msgspec
import pytest
import rich.console
import rich.pretty
from core_values import retrieval

from gateway.core.secret import Secret

CODE = "q7Zk"
SECRET = Secret(CODE)


@dataclass(frozen=True)
class Holder:
    name: str
    code: Secret


def raised_with_locals():
    def fails(code):
        raise ValueError(f"no good: {code}")

    try:
        fails(SECRET)
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def logged():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "%s %r", (SECRET, Holder("a", SECRET)), None)
    handler.emit(record)
    return stream.getvalue()


def printed_richly():
    console = rich.console.Console(file=io.StringIO(), width=200)
    console.print(rich.pretty.Pretty({"a": [Holder("a", SECRET)]}))
    return console.file.getvalue()


@pytest.mark.parametrize(
    "shown",
    [
        lambda: str(SECRET),
        lambda: repr(SECRET),
        lambda: f"{SECRET}",
        lambda: f"{SECRET!r:>20}",
        lambda: f"{SECRET:>20}",
        lambda: "%s %r" % (SECRET, SECRET),  # noqa: UP031 - this way of formatting, too
        lambda: f"{SECRET}",
        lambda: repr([SECRET, {"code": SECRET}]),
        lambda: repr(Holder("a", SECRET)),
        lambda: repr(retrieval(access_code=SECRET)),
        lambda: json.dumps({"code": SECRET}, default=str),
        raised_with_locals,
        logged,
        printed_richly,
    ],
)
def test_nothing_shows_it(shown):
    text = shown()
    assert CODE not in text
    assert "***" in text


@pytest.mark.parametrize(
    "write",
    [
        lambda: json.dumps(SECRET),
        lambda: msgspec.json.encode(SECRET),
        lambda: msgspec.json.encode(Holder("a", SECRET)),
        lambda: msgspec.to_builtins(retrieval(access_code=SECRET)),
        lambda: pickle.dumps(SECRET),
        lambda: pickle.dumps(Holder("a", SECRET), protocol=0),
        lambda: copy.deepcopy(SECRET),
        lambda: asdict(Holder("a", SECRET)),
        lambda: hash(SECRET),
        lambda: {SECRET: 1},
        lambda: vars(SECRET),
        lambda: "code: " + SECRET,
        lambda: "".join([SECRET]),
        lambda: bytes(SECRET),
        lambda: int(SECRET),
        lambda: sorted([SECRET, Secret("b")]),
        lambda: list(SECRET),
    ],
)
def test_nothing_writes_it_and_no_error_says_it(write):
    with pytest.raises(TypeError) as failed:
        write()
    assert CODE not in "".join(traceback.format_exception(failed.value))


def test_one_call_reveals_it():
    assert SECRET.reveal() == CODE


@pytest.mark.parametrize(
    ("other", "same"), [("q7Zk", True), ("q7zk", False), ("q7Z", False), ("", False), ("ü", False)]
)
def test_secrets_are_compared_by_their_value(other, same):
    assert SECRET.matches(Secret(other)) is same
    assert (Secret(other) == SECRET) is same


def test_a_secret_is_not_its_text():
    assert SECRET != CODE
    assert Secret("") != ""


def test_values_that_hold_one_are_compared_and_changed_as_others_are():
    assert Holder("a", SECRET) == Holder("a", Secret(CODE))
    assert replace(Holder("a", SECRET), name="b").code is SECRET
