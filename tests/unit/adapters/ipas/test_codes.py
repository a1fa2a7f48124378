"""A fault's free text becomes a meaning by the table; what no row knows is for a person, and no text is shown."""

import re

import pytest

from adapters.ipas.codes import BUILT_IN, REASONS, Faulted, Meaning, Row, classify
from adapters.ipas.operations import Operation
from gateway.core.reason import Reason, Retry


@pytest.mark.parametrize(
    ("operation", "text", "meaning"),
    [
        (Operation.USERDOC_READ, "The document does not exist", Meaning.ABSENT),
        (Operation.DOCUMENT_READ, "File /srv/x.pdf not found", Meaning.ABSENT),
        (Operation.FILE_READ, "El expediente no existe", Meaning.ABSENT),
        (Operation.USERDOC_RECEIVE, "The document 3/E/2026/456 already exists", Meaning.TAKEN),
        (Operation.USERDOC_RECEIVE, "Violation of UNIQUE KEY constraint 'PK_USERDOC'", Meaning.TAKEN),
        (Operation.USERDOC_CHECK, "El documento ya existe", Meaning.TAKEN),
        (Operation.USERDOC_RECEIVE, "The daily log of 2026-01-02 is not open", Meaning.LOG_NOT_OPEN),
        (Operation.USERDOC_RECEIVE, "The file XX/P/2026/999 does not exist", Meaning.FILE_UNKNOWN),
        (Operation.USERDOC_RECEIVE, "The userdoc type does not exist", Meaning.UNKNOWN),
        (Operation.LOG_OPEN, "The daily log is already open", Meaning.LOG_OPEN),
        (Operation.LOG_OPEN, "The daily log is closed; undo its closing first", Meaning.LOG_CLOSED),
        (Operation.LOG_UNDO_CLOSE, "The daily log is not closed", Meaning.LOG_OPEN),
        (Operation.LOG_CLOSE, "The daily log is not open", Meaning.LOG_NOT_OPEN),
        (Operation.FILE_READ, "Transaction was deadlocked; it was chosen as deadlock victim", Meaning.BUSY),
        (Operation.LOG_READ, "User not authorized", Meaning.UNAUTHORISED),
        (Operation.FILE_READ, "java.lang.NullPointerException", Meaning.UNKNOWN),
        (Operation.FILE_READ, "", Meaning.UNKNOWN),
    ],
)
def test_common_wordings_are_recognised_per_operation(operation, text, meaning):
    assert classify(operation, text) is meaning


def test_an_offices_own_row_is_asked_first_and_only_for_its_operations():
    own = Row(
        operations=frozenset({Operation.FILE_READ}),
        pattern=re.compile("does not exist", re.IGNORECASE),
        meaning=Meaning.REFUSED,
    )
    assert classify(Operation.FILE_READ, "The file DOES NOT EXIST", [own]) is Meaning.REFUSED
    assert classify(Operation.USERDOC_READ, "The document does not exist", [own]) is Meaning.ABSENT


def test_every_meaning_ends_in_a_reason_and_the_unknown_waits_for_a_person():
    assert REASONS.keys() == set(Meaning)
    assert REASONS[Meaning.UNKNOWN] is Reason.REMOTE_UNKNOWN_ERROR
    assert REASONS[Meaning.UNKNOWN].retry is Retry.PERSON
    assert REASONS[Meaning.FILE_UNKNOWN] is Reason.LOCAL_FILE_UNKNOWN


def test_a_fault_names_operation_and_meaning_and_nothing_remote():
    fault = Faulted(Operation.FILE_READ, classify(Operation.FILE_READ, "password is hunter2"))
    assert str(fault) == "FileRead: unknown"


def test_the_built_in_patterns_do_not_take_long_over_hostile_text():
    text = "log " * 500 + "file " * 500
    assert all(row.pattern.search(text) is None for row in BUILT_IN)
