"""Core values to begin a test with; a test changes what it is about with dataclasses.replace or by keyword."""

import hashlib
from datetime import UTC, date, datetime, timedelta

from gateway.core.agreement import Agreement
from gateway.core.document import (
    Certification,
    CertificationForm,
    Document,
    DocumentKind,
    ListedDocument,
    Publication,
    Role,
    Stored,
)
from gateway.core.exchange import Exchange, Party, State
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.release import Condition, Decision, Outcome
from gateway.core.request import Deposit, Head, Hosting, Issuer, Retrieval
from gateway.core.secret import Secret
from gateway.core.transmission import Leg, Obtained, Task, Transmission, TransmissionState
from gateway.core.view import ExchangeView, TransmissionView

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
XA, XB, IB = OfficeCode("XA"), OfficeCode("XB"), OfficeCode("IB")
EXCHANGE_ID = "019abc00-0000-7000-8000-000000000001"
OTHER_ID = "019abc00-0000-7000-8000-000000000002"
PDF = b"%PDF-1.7 certified copy"


def application(**changes):
    return Application(
        **{
            "office": XA,
            "right": Right.PATENT,
            "number": "2026/123",
            "normal": "2026123",
            "filing_date": date(2026, 3, 1),
        }
        | changes
    )


def head(**changes):
    return Head(**{"message_id": "m-1", "sender": XA, "hosted": XA} | changes)


def listed(bytes_of_it=PDF, **changes):
    certification = Certification(
        certified_by=XA,
        form=CertificationForm.DIGITALLY_SIGNED,
        certified_on=date(2026, 3, 2),
        filing_date_certified=True,
    )
    return ListedDocument(
        **{
            "content_id": "copy.pdf",
            "size": len(bytes_of_it),
            "sha256": hashlib.sha256(bytes_of_it).digest(),
            "role": Role.CERTIFIED_COPY,
            "media_type": "application/pdf",
            "certification": certification,
            "content": bytes_of_it,
        }
        | changes
    )


def document(version=1, content=PDF, **changes):
    stored = Stored(document_id=OTHER_ID, wrapped_key=b"key", inline=content, address=None)
    return Document(listed=listed(content, **{"content": None} | changes), version=version, stored=stored)


def obtained(content=PDF, **changes):
    return Obtained(
        **{
            "name": "copy.pdf",
            "role": Role.CERTIFIED_COPY,
            "media_type": "application/pdf",
            "size": len(content),
            "sha256": hashlib.sha256(content).digest(),
            "stored": Stored(document_id=OTHER_ID, wrapped_key=b"key", inline=content, address=None),
        }
        | changes
    )


def deposit(**changes):
    return Deposit(
        **{
            "head": head(),
            "kind": DocumentKind.PRIORITY_DOCUMENT,
            "application": application(),
            "documents": (listed(),),
        }
        | changes
    )


def retrieval(**changes):
    return Retrieval(
        **{
            "head": head(sender=XB, hosted=XB),
            "kind": DocumentKind.PRIORITY_DOCUMENT,
            "application": application(),
            "access_code": Secret("A1b2"),
        }
        | changes
    )


def decision(condition, outcome=Outcome.GIVEN, **changes):
    return Decision(
        **{
            "condition": condition,
            "outcome": outcome,
            "by": "clerk",
            "basis": "form 7",
            "decided_at": NOW,
        }
        | changes
    )


ALL_GIVEN = tuple(decision(condition) for condition in Condition)


def exchange(**changes):
    return Exchange(
        **{
            "exchange_id": EXCHANGE_ID,
            "hosted": XA,
            "party": Party.DEPOSITING,
            "kind": DocumentKind.PRIORITY_DOCUMENT,
            "application": application(),
            "state": State.HELD,
            "version": 1,
            "revision": 1,
            "on_hold": False,
            "publication": Publication.UNPUBLISHED,
            "terms": {"owner": "XA", "hosting": "bureau", "code_issuer": "bureau"},
            "created_at": NOW,
        }
        | changes
    )


def accessing(**changes):
    return exchange(
        **{
            "hosted": XB,
            "party": Party.ACCESSING,
            "state": State.REQUESTED,
            "terms": {"owner": "XB"},
        }
        | changes
    )


def view(of=None, **changes):
    return ExchangeView(
        **{"exchange": of or exchange(), "decisions": (), "facts": (), "documents": (), "transmissions": ()} | changes
    )


def leg(task=Task.PLACE, **changes):
    progress = {} if task is Task.ANSWER else {"filing_date": "2026-03-01"}
    return Leg(
        **{
            "counterpart": IB,
            "adapter": "das",
            "task": task,
            "version": 1,
            "agreement": "XA-IB",
            "due_at": NOW,
            "progress": progress,
        }
        | changes
    )


def planned(task=Task.PLACE, state=TransmissionState.READY, reason=None, transmission_id="t-1", **changes):
    return TransmissionView(
        transmission_id=transmission_id,
        leg=leg(task, **changes),
        state=state.value,
        attempts=0,
        reason=reason.code if reason else None,
    )


def claimed(task=Task.PLACE, *, attempts=0, hosted=XA, fence=1, **changes):
    return Transmission(
        transmission_id="t-1",
        hosted=hosted,
        exchange_id=EXCHANGE_ID,
        leg=leg(task, **changes),
        attempts=attempts,
        fence=fence,
        created_at=NOW,
    )


def agreement(**changes):
    return Agreement(
        **{
            "name": "XA-IB",
            "hosted": XA,
            "counterpart": IB,
            "adapter": "das",
            "tasks": frozenset(Task) - {Task.ROUTE, Task.HAND_OVER},
            "kinds": frozenset(DocumentKind),
            "rights": frozenset(Right),
            "hosting": frozenset(Hosting),
            "code_issuers": frozenset(Issuer),
            "standing_release": frozenset(),
            "window": timedelta(days=60),
            "recheck": timedelta(days=1),
        }
        | changes
    )
