"""DAS messages: the JSON bodies of das.md 1.3 and 1.4, as our DAS-shaped door and the DAS adapter both speak them.

Rules:
- Names on the wire are camelCase; a member we do not know is ignored; every text is bounded; dates are ISO 8601.
- Access codes and pre-signed URLs are Secrets from the first byte read to the last byte written.
- Remote text (`message`, `statusMessage`, `code`) is in no shape that is read: DAS has answered with the expected
  access code (das.md 1.6). Of an error only the negative numbers are kept.
"""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from gateway.core.office import Right
from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret

__all__ = [
    "ERROR",
    "INVALID_INPUT",
    "KINDS",
    "NUMBERS",
    "PENDING",
    "SUCCESS",
    "Acknowledgement",
    "Body",
    "ChangeRequest",
    "DownloadUrl",
    "DownloadUrlRequest",
    "ErrorNumbers",
    "FileStatus",
    "Notification",
    "RegisteredDocument",
    "RegistrationBag",
    "RegistrationRequest",
    "RenewalRequest",
    "RequestStatus",
    "RetrievalBag",
    "RetrievalRequest",
    "RetrievalStatus",
    "UploadUrl",
    "UploadUrlRequest",
    "WithdrawalRequest",
    "availability",
    "decode",
    "decode_values",
    "encode",
    "encode_values",
    "number_of",
    "read_error",
    "render_error",
]

#: `requestStatusCategory` since 2024-01-14 (das.md 1.4).
PENDING: Final = "pending"
SUCCESS: Final = "success"
ERROR: Final = "error"

#: The only `code` of an error body that was seen (das.md 1.6).
INVALID_INPUT: Final = "INVALID_INPUT_DATA"

#: The numbers that were seen, and what they say (das.md 1.6).
NUMBERS: Final[dict[int, Reason]] = {
    -7: Reason.NOT_REGISTERED,
    -12: Reason.DATE_MISMATCH,
    -14: Reason.ACCESS_CODE_MISMATCH,
}

#: `documentKindCategory`: patent and design were seen, the other two spellings are inferred (das.md 1.4).
KINDS: Final[dict[Right, str]] = {
    Right.PATENT: "patent",
    Right.UTILITY_MODEL: "utility model",
    Right.DESIGN: "design",
    Right.TRADEMARK: "trademark",
}

#: An identifier of the other side: opaque, legal in many shapes, never with control characters.
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
_Number = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[ -~]+$")]
_Text = Annotated[str, msgspec.Meta(max_length=500)]
_Moment = Annotated[str, msgspec.Meta(max_length=40)]
_Checksum = Annotated[str, msgspec.Meta(max_length=128)]
_Status = Literal["pending", "success", "error"]
_LONGEST_SECRET: Final = 4096
_MOST_DETAILS: Final = 50

_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_NEGATIVE: Final = re.compile(r"-[1-9]\d{0,3}")
_PLACE: Final = re.compile(r" - at `\$([A-Za-z0-9.\[\]]*)`$")

_B = TypeVar("_B", bound="Body")


class Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON body; `decode` and `encode` are the only way in and out."""


# --- files (calls 1 to 4 and 15 to 17) ---------------------------------------------------------------------------


class UploadUrlRequest(Body, frozen=True, kw_only=True):
    """Call 1: announce a file. `file_checksum` is SHA-256 in lower-case hexadecimal."""

    file_reference: _Text
    file_format_category: Literal["pdf", "zip"]
    file_checksum: _Checksum


class RenewalRequest(Body, frozen=True, kw_only=True):
    """Call 2: a new upload URL for an announced file, when the old one expired."""

    file_id: _Id


class UploadUrl(Body, frozen=True, kw_only=True):
    """Answer of calls 1 and 2; the second names no file."""

    file_upload_url: Secret
    file_id: _Id | None = None


class FileStatus(Body, frozen=True, kw_only=True):
    """Answer of call 4. The letter case of the category is as in the sample client, so compare without it."""

    file_status_category: _Word
    file_size_quantity: int | float | _Word | None = None


class DownloadUrlRequest(Body, frozen=True, kw_only=True):
    """Calls 15 and 17: the file of one retrieval, named by the acknowledgement of the hop."""

    document_kind_category: _Word
    document_number: _Number
    document_date: date
    osf_ack_id: _Id


class DownloadUrl(Body, frozen=True, kw_only=True):
    """Answer of call 15."""

    file_download_url: Secret


# --- registrations (calls 5 to 11) -------------------------------------------------------------------------------


class RegistrationRequest(Body, frozen=True, kw_only=True):
    """Call 5. Without `file_id` the office keeps the file; `das_access_code` is null where the Bureau makes it."""

    operation_category: Literal["registration"] = "registration"
    document_kind_category: _Word
    document_number: _Number
    document_date: date
    das_access_code: Secret | None = None
    application_category: _Text | None = None
    application_number: _Number | None = None
    application_filing_date: date | None = None
    email: _Text | None = None
    file_id: _Id | UnsetType = UNSET


class ChangeRequest(Body, frozen=True, kw_only=True):
    """Call 6: `document_date` is the registered one; what is not to change is left out (inferred)."""

    document_kind_category: _Word
    document_number: _Number
    document_date: date
    new_document_date: date | UnsetType = UNSET
    application_number: _Number | UnsetType = UNSET
    application_filing_date: date | UnsetType = UNSET
    file_id: _Id | UnsetType = UNSET


class WithdrawalRequest(Body, frozen=True, kw_only=True):
    """Call 7: `status_message` is our own word for the cause (inferred)."""

    document_kind_category: _Word
    document_number: _Number
    document_date: date
    status_message: _Text


class Acknowledgement(Body, frozen=True, kw_only=True):
    """Answer of calls 5, 6, 7 and 12: each hop makes its own."""

    request_ack_id: _Id


class RequestStatus(Body, frozen=True, kw_only=True):
    """Answer of calls 8 and 10. `error_code` may be a number or its text; read it by `number_of`."""

    request_status_category: _Status
    error_code: int | _Word | None = None
    document_availability_date: _Moment | None = None
    file_checksum: _Checksum | None = None


class RegisteredDocument(Body, frozen=True, kw_only=True):
    """One own registration in the answer of call 11 (inferred)."""

    document_kind_category: _Word
    document_number: _Number
    document_date: date
    request_ack_id: _Id | None = None
    document_availability_date: _Moment | None = None
    file_checksum: _Checksum | None = None


class RegistrationBag(Body, frozen=True, kw_only=True):
    """Answer of call 11 (inferred)."""

    document_registration_bag: tuple[RegisteredDocument, ...] = ()


# --- retrievals (calls 12 to 14) ---------------------------------------------------------------------------------


class RetrievalRequest(Body, frozen=True, kw_only=True):
    """Call 12, by an accessing office to the Bureau and by the Bureau to an office with its own library."""

    operation_category: Literal["retrieval"] = "retrieval"
    document_kind_category: _Word
    document_number: _Number
    document_date: date
    das_access_code: Secret
    application_category: _Text | None = None
    application_number: _Number | None = None
    application_filing_date: date | None = None
    holding_office_code: _Word | UnsetType | None = UNSET


class RetrievalStatus(Body, frozen=True, kw_only=True):
    """One retrieval in the answer of call 13."""

    request_ack_id: _Id
    request_status_category: _Status
    document_kind_category: _Word | None = None
    document_number: _Number | None = None
    document_date: date | None = None
    error_code: int | _Word | None = None
    document_availability_date: _Moment | None = None
    file_checksum: _Checksum | None = None


class RetrievalBag(Body, frozen=True, kw_only=True):
    """Answer of call 13."""

    document_retrieval_response_bag: tuple[RetrievalStatus, ...] = ()


class Notification(Body, frozen=True, kw_only=True):
    """Call 14, answered 204: what became of the request that its receiver acknowledged."""

    request_ack_id: _Id
    request_status_category: _Status
    error_code: int | _Word | None = None
    document_availability_date: _Moment | None = None


# --- bytes and values --------------------------------------------------------------------------------------------


def decode(body: bytes, shape: type[_B]) -> _B:
    """Read a JSON body; Refused(NOT_JSON) with the JSON pointer of the first member that does not fit."""
    try:
        return msgspec.json.decode(body, type=shape, dec_hook=_into_secret)
    except msgspec.ValidationError as error:
        raise Refused(Reason.NOT_JSON, _pointer(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(Reason.NOT_JSON) from None


def decode_values(values: Any, shape: type[_B]) -> _B:
    """As `decode`, from JSON values that were read before, for example to rename members."""
    try:
        return msgspec.convert(values, shape, dec_hook=_into_secret)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Refused(Reason.NOT_JSON, _pointer(str(error))) from None


def encode(body: Body) -> bytes:
    """Write a body; members that are UNSET are left out, None is null."""
    return msgspec.json.encode(body, enc_hook=_out_of_secret)


def encode_values(body: Body) -> dict[str, Any]:
    """As `encode`, into JSON values. They hold access codes in clear: rename and write them, nothing else."""
    values: dict[str, Any] = msgspec.to_builtins(body, enc_hook=_out_of_secret)
    return values


def availability(text: str | None) -> str | None:
    """Give a `documentAvailabilityDate` as it came if it is an ISO 8601 date or time, and None for other text."""
    return text if text is not None and _MOMENT.fullmatch(text) else None


# --- errors ------------------------------------------------------------------------------------------------------


class ErrorNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an error body: its negative numbers, and whether there were details that had none."""

    numbers: tuple[int, ...]
    unreadable: bool


def number_of(code: int | str | None) -> int | None:
    """Give the negative number of a `code` or `errorCode`, from -1 to -9999, and None for anything else."""
    text = str(code) if isinstance(code, int | str) else ""
    return int(text) if _NEGATIVE.fullmatch(text) else None


def read_error(body: bytes) -> ErrorNumbers | None:
    """Read an error body in the form before or after 2024-03-04; None if it is no error body of DAS."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(content, dict) and isinstance(content.get("error"), dict):
        content = content["error"]
    if not isinstance(content, dict) or not isinstance(content.get("code"), str | int):
        return None
    details = content.get("details") or []
    if not isinstance(details, list):
        return None
    codes = [detail.get("code") if isinstance(detail, dict) else None for detail in details[:_MOST_DETAILS]]
    found = [number_of(code) for code in codes or [content["code"]]]
    return ErrorNumbers(
        numbers=tuple(dict.fromkeys(number for number in found if number is not None)),
        unreadable=None in found or len(details) > _MOST_DETAILS,
    )


def render_error(code: str, numbers: tuple[int, ...] = ()) -> bytes:
    """Write an error body in the form since 2024-03-04, without any text."""
    details = [{"code": number, "message": None} for number in numbers]
    return msgspec.json.encode({"code": code, "message": None, "details": details})


def _into_secret(wanted: type, value: Any) -> Any:
    if wanted is Secret and isinstance(value, str) and 0 < len(value) <= _LONGEST_SECRET:
        return Secret(value)
    raise ValueError("not a text of the expected length")


def _out_of_secret(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError


def _pointer(text: str) -> str | None:
    """RFC 6901 pointer out of msgspec's text, which else may quote a value."""
    found = _PLACE.search(text)
    if found is None:
        return None
    return re.sub(r"\[(\d*|\.\.\.)\]", r"/\1", found.group(1)).replace(".", "/")
