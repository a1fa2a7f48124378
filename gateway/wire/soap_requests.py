"""The operations of the contract as SOAP carries them: a Body's element becomes a request of the core.

Rules: the schema first, so that every field below is there, once, and of its type; what the schema cannot say (a date
that the calendar does not have, base64) is refused here with the place; rules about the world are not looked at here.
"""

from collections.abc import Callable, Mapping
from typing import Final

from lxml import etree

from gateway.core.document import DocumentKind, Publication
from gateway.core.office import Application, Right
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition, Decision, Outcome
from gateway.core.request import (
    Cause,
    Confirmation,
    Correction,
    Deposit,
    Head,
    Hosting,
    Issuer,
    Read,
    ReadKind,
    Release,
    Replacement,
    Request,
    Retrieval,
    Withdrawal,
)
from gateway.core.secret import Secret
from gateway.wire import xml
from gateway.wire.operations import Operation
from gateway.wire.schema import EXCHANGE, validate
from gateway.wire.soap_documents import read_documents
from gateway.wire.soap_values import (
    Fields,
    fields_of,
    read_date,
    read_instant,
    read_number,
    read_office,
    read_optional,
)

__all__ = ["FINER", "read_request"]

#: Reasons of their own for a bad value of these elements; the JSON door has the same.
FINER: Final[Mapping[str, Reason]] = {
    "OfficeCode": Reason.OFFICE_UNKNOWN,
    "Sender": Reason.OFFICE_UNKNOWN,
    "Receiver": Reason.OFFICE_UNKNOWN,
    "HoldingOffice": Reason.OFFICE_UNKNOWN,
    "CertifiedBy": Reason.OFFICE_UNKNOWN,
    "Number": Reason.NUMBER_MALFORMED,
    "FilingDate": Reason.DATE_MALFORMED,
    "CertifiedOn": Reason.DATE_MALFORMED,
    "AccessCode": Reason.ACCESS_CODE_MALFORMED,
}


def read_request(operation: etree._Element) -> Request | Read:
    """Read the one element of a Body.

    Refused as schema.validate and soap_documents.read_documents do. The normal form of numbers is not known here:
    an Application's `normal` is its `number` as received, until the line has looked it up.
    """
    validate(operation, EXCHANGE, finer=FINER)
    reader = _READERS.get(xml.local_name(operation))
    if reader is None:  # an element of the schema that is no request
        raise Refused(Reason.WRONG_NAMESPACE, xml.place_of(operation))
    fields = fields_of(operation)
    return reader(_head(fields["Header"]), fields)


def _head(header: etree._Element) -> Head:
    fields = fields_of(header)
    return Head(
        message_id=xml.text_of(fields["MessageId"]),
        sender=read_office(fields["Sender"]),
        hosted=read_office(fields["Receiver"]),
    )


def _application(element: etree._Element) -> Application:
    fields = fields_of(element)
    number = xml.text_of(fields["Number"])
    return Application(
        office=read_office(fields["OfficeCode"]),
        right=Right(xml.text_of(fields["Right"])),
        number=number,
        normal=number,
        filing_date=read_date(fields["FilingDate"]),
    )


def _deposit(head: Head, fields: Fields) -> Deposit:
    registration = fields_of(fields["Registration"]) if "Registration" in fields else {}
    return Deposit(
        head=head,
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=_application(fields["Application"]),
        documents=read_documents(fields["Documents"]),
        hosting=Hosting(read_optional(registration, "Hosting") or Hosting.BUREAU),
        code_issuer=Issuer(read_optional(registration, "CodeIssuer") or Issuer.BUREAU),
        applicant_email=read_optional(registration, "ApplicantEmail"),
        publication=Publication(read_optional(fields, "PublicationState") or Publication.UNPUBLISHED),
    )


def _release(head: Head, fields: Fields) -> Release:
    decisions = tuple(_decision(fields_of(element)) for element in fields["Decisions"] if isinstance(element.tag, str))
    return Release(head=head, exchange_id=xml.text_of(fields["ExchangeId"]), decisions=decisions)


def _decision(fields: Fields) -> Decision:
    return Decision(
        condition=Condition(xml.text_of(fields["Condition"])),
        outcome=Outcome(xml.text_of(fields["Outcome"])),
        by=xml.text_of(fields["By"]),
        basis=xml.text_of(fields["Basis"]),
        decided_at=read_instant(fields["DecidedAt"]),
    )


def _correction(head: Head, fields: Fields) -> Correction:
    return Correction(
        head=head,
        exchange_id=xml.text_of(fields["ExchangeId"]),
        filing_date=read_date(fields["FilingDate"]),
        explanation=xml.text_of(fields["Explanation"]),
    )


def _replacement(head: Head, fields: Fields) -> Replacement:
    return Replacement(
        head=head,
        exchange_id=xml.text_of(fields["ExchangeId"]),
        explanation=xml.text_of(fields["Explanation"]),
        documents=read_documents(fields["Documents"]),
    )


def _withdrawal(head: Head, fields: Fields) -> Withdrawal:
    return Withdrawal(
        head=head,
        exchange_id=xml.text_of(fields["ExchangeId"]),
        cause=Cause(xml.text_of(fields["Cause"])),
        explanation=read_optional(fields, "Explanation"),
    )


def _retrieval(head: Head, fields: Fields) -> Retrieval:
    own = fields_of(fields["OwnApplication"]) if "OwnApplication" in fields else {}
    return Retrieval(
        head=head,
        kind=DocumentKind.PRIORITY_DOCUMENT,
        application=_application(fields["Application"]),
        access_code=Secret(xml.text_of(fields["AccessCode"])),
        holding_office=read_office(fields["HoldingOffice"]) if "HoldingOffice" in fields else None,
        own_number=read_optional(own, "Number"),
        own_filing_date=read_date(own["FilingDate"]) if "FilingDate" in own else None,
    )


def _confirmation(head: Head, fields: Fields) -> Confirmation:
    return Confirmation(head=head, notification_id=xml.text_of(fields["NotificationId"]))


def _status(head: Head, fields: Fields) -> Read:
    return Read(head=head, kind=ReadKind.STATUS, exchange_id=xml.text_of(fields["ExchangeId"]))


def _poll(head: Head, fields: Fields) -> Read:
    if "Limit" not in fields:
        return Read(head=head, kind=ReadKind.POLL)
    return Read(head=head, kind=ReadKind.POLL, limit=read_number(fields["Limit"]))


def _fetch(head: Head, fields: Fields) -> Read:
    version = read_number(fields["Version"]) if "Version" in fields else None
    return Read(head=head, kind=ReadKind.FETCH, exchange_id=xml.text_of(fields["ExchangeId"]), version=version)


_READERS: Final[Mapping[str, Callable[[Head, Fields], Request | Read]]] = {
    Operation.DEPOSIT.value: _deposit,
    Operation.RELEASE.value: _release,
    Operation.CORRECT.value: _correction,
    Operation.REPLACE.value: _replacement,
    Operation.WITHDRAW.value: _withdrawal,
    Operation.REQUEST.value: _retrieval,
    Operation.STATUS.value: _status,
    Operation.POLL.value: _poll,
    Operation.FETCH.value: _fetch,
    Operation.CONFIRM.value: _confirmation,
}
