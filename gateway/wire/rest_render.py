"""JSON answers: replies, and errors derived from the Reason table."""

from typing import Any, Final

import msgspec

from gateway.core.finding import Finding
from gateway.core.reason import Deferred, Refused
from gateway.core.secret import Secret
from gateway.wire.rest_structs import ErrorBody, ErrorDetail

__all__ = ["JSON", "describe_secret", "render_error", "render_json"]

#: The media type of every JSON answer.
JSON: Final = "application/json"


def _write_secret(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError("this has no form in JSON")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_write_secret)


def render_json(reply: msgspec.Struct) -> bytes:
    """Write a reply of gateway.wire.replies; an access code in it is written in clear, for whom it was made."""
    return _ENCODER.encode(reply)


def render_error(
    error: Refused | Deferred, exchange_id: str | None = None, details: tuple[ErrorDetail, ...] = ()
) -> bytes:
    """Write the body of an error answer; its status is `error.reason.http`."""
    reason = error.reason
    return _ENCODER.encode(
        ErrorBody(
            code=reason.code,
            message=reason.text,
            remedy=reason.remedy,
            place=error.place,
            exchange_id=exchange_id,
            details=details or tuple(map(_finding, error.findings if isinstance(error, Refused) else ())),
        )
    )


def _finding(finding: Finding) -> ErrorDetail:
    row = finding.code
    return ErrorDetail(
        code=row.code,
        message=row.text,
        place=finding.place,
        severity=row.severity.value,
        rule=row.rule,
        remedy=row.remedy,
        detail=finding.detail,
    )


def describe_secret(kind: type) -> dict[str, Any]:
    """Say to msgspec.json.schema_components (its `schema_hook`) what an access code looks like on the wire."""
    if kind is Secret:
        return {"type": "string", "pattern": "^[A-Za-z0-9]{4}$"}
    raise NotImplementedError(kind.__name__)
