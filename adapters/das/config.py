"""The DAS adapter's settings, and the one table of what WIPO DAS is believed to look like.

Rules:
- Every path, name, spelling and number that DAS could answer differently stands in CHOICES with its evidence: "seen"
  (das.md names where) or "inferred" (our guess). The operator overrides any row in the tables of the same names.
- Settings are strict: an unknown key is refused by its dotted path, and no message repeats a value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from gateway.core.office import BUREAU, Right
from gateway.core.reason import Reason
from gateway.wire.das import KINDS, NUMBERS

__all__ = ["CHOICES", "Choice", "Config", "Evidence", "read_config"]


class Evidence(Enum):
    """How we know."""

    SEEN = "seen"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Choice:
    """One row: the dotted key by which settings override it, what is done without them, and how we know."""

    key: str
    value: str
    evidence: Evidence
    source: str


_S, _I = Evidence.SEEN, Evidence.INFERRED

#: All that is believed about DAS; sources are paragraphs and rows of das.md.
CHOICES: Final[tuple[Choice, ...]] = (
    Choice("token_path", "/am/oauth2/access_token", _S, "1.1; that it lies at the API's own host is inferred"),
    Choice("token_scope", "das-api/office-exchange", _S, "1.2"),
    # paths, below the base URL
    Choice("paths.upload-url", "/requests/files/url-uploads", _S, "1.3 rows 1, 2"),
    Choice("paths.file-status", "/requests/files", _S, "1.3 row 4; the migration page writes row 4b"),
    Choice("paths.registrations", "/requests/registrations", _S, "1.3 rows 5 to 7"),
    Choice("paths.registration-status", "/requests/registrations", _I, "1.3 row 8; a Location is preferred to it"),
    Choice("paths.certificates", "/requests/registrations/certificates", _S, "1.3 row 9"),
    Choice("paths.availability", "/documents/registrations/statuses", _S, "1.3 row 10"),
    Choice("paths.find", "/documents/registrations", _I, "1.3 row 11"),
    Choice("paths.retrievals", "/requests/retrievals", _S, "1.3 rows 12, 13"),
    Choice("paths.notifications", "/requests/notifications", _S, "1.3 row 14"),
    Choice("paths.download-url", "/requests/files/url-downloads", _S, "1.3 row 15; some pages without files"),
    Choice("paths.delete-file", "/requests/files", _S, "1.3 row 17"),
    # names of members and parameters
    Choice("names.fileReference", "fileReference", _S, "1.3 row 1"),
    Choice("names.fileFormatCategory", "fileFormatCategory", _S, "1.3 row 1"),
    Choice("names.fileChecksum", "fileChecksum", _S, "1.3 row 1; in answers inferred"),
    Choice("names.fileId", "fileId", _S, "1.3 row 1"),
    Choice("names.fileUploadUrl", "fileUploadUrl", _S, "1.3 row 1"),
    Choice("names.fileSizeQuantity", "fileSizeQuantity", _S, "1.3 row 4"),
    Choice("names.fileStatusCategory", "fileStatusCategory", _S, "1.3 row 4"),
    Choice("names.operationCategory", "operationCategory", _S, "1.4"),
    Choice("names.documentKindCategory", "documentKindCategory", _S, "1.4"),
    Choice("names.documentNumber", "documentNumber", _S, "1.4"),
    Choice("names.documentDate", "documentDate", _S, "1.4"),
    Choice("names.newDocumentDate", "newDocumentDate", _I, "1.3 row 6"),
    Choice("names.dasAccessCode", "dasAccessCode", _S, "1.4"),
    Choice("names.applicationCategory", "applicationCategory", _S, "1.4"),
    Choice("names.applicationNumber", "applicationNumber", _S, "1.4"),
    Choice("names.applicationFilingDate", "applicationFilingDate", _S, "1.4"),
    Choice("names.email", "email", _S, "1.4"),
    Choice("names.requestAckId", "requestAckId", _S, "1.4; as a parameter inferred"),
    Choice("names.osfAckId", "osfAckId", _S, "1.4"),
    Choice("names.requestStatusCategory", "requestStatusCategory", _S, "1.4"),
    Choice("names.errorCode", "errorCode", _S, "1.4"),
    Choice("names.statusMessage", "statusMessage", _S, "1.4; as a withdrawal's cause inferred"),
    Choice("names.documentAvailabilityDate", "documentAvailabilityDate", _S, "1.4"),
    Choice("names.documentRegistrationBag", "documentRegistrationBag", _I, "1.3 row 11"),
    Choice(
        "names.documentRetrievalResponseBag", "documentRetrievalResponseBag", _S, "1.3 row 13; letter case inferred"
    ),
    Choice("names.holdingOfficeCode", "holdingOfficeCode", _I, "1.3 row 12; 2.1 GET-DOCUMENT"),
    Choice("names.fileDownloadUrl", "fileDownloadUrl", _S, "1.3 row 15"),
    # spellings
    Choice("kinds.patent", KINDS[Right.PATENT], _S, "1.4"),
    Choice("kinds.design", KINDS[Right.DESIGN], _S, "1.4"),
    Choice("kinds.utility-model", KINDS[Right.UTILITY_MODEL], _I, "1.4"),
    Choice("kinds.trademark", KINDS[Right.TRADEMARK], _I, "1.4"),
    Choice("application_category", "priority document", _S, "1.4; only beside an application's number is inferred"),
    Choice("applicant_email", "optional", _I, "1.4: null where the office gives the code; else required, it seems"),
    # numbers of errors
    *(Choice(f"codes.{number}", reason.name, _S, "1.6") for number, reason in NUMBERS.items()),
    Choice("codes.-20", Reason.ALREADY_REGISTERED.name, _I, "1.6: the range is not visible"),
    # what the Bureau may say of the office that holds the document (4.2); the sandbox's own numbers
    *(
        Choice(f"codes.{n}", Reason.HOLDER_CANNOT_GIVE.name, _I, "1.6: the range is not visible")
        for n in (-30, -31, -32)
    ),
)

_Seconds = Annotated[float, msgspec.Meta(gt=0, le=31_536_000)]
_Table = dict[str, str]


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the operator's file."""

    base_url: str
    counterpart: str = BUREAU  # label of the metrics
    token_path: str | None = None
    token_scope: str | None = None
    application_category: str | None = None
    applicant_email: Literal["required", "optional"] | None = None  # where the Bureau issues the access code
    paths: _Table = {}
    names: _Table = {}
    kinds: _Table = {}
    codes: _Table = {}
    number: Literal["normal", "received"] = "normal"  # which form of an application's number is sent
    poll_seconds: _Seconds = 5.0  # the sample client's pace (das.md 1.5); slower with the age of what is asked about
    longest_poll_seconds: _Seconds = 300.0
    recheck_seconds: _Seconds = 86_400.0
    settle_seconds: _Seconds = 900.0  # how long an unanswered write may still show: "about 15 min" (das.md 4.3)
    certificate: bool = True  # fetch the registration certificate where the office knows the access code
    certificate_tries: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    check_before_retrieval: bool = False  # ask by call 10 first; the code then stands in a URL, as DAS wants it
    delete_after_download: bool = False
    replace_in_library: Literal["put", "nothing"] = "put"  # how a new file of the own library is told (inferred)
    document_limit: Annotated[int, msgspec.Meta(ge=1)] = 1 << 30  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings over the table. `names` holds only what is spelled otherwise, by our name."""

    base_url: str
    origin: str
    counterpart: str
    token_url: str
    token_scope: str
    application_category: str
    email_required: bool
    paths: Mapping[str, str]
    names: Mapping[str, str]
    kinds: Mapping[Right, str]
    codes: Mapping[int, Reason]
    number: str
    poll: timedelta
    longest_poll: timedelta
    recheck: timedelta
    settle: timedelta
    certificate: bool
    certificate_tries: int
    check_before_retrieval: bool
    delete_after_download: bool
    replace_in_library: str
    document_limit: int


def read_config(settings: Mapping[str, Any]) -> Config:
    """Read the operator's settings; ValueError names the dotted path of the first key that cannot be used."""
    try:
        read = msgspec.convert(dict(settings), _Settings)
    except msgspec.ValidationError as error:
        raise ValueError(_without_values(str(error))) from None
    origin = _origin(read.base_url)
    paths = _overlay("paths", read.paths, r"/[!-~]*")
    names = _overlay("names", read.names, r"[A-Za-z_][A-Za-z0-9_.-]*")
    kinds = _overlay("kinds", read.kinds, r"[ -~]{1,40}")
    codes = _overlay("codes", read.codes, r"[A-Z_]+", open_keys=r"-[1-9]\d{0,3}")
    return Config(
        base_url=read.base_url.rstrip("/"),
        origin=origin,
        counterpart=read.counterpart,
        token_url=origin + (read.token_path or _default("token_path")),
        token_scope=read.token_scope or _default("token_scope"),
        application_category=read.application_category or _default("application_category"),
        email_required=(read.applicant_email or _default("applicant_email")) == "required",
        paths=paths,
        names={ours: theirs for ours, theirs in names.items() if ours != theirs},
        kinds={right: kinds[right.value] for right in Right},
        codes={int(number): _reason(number, name) for number, name in codes.items()},
        number=read.number,
        poll=timedelta(seconds=read.poll_seconds),
        longest_poll=timedelta(seconds=read.longest_poll_seconds),
        recheck=timedelta(seconds=read.recheck_seconds),
        settle=timedelta(seconds=read.settle_seconds),
        certificate=read.certificate,
        certificate_tries=read.certificate_tries,
        check_before_retrieval=read.check_before_retrieval,
        delete_after_download=read.delete_after_download,
        replace_in_library=read.replace_in_library,
        document_limit=read.document_limit,
    )


def _default(key: str) -> str:
    return next(choice.value for choice in CHOICES if choice.key == key)


def _overlay(table: str, given: Mapping[str, str], form: str, *, open_keys: str | None = None) -> dict[str, str]:
    """The table's rows with the operator's over them; only `codes` may get rows that are not in it."""
    rows = {c.key.removeprefix(f"{table}."): c.value for c in CHOICES if c.key.startswith(f"{table}.")}
    for key, value in given.items():
        if key not in rows and not (open_keys and re.fullmatch(open_keys, key)):
            raise ValueError(f"{table}.{key}: unknown key")
        if not re.fullmatch(form, value):
            raise ValueError(f"{table}.{key}: cannot be used")
        rows[key] = value
    return rows


def _reason(number: str, name: str) -> Reason:
    if name not in Reason.__members__:
        raise ValueError(f"codes.{number}: is no Reason of the error table")
    return Reason[name]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("base_url: an https URL without user, query and fragment")
    return f"https://{parts.netloc.lower()}"


def _without_values(text: str) -> str:
    """msgspec quotes keys, which are told, and values, which are not."""
    problem, _, where = text.partition(" - at ")
    path = where.strip("`").removeprefix("$").removeprefix(".")
    found = re.match(r"Object (contains unknown|missing required) field `([^`]*)`", problem)
    if found is None:
        return f"{path or 'settings'}: cannot be used"
    dotted = f"{path}.{found.group(2)}" if path else found.group(2)
    return f"{dotted}: {'unknown key' if found.group(1) == 'contains unknown' else 'is missing'}"
