"""What may stand in a log line: no secret by type, by key or by look, and nothing that forges a line."""

import traceback
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest

from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from monitoring.redact import STARS, clean, describe_failure, redact

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJYQSJ9.c2lnbmF0dXJl"


def written(**values: Any) -> Any:
    return redact(None, "info", {"event": "something happened", **values})


def raised(failure: BaseException) -> BaseException:
    try:
        raise failure
    except BaseException as caught:
        return caught


@dataclass(frozen=True)
class Registration:
    number: str
    access_code: str


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    "key",
    [
        "access_code",
        "accessCode",
        "expected_access_code",
        "authorization",
        "Authorisation",
        "client_assertion",
        "access_token",
        "password",
        "passphrase",
        "code",
        "private_key",
        "Set-Cookie",
        "credentials",
        "dsn",
        "client_secret",
    ],
)
def test_a_secret_is_known_by_its_key_at_any_depth(key: str) -> None:
    assert written(**{key: "QX7A"})[key] == STARS
    assert written(answer={"inner": [{key: "QX7A"}]})["answer"] == {"inner": [{key: STARS}]}


@pytest.mark.parametrize("key", ["reason", "exchange", "office", "operation", "decoded_bytes", "document"])
def test_ordinary_words_are_told(key: str) -> None:
    assert written(**{key: "XA"})[key] == "XA"


def test_a_secret_is_known_by_its_type() -> None:
    assert written(thing=Secret("QX7A"), things=[Secret("QX7A")]) == {
        "event": "something happened",
        "thing": STARS,
        "things": [STARS],
    }


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"refused {TOKEN}",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer abcdef",
        "basic dXNlcjpwYXNz",
        "postgresql://pouch:hunter2@db/pouch",
    ],
)
def test_a_secret_is_known_by_its_look(text: str) -> None:
    assert written(answer=text)["answer"] == STARS
    assert written(event=text)["event"] == STARS


def test_values_of_ours_are_not_taken_apart() -> None:
    assert written(registration=Registration("1", "QX7A"))["registration"] == "Registration"
    assert written(colour=Colour.RED, reason=Reason.NOT_XML) == {
        "event": "something happened",
        "colour": "Colour.RED",
        "reason": "3001 NOT_XML",
    }


def test_bytes_are_only_counted() -> None:
    assert written(part=b"%PDF-1.7")["part"] == "8 bytes"


@pytest.mark.parametrize("letter", ["\r", "\n", "\x1b", "\x00", "\u2028", "\u202e", "\x85", "\x9b"])
def test_nothing_forges_a_line_a_colour_or_a_direction(letter: str) -> None:
    line = written(name=f"a{letter}b", **{f"k{letter}": 1})
    assert letter not in repr(line.keys()) and line["name"] == "a\N{REPLACEMENT CHARACTER}b"


def test_letters_of_every_script_pass() -> None:
    assert clean("Приоритет 優先権 أولوية é") == "Приоритет 優先権 أولوية é"


def test_lengths_counts_and_depths_are_bounded() -> None:
    deep: Any = "bottom"
    for _ in range(9):
        deep = [deep]
    line = written(text="x" * 5000, many=list(range(5000)), deep=deep, mapping=dict.fromkeys(map(str, range(500)), 1))
    assert len(line["text"]) == 301
    assert len(line["many"]) == 20 and len(line["mapping"]) == 20
    assert line["deep"] == [[["…"]]]


def test_our_own_refusal_is_told_with_reason_and_place() -> None:
    told = describe_failure(raised(Refused(Reason.DOCUMENT_DIGEST, "/d:Deposit/d:Document[2]")))
    assert told["type"] == "gateway.core.reason.Refused"
    assert told["text"] == "3013 DOCUMENT_DIGEST at /d:Deposit/d:Document[2]"
    assert told["at"][-1].endswith("raised") and "test_redact.py:" in told["at"][-1]


def test_a_librarys_text_is_not_told_and_no_local_variable_is() -> None:
    def fail() -> None:
        expected = "QX7A"
        raise ValueError(f"expected access code {expected}")

    try:
        fail()
    except ValueError as failure:
        assert "QX7A" in "".join(traceback.format_exception(failure))  # what an ordinary log would have written
        told = describe_failure(failure)
    assert "QX7A" not in repr(told)
    assert told["type"] == "ValueError"


def test_causes_and_groups_are_told_alike() -> None:
    try:
        try:
            raise KeyError("QX7A")
        except KeyError as cause:
            raise ExceptionGroup("QX7A", [OSError(28, "QX7A"), ValueError("QX7A")]) from cause
    except ExceptionGroup as group:
        told = describe_failure(group)
    assert "QX7A" not in repr(told)
    assert told["from"]["type"] == "KeyError"
    assert [member["type"] for member in told["of"]] == ["OSError", "ValueError"]
    assert told["of"][0]["text"] == "No space left on device"


def test_of_a_database_error_only_the_state_is_told() -> None:
    failure = Exception("duplicate key value violates unique constraint: (QX7A)")
    failure.sqlstate = "23505"  # type: ignore[attr-defined]
    assert describe_failure(failure)["text"] == "SQLSTATE 23505"
    failure.sqlstate = "QX7A'; --"  # type: ignore[attr-defined]
    assert "text" not in describe_failure(failure)


def test_an_endless_chain_is_cut() -> None:
    failure: Exception = ValueError()
    for _ in range(50):
        outer = ValueError()
        outer.__cause__ = failure
        failure = outer
    assert repr(describe_failure(failure)).count("'type'") == 6
