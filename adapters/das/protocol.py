"""The DAS protocol without I/O: what can be done, and the moves every errand is made of.

Rules:
- An errand is a generator. It yields Acts; whoever drives it (adapter.py, or a test) does them, sends back what came
  of them and throws in what failed; its return value is the outcome.
- A value in progress is short and never a secret: pre-signed URLs and access codes are asked for again.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeVar

from adapters.das import codec
from adapters.das.answers import accepted, is_gone
from adapters.das.config import Config
from gateway.core.document import Role
from gateway.core.errand import CargoDocument
from gateway.core.exchange import Fact, FactName
from gateway.core.instant import rfc3339
from gateway.core.secret import Secret
from gateway.core.transmission import Obtained, Pending
from gateway.ports import Answer, Clock
from gateway.wire.das import Body

__all__ = [
    "KEYS",
    "Act",
    "Authorise",
    "Call",
    "Commit",
    "Course",
    "Fetch",
    "Fetched",
    "Operation",
    "Steps",
    "Upload",
    "ask",
    "ask_if_there",
    "call",
    "fact",
    "forget_all",
    "tell",
    "wait",
]

_T = TypeVar("_T")
_B = TypeVar("_B", bound=Body)

#: All that this adapter commits to progress; other keys belong to the line.
KEYS: Final = (
    "acknowledgement",  # the counterpart's id of the request under way; the line finds us by it when notified
    "again",  # a write was sent a second time, since nobody knew what became of the first
    "before",  # availability date before a file of the own library was replaced
    "certificate",  # how often the certificate was tried
    "file",  # the counterpart's id of the uploaded file
    "intent",  # when the write was sent, or was about to be
    "past",  # digests of acknowledgements that are not, or no longer, this request's
    "status_address",  # where the counterpart said that the request's status is
    "uploaded",  # when the upload was done; `accepted` once the file was
)


class Operation(Enum):
    """The calls: method, and path by its key in the configuration. Their names are labels of the metrics."""

    UPLOAD_URL = ("POST", "upload-url")
    RENEW_UPLOAD_URL = ("PUT", "upload-url")
    FILE_STATUS = ("GET", "file-status")
    REGISTER = ("POST", "registrations")
    CHANGE = ("PUT", "registrations")
    WITHDRAW = ("DELETE", "registrations")
    REGISTRATION_STATUS = ("GET", "registration-status")
    CERTIFICATE = ("GET", "certificates")
    AVAILABILITY = ("GET", "availability")
    FIND = ("GET", "find")
    RETRIEVE = ("POST", "retrievals")
    RETRIEVALS = ("GET", "retrievals")
    NOTIFY = ("POST", "notifications")
    DOWNLOAD_URL = ("POST", "download-url")
    DELETE_FILE = ("DELETE", "delete-file")

    @property
    def method(self) -> str:
        """HTTP method."""
        return self.value[0]

    @property
    def path(self) -> str:
        """Key of the path in the configuration."""
        return self.value[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorise:
    """Have an access token at hand, so that its failure cannot be taken for the failure of a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Write to progress; None removes a key."""

    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call with a bearer token; brings an Answer. `url` is complete, but for `query`. Both may hold a code."""

    operation: Operation
    url: str
    query: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """PUT a document's bytes to a pre-signed URL, without a token; brings an Answer."""

    url: Secret
    document: CargoDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Bring a document's bytes into the gateway; brings Fetched. `query` goes with a token, its absence without one.

    `checksum` is the announced SHA-256 in hexadecimal; other bytes are Deferred(REMOTE_DIGEST) and not kept.
    """

    url: Secret
    query: Mapping[str, str] | None = field(repr=False)
    stem: str
    role: Role
    limit: int
    checksum: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of a Fetch: None if the answer was no success."""

    status: int
    obtained: Obtained | None


Act = Authorise | Commit | Call | Upload | Fetch
Steps = Generator[Act, Any, _T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where an errand goes along: the settings, what is committed (a view that follows commits), and the time."""

    config: Config
    known: Mapping[str, str]
    clock: Clock

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()


def call(
    course: Course,
    operation: Operation,
    *,
    query: Mapping[str, str] | None = None,
    body: Body | None = None,
    address: str | None = None,
) -> Steps[Answer]:
    """Make one call, whatever the answer; `address` instead of the configured one is complete."""
    config = course.config
    answer: Answer = yield Call(
        operation=operation,
        url=address or config.base_url + config.paths[operation.path],
        query=query,
        body=None if body is None else codec.write(body, config),
    )
    return answer


def ask(
    course: Course,
    operation: Operation,
    shape: type[_B],
    *,
    query: Mapping[str, str] | None = None,
    body: Body | None = None,
    address: str | None = None,
) -> Steps[_B]:
    """Make a call and read its answer; raises what any other answer stands for."""
    answer = yield from call(course, operation, query=query, body=body, address=address)
    return codec.read(accepted(answer, course.config, course.now).body, shape, course.config)


def ask_if_there(
    course: Course,
    operation: Operation,
    shape: type[_B],
    *,
    query: Mapping[str, str] | None = None,
    body: Body | None = None,
) -> Steps[_B | None]:
    """As `ask`; None if the counterpart has no such thing (any more)."""
    answer = yield from call(course, operation, query=query, body=body)
    if is_gone(answer, course.config):
        return None
    return codec.read(accepted(answer, course.config, course.now).body, shape, course.config)


def tell(course: Course, operation: Operation, body: Body) -> Steps[None]:
    """Make a call whose success has no body."""
    answer = yield from call(course, operation, body=body)
    accepted(answer, course.config, course.now, json=False)


def forget_all() -> Steps[None]:
    """Begin anew next time: what was committed led to nothing."""
    yield Commit(values=dict.fromkeys(KEYS))


def wait(course: Course, since: str | None) -> Pending:
    """Look again after a quarter of the age of what is waited for, within the configured bounds."""
    begun = datetime.fromisoformat(since) if since else course.now
    age = max(course.now - begun, timedelta())
    return Pending(delay=max(course.config.poll, min(age / 4, course.config.longest_poll)))


def fact(name: FactName, course: Course, value: str | None = None) -> Fact:
    """A fact known now."""
    return Fact(name=name, at=course.now, value=value)


def timestamp(course: Course) -> str:
    """The present moment, as it is committed."""
    return rfc3339(course.now)
