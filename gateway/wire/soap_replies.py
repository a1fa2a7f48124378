"""Replies as the content of a SOAP Body, after schemas/exchange-1.xsd, in canonical form."""

import base64
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from gateway.core.instant import rfc3339
from gateway.wire.markup import optional, tag, wrap
from gateway.wire.operations import Operation
from gateway.wire.replies import (
    ApplicationReply,
    CertificationReply,
    DecisionReply,
    FactReply,
    HeldDocument,
    Notifications,
    Package,
    PackageDocument,
    Status,
    TransmissionReply,
    Written,
)
from gateway.wire.schema import EXCHANGE

__all__ = ["Reply", "render_reply"]

#: What an operation can be answered with.
Reply = Written | Status | Notifications | Package

_INCLUDE = "http://www.w3.org/2004/08/xop/include"


def render_reply(operation: Operation, reply: Reply) -> str:
    """Write the answer to an operation. A document of a Package without content becomes an xop:Include of its part."""
    match reply:
        case Written():
            content = _written(reply)
        case Status():
            content = wrap("Status", _status(reply))
        case Notifications():
            content = wrap("Notifications", _notifications(reply))
        case Package():
            content = wrap("Package", _package(reply))
    return f'<{operation.value}Response xmlns="{EXCHANGE}">{content}</{operation.value}Response>'


def _base64(name: str, content: bytes) -> str:
    return f"<{name}>{base64.b64encode(content).decode('ascii')}</{name}>"


def _boolean(name: str, value: bool) -> str:
    return tag(name, "true" if value else "false")


def _optional_instant(name: str, at: datetime | None) -> str:
    return "" if at is None else tag(name, rfc3339(at))


def _written(reply: Written) -> str:
    return (
        optional("ExchangeId", reply.exchange_id) + optional("State", reply.state) + _base64("Receipt", reply.receipt)
    )


def _status(status: Status) -> Iterable[str]:
    yield tag("ExchangeId", status.exchange_id)
    yield tag("Kind", status.kind.value)
    yield tag("Role", status.role.value)
    yield tag("State", status.state.value)
    yield _boolean("OnHold", status.on_hold)
    yield tag("Version", status.version)
    yield wrap("Application", _application(status.application))
    yield wrap("ReleaseDecisions", (wrap("Decision", _decision(taken)) for taken in status.release_decisions))
    yield wrap("Facts", (wrap("Fact", _fact(fact)) for fact in status.facts))
    yield wrap("Transmissions", (wrap("Transmission", _transmission(each)) for each in status.transmissions))
    yield wrap("Documents", (wrap("Document", _document(each)) for each in status.documents))


def _application(application: ApplicationReply) -> Iterable[str]:
    yield tag("OfficeCode", application.office_code)
    yield tag("Right", application.right.value)
    yield tag("Number", application.number)
    yield tag("FilingDate", application.filing_date.isoformat())


def _decision(decision: DecisionReply) -> Iterable[str]:
    yield tag("Condition", decision.condition.value)
    yield tag("Outcome", decision.outcome.value)
    yield tag("By", decision.by)
    yield tag("Basis", decision.basis)
    yield tag("DecidedAt", rfc3339(decision.decided_at))


def _fact(fact: FactReply) -> Iterable[str]:
    yield tag("Name", fact.name.value)
    yield tag("At", rfc3339(fact.at))
    yield optional("Value", fact.value)


def _transmission(transmission: TransmissionReply) -> Iterable[str]:
    yield tag("Counterpart", transmission.counterpart)
    yield tag("Task", transmission.task)
    yield tag("State", transmission.state)
    yield tag("Attempts", transmission.attempts)
    if (reason := transmission.reason) is not None:
        yield wrap("Reason", (tag("Code", reason.code), tag("Text", reason.text), tag("Remedy", reason.remedy)))
    yield _optional_instant("NextAttemptAt", transmission.next_attempt_at)
    yield wrap("AcknowledgementIds", (tag("AcknowledgementId", each) for each in transmission.acknowledgement_ids))


def _certification(certification: CertificationReply) -> Iterable[str]:
    yield tag("CertifiedBy", certification.certified_by)
    yield tag("Form", certification.form.value)
    yield tag("CertifiedOn", certification.certified_on.isoformat())
    yield _boolean("FilingDateCertified", certification.filing_date_certified)


def _document(document: HeldDocument) -> Iterable[str]:
    yield tag("ContentId", document.content_id)
    yield tag("Size", document.size)
    yield tag("Sha256", document.sha256)
    yield tag("Role", document.role.value)
    yield tag("MediaType", document.media_type)
    yield optional("Language", document.language)
    if document.certification is not None:
        yield wrap("Certification", _certification(document.certification))
    yield tag("Version", document.version)


def _notifications(reply: Notifications) -> Iterable[str]:
    for notice in reply.notifications:
        yield wrap(
            "Notification",
            (
                tag("NotificationId", notice.notification_id),
                tag("ExchangeId", notice.exchange_id),
                tag("Event", notice.event.value),
                tag("CreatedAt", rfc3339(notice.created_at)),
                _base64("Content", notice.content),
            ),
        )


def _package(package: Package) -> Iterable[str]:
    yield tag("ExchangeId", package.exchange_id)
    yield tag("Version", package.version)
    yield optional("AccessCode", package.access_code.reveal() if package.access_code else None)
    yield wrap("Documents", (wrap("Document", (*_document(each), _content(each))) for each in package.documents))


def _content(document: PackageDocument) -> str:
    if document.content is not None:
        return _base64("Content", document.content)
    address = f"cid:{quote(document.content_id, safe='@')}"
    return f'<Content><xop:Include xmlns:xop="{_INCLUDE}" href="{address}"></xop:Include></Content>'
