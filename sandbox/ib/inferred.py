"""What the published pages of WIPO DAS leave open, and what this Bureau chose: one table, our inventions.

Rules: a fact that was seen is marked "seen" and stands here only because a choice is built on it; everything
else is INFERRED and proves nothing about the real Bureau. A client must keep these in its configuration.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

__all__ = [
    "API_PREFIX",
    "FACTS",
    "JWKS_PATH",
    "KINDS",
    "ORIGINAL_HEADER",
    "SCOPE",
    "STORAGE_PATH",
    "TOKEN_PATH",
    "ErrorNumber",
    "Fact",
    "outbound_client",
]

API_PREFIX: Final = "/das-api/v1"
TOKEN_PATH: Final = "/am/oauth2/access_token"  # noqa: S105 - a path
JWKS_PATH: Final = "/am/oauth2/connect/jwk_uri"
STORAGE_PATH: Final = "/storage"
SCOPE: Final = "das-api/office-exchange"
ORIGINAL_HEADER: Final = "X-Original-Document-Url"
KINDS: Final = ("patent", "design", "utility model", "trademark")


class ErrorNumber(IntEnum):
    """`details[].code` and `errorCode`; the first three are DAS's own, the others are ours."""

    NOT_REGISTERED = -7
    WRONG_DATE = -12
    WRONG_CODE = -14
    ALREADY_REGISTERED = -20
    NUMBER_FORMAT = -21
    KIND_NOT_AGREED = -22
    FILE_NOT_ACCEPTED = -23
    HOSTING_NOT_AGREED = -24
    HELD_ELSEWHERE = -25
    OFFICE_SILENT = -30
    OFFICE_REFUSED = -31
    OFFICE_FILE_UNUSABLE = -32


def outbound_client(office: str) -> str:
    """The client id under which the Bureau calls an office's endpoint: `sub` and `aud` of that token."""
    return f"ib-{office}"


class Fact(NamedTuple):
    """One row: what it is about, what is done here, and whether that was seen or is our choice."""

    subject: str
    choice: str
    evidence: str


_SEEN, _INFERRED = "seen", "inferred"

FACTS: Final = (
    Fact("base path", API_PREFIX, _SEEN),
    Fact("token endpoint path", TOKEN_PATH, _SEEN),
    Fact("scope", SCOPE, _SEEN),
    Fact("JWKS path", JWKS_PATH, _INFERRED),
    Fact("registration status", "GET /requests/registrations?requestAckId=", _INFERRED),
    Fact("answer of POST /requests/registrations", "201, Location = its status URL, requestAckId", _INFERRED),
    Fact("answer of PUT and DELETE /requests/registrations", "200, requestAckId, own status", _INFERRED),
    Fact(
        "find by number",
        "GET /documents/registrations?documentNumber=&documentKindCategory= -> documentRegistrationBag",
        _INFERRED,
    ),
    Fact("retrieval status", "GET /requests/retrievals[?requestAckId=]", _SEEN),
    Fact("fields of a retrieval's status", "fileDownloadUrl, fileChecksum, statusMessage", _INFERRED),
    Fact("newly completed", "listed until downloaded, deleted or too old; failures until asked for", _INFERRED),
    Fact("copy in another office's file", "optional holdingOfficeCode in the retrieval", _INFERRED),
    Fact("body of PUT /requests/registrations", "newDocumentDate for the corrected date", _INFERRED),
    Fact("new file in an office's own library", "PUT with nothing to change", _INFERRED),
    Fact("body of DELETE /requests/registrations", "reason in statusMessage", _INFERRED),
    Fact("body of DELETE /requests/files", "as POST /requests/files/url-downloads", _INFERRED),
    Fact("success of the availability check", "requestStatusCategory, documentAvailabilityDate", _INFERRED),
    Fact("documentAvailabilityDate", "date and time in UTC, moved by a correction or replacement", _INFERRED),
    Fact("wrong retrieval", "400 at once by default, by configuration in the status", _INFERRED),
    Fact("several wrong values in a status", "the first number in errorCode, all in statusMessage", _INFERRED),
    Fact("numbers -20 to -32", "this file", _INFERRED),
    Fact("spelling of the kinds", ", ".join(KINDS), _INFERRED),
    Fact("pre-signed URLs", "one-time PUT, Content-Length needed, no bearer, 403 as XML", _INFERRED),
    Fact("client id of the Bureau at an office", "ib-<office code>, sub = aud", _INFERRED),
    Fact("file sent through the transit zone", "fileReference = the office's own requestAckId", _INFERRED),
    Fact("change after access", "e-mail (seen); a notification by configuration", _INFERRED),
    Fact("header of the original document", ORIGINAL_HEADER, _INFERRED),
    Fact("unknown members of a body", "refused", _INFERRED),
)
