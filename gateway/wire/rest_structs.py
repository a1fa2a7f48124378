"""The JSON bodies of the REST door, as structures: what they are here is what the OpenAPI description says.

Rules:
- The same names as in the XSD, in lowerCamelCase; unknown members are refused, so that a misspelt one is not lost.
- What is in the address is not in the body: the exchange id and the notification id.
- Patterns end in `(?!\\n)`, since "$" alone would let a line feed pass in Python; elsewhere it changes nothing.
"""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.core.document import CertificationForm, Publication, Role
from gateway.core.office import Right
from gateway.core.release import Condition, Outcome
from gateway.core.request import Cause, Hosting, Issuer
from gateway.core.secret import Secret

__all__ = [
    "ApplicationBody",
    "CertificationBody",
    "ConfirmationBody",
    "CorrectionBody",
    "DecisionBody",
    "DepositBody",
    "DocumentBody",
    "ErrorBody",
    "ErrorDetail",
    "HeaderBody",
    "HoldBody",
    "OwnApplicationBody",
    "RegistrationBody",
    "ReleaseBody",
    "ReplacementBody",
    "ResendBody",
    "RetrievalBody",
    "WithdrawalBody",
]

OfficeCodeText = Annotated[
    str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="WIPO ST.3 code of an office.", examples=["XA"])
]
MessageIdText = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._:@\-]{1,128}$(?!\n)",
        description="The sender's own id of the message, unique for ever; a repeat under it has no second effect.",
    ),
]
ContentIdText = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._:@+=\-]{1,128}$(?!\n)",
        description="The name of a document within its message: that of the part which brings its bytes.",
    ),
]
NumberText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="An application number as its office writes it, with or without the ST.3 code in front.",
    ),
]
Sha256Text = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256, lower-case hexadecimal.")]
SizeNumber = Annotated[int, Meta(ge=0, le=1 << 40, description="Bytes.")]
MediaTypeText = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9.+\-]{0,62}/[a-z0-9][a-z0-9.+\-]{0,126}$(?!\n)",
        description="A media type without parameters.",
        examples=["application/pdf"],
    ),
]
LanguageText = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$(?!\n)", description="BCP 47.", examples=["pt-BR"])
]
EmailText = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]{1,189}$(?!\n)")]
ExplanationText = Annotated[str, Meta(min_length=1, max_length=500)]
ActorText = Annotated[str, Meta(min_length=1, max_length=200, description="A person or a rule.")]
Instant = Annotated[datetime, Meta(tz=True, description="A point in time with Z or an offset (RFC 3339).")]
AccessCode = Annotated[Secret, Meta(description="The applicant's DAS access code: 4 letters or digits.")]


class _Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A body, or a part of one."""


class HeaderBody(_Body, frozen=True, kw_only=True):
    """Who asks whom. Without `messageId` the Idempotency-Key is the message id; if both come they are the same."""

    message_id: MessageIdText | None = None
    sender: OfficeCodeText
    receiver: OfficeCodeText


class ApplicationBody(_Body, frozen=True, kw_only=True):
    """An application as its first office names it."""

    office_code: OfficeCodeText
    right: Right
    number: NumberText
    filing_date: date


class OwnApplicationBody(_Body, frozen=True, kw_only=True):
    """The accessing office's own application in whose file the copy is to be laid."""

    number: NumberText
    filing_date: date | None = None


class RegistrationBody(_Body, frozen=True, kw_only=True):
    """How the document is to be registered."""

    hosting: Hosting
    code_issuer: Issuer
    applicant_email: EmailText | None = None


class CertificationBody(_Body, frozen=True, kw_only=True):
    """The authority's own certification of the copy (Paris Convention 4D(3))."""

    certified_by: OfficeCodeText
    form: CertificationForm
    certified_on: date
    filing_date_certified: bool


class DocumentBody(_Body, frozen=True, kw_only=True):
    """One line of the list; `content` is base64, without it the part of that name brings the bytes."""

    content_id: ContentIdText
    size: SizeNumber
    sha256: Sha256Text
    role: Role
    media_type: MediaTypeText
    language: LanguageText | None = None
    certification: CertificationBody | None = None
    content: bytes | None = None


Documents = Annotated[tuple[DocumentBody, ...], Meta(min_length=1, max_length=64)]


class DecisionBody(_Body, frozen=True, kw_only=True):
    """One release decision: by whom, on what basis (a form, a paragraph), when."""

    condition: Condition
    outcome: Outcome
    by: ActorText
    basis: ExplanationText
    decided_at: Instant


class DepositBody(_Body, frozen=True, kw_only=True):
    """Take these documents; they are held until they are released."""

    header: HeaderBody
    application: ApplicationBody
    registration: RegistrationBody | None = None
    publication_state: Publication = Publication.UNPUBLISHED
    documents: Documents


class ReleaseBody(_Body, frozen=True, kw_only=True):
    """Decisions on the conditions that hold a document."""

    header: HeaderBody
    decisions: Annotated[tuple[DecisionBody, ...], Meta(min_length=1, max_length=8)]


class CorrectionBody(_Body, frozen=True, kw_only=True):
    """The filing date was wrong; everything else stays."""

    header: HeaderBody
    filing_date: date
    explanation: ExplanationText


class ReplacementBody(_Body, frozen=True, kw_only=True):
    """New documents in place of the deposited ones; the old version is kept."""

    header: HeaderBody
    explanation: ExplanationText
    documents: Documents


class WithdrawalBody(_Body, frozen=True, kw_only=True):
    """Take the registration back; what was fetched stays fetched."""

    header: HeaderBody
    cause: Cause
    explanation: ExplanationText | None = None


class RetrievalBody(_Body, frozen=True, kw_only=True):
    """Ask for another office's document; the answer comes as a notification."""

    header: HeaderBody
    application: ApplicationBody
    access_code: AccessCode
    holding_office: OfficeCodeText | None = None
    own_application: OwnApplicationBody | None = None


class ConfirmationBody(_Body, frozen=True, kw_only=True):
    """The office's own system has taken what a notification told of."""

    header: HeaderBody


class HoldBody(_Body, frozen=True, kw_only=True):
    """A person's emergency stop, or its end."""

    header: HeaderBody
    explanation: ExplanationText
    lift: bool = False


class ResendBody(_Body, frozen=True, kw_only=True):
    """Try again, now, what was refused, held or put off on the way to a counterpart.

    `ownApplication` names, for a document that was asked for, the application in whose file it is to be laid after all.
    """

    header: HeaderBody
    own_application: OwnApplicationBody | None = None


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One finding among several; of one in a document also its severity, the rule, what to do, and a value of it."""

    code: str
    message: str
    place: str | None = None
    severity: str | None = None
    rule: str | None = None
    remedy: str | None = None
    detail: str | None = None


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body of every error answer, after ST.90: a code of the Reason table, what it means, what to do next.

    `place` is a JSON pointer or the name of a part or header; it never holds a value of the message.
    """

    code: str
    message: str
    remedy: str
    place: str | None = None
    exchange_id: str | None = None
    details: tuple[ErrorDetail, ...] = ()
