"""Tell: answer an office's questions. A status and a poll change nothing; a fetch is an entry."""

from dataclasses import dataclass

from gateway.core.document import Document
from gateway.core.exchange import Fact, FactName, Party, State, Step
from gateway.core.reason import Reason, Refused
from gateway.core.request import Issuer, Read
from gateway.core.secret import Secret
from gateway.core.view import ExchangeView
from gateway.ports import Append, WaitingNotification
from gateway.stages.line import Line

__all__ = ["FetchedPackage", "fetch_package", "poll_notifications", "tell_status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPackage:
    """The documents of one version, and, for the depositing office alone, the access code it issued."""

    view: ExchangeView
    version: int
    documents: tuple[Document, ...]
    access_code: Secret | None


async def tell_status(question: Read, line: Line) -> ExchangeView:
    """Give all that is known of an exchange; Refused(EXCHANGE_UNKNOWN) also for somebody else's."""
    view = await line.records.view(question.head.hosted, question.exchange_id) if question.exchange_id else None
    if view is None or view.exchange.terms["owner"] != question.head.sender:
        raise Refused(Reason.EXCHANGE_UNKNOWN)
    return view


async def poll_notifications(question: Read, line: Line) -> tuple[WaitingNotification, ...]:
    """Give the oldest notifications that have not been confirmed; they come again until they are."""
    return await line.records.notifications(question.head.hosted, question.head.sender, question.limit)


async def fetch_package(question: Read, line: Line, *, with_code: bool = True) -> FetchedPackage:
    """Open a package for its owner and write that it was fetched; `with_code` if the answer can give the access code.

    Refused with EXCHANGE_UNKNOWN, PACKAGE_NOT_READY or DOCUMENT_FORGOTTEN.
    """
    view = await tell_status(question, line)
    exchange = view.exchange
    if view.is_forgotten:
        raise Refused(Reason.DOCUMENT_FORGOTTEN)
    version = question.version or exchange.version
    documents = view.documents_of(version)
    if not documents or version > exchange.version:
        raise Refused(Reason.PACKAGE_NOT_READY)
    if any(not document.stored.wrapped_key for document in documents):
        raise Refused(Reason.DOCUMENT_FORGOTTEN)
    code = await _issued_code(view, line) if with_code else None
    entry = line.entry(
        hosted=exchange.hosted,
        exchange_id=exchange.exchange_id,
        step=Step.FETCHED,
        actor=question.head.sender,
        outcome="with access code" if code else "done",
    )
    fact = Fact(name=FactName.FETCHED, at=entry.at, value=str(version))
    await line.journal.append(Append(hosted=exchange.hosted, entry=entry, facts=(fact,)))
    return FetchedPackage(view=view, version=version, documents=documents, access_code=code)


async def _issued_code(view: ExchangeView, line: Line) -> Secret | None:
    """The code goes to the office that issued it only after the counterpart has confirmed the registration."""
    exchange = view.exchange
    ours = exchange.party is Party.DEPOSITING and exchange.terms.get("code_issuer") == Issuer.OFFICE.value
    if not ours or exchange.state is not State.PLACED:
        return None
    sealed = await line.records.access_code(exchange.hosted, exchange.exchange_id)
    return line.sealing.open_secret(sealed, owner=exchange.exchange_id) if sealed else None
