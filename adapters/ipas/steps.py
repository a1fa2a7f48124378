"""The steps of a hand-over as values: the protocol yields them, somebody who can do I/O does them and sends the answer.

Rules:
- A refusal by IPAS is thrown into the protocol as codes.Faulted: nothing was done, and the protocol may go on.
- If the line fails, the protocol is closed and never resumed: it begins again from what was committed.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from adapters.ipas.codes import Faulted, Meaning
from adapters.ipas.content import Content
from adapters.ipas.operations import Operation

__all__ = [
    "Call",
    "Commit",
    "NextNumber",
    "ReadBack",
    "Step",
    "Steps",
    "WriteFile",
    "call",
    "look_up",
    "perform",
    "read_back",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Call an operation; answered by its plain value."""

    operation: Operation
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Write down what is about to happen or has happened, durably; None takes a value back. Answered by nothing."""

    values: dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextNumber:
    """Take the next number of a range; answered by an int."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """Write the document of this place in the cargo to a path on the server; answered by a bool."""

    place: int
    path: str
    suffix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """Read a file of the server; answered by a Content, or None if the answer held none."""

    path: str


Step = Call | Commit | NextNumber | WriteFile | ReadBack
Steps = Generator[Step, Any, T]


def call(operation: Operation, **arguments: Any) -> Steps[Any]:
    """Call an operation and give its answer."""
    answer = yield Call(operation=operation, arguments=arguments)
    return answer


def perform(operation: Operation, **arguments: Any) -> Steps[None]:
    """Call an operation that answers whether it did what was asked; Faulted(UNKNOWN) if it says no without a reason."""
    if (yield from call(operation, **arguments)) is not True:
        raise Faulted(operation, Meaning.UNKNOWN)


def look_up(operation: Operation, **arguments: Any) -> Steps[Any]:
    """Call an operation that reads something; None if there is none, which IPAS says by no value or by a fault."""
    return (yield from _or_none(Call(operation=operation, arguments=arguments)))


def read_back(path: str) -> Steps[Content | None]:
    """Read a file of the server; None if there is none."""
    found: Content | None = yield from _or_none(ReadBack(path=path))
    return found


def _or_none(step: Call | ReadBack) -> Steps[Any]:
    try:
        found = yield step
    except Faulted as fault:
        if fault.meaning is not Meaning.ABSENT:
            raise
        return None
    return found
