"""Placing a document: upload where the Bureau keeps the file, registration, certificate (calls 1 to 5, 8 and 9).

Procedure:
0. An address for the access code, where the Bureau issues it: without one nothing is sent (door and settings may have
   disagreed, or changed since).
1. The file, if the Bureau keeps it: announced, sent to a pre-signed URL, waited for until it is accepted. A retry
   asks first whether the file has arrived; a URL that has expired is renewed once.
2. The registration (protocol_effect.py).
3. The certificate, where the office knows the access code. It is a proof beside the registration, so that its failure
   is tried again a few times and then left.
"""

from adapters.das import codec
from adapters.das.answers import accepted
from adapters.das.protocol import (
    Commit,
    Course,
    Fetch,
    Fetched,
    Operation,
    Steps,
    Upload,
    ask,
    fact,
    timestamp,
    wait,
)
from adapters.das.protocol_effect import Done, Effect, carry_out
from gateway.core.document import Role
from gateway.core.errand import Cargo, CargoDocument, PlaceErrand
from gateway.core.exchange import Fact, FactName
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.request import Hosting
from gateway.core.secret import Secret
from gateway.core.transmission import Delivered, Obtained, Pending
from gateway.ports import Answer
from gateway.wire import das

__all__ = ["bring_file", "certified_copy", "facts_of", "place"]

_FORMATS = {"application/pdf": "pdf", "application/zip": "zip"}
_CERTIFICATE_LIMIT = 16 << 20


def place(course: Course, errand: PlaceErrand) -> Steps[Delivered | Pending]:
    """Register the cargo; facts REGISTERED (availability date) and ACKNOWLEDGEMENT, the certificate if there is one."""
    cargo = errand.cargo.subject
    # 0
    if course.config.email_required and cargo.access_code is None and not cargo.applicant_email:
        raise Refused(Reason.APPLICANT_EMAIL_MISSING)
    # 1
    file_id: str | None = None
    document = certified_copy(cargo)
    if cargo.hosting is Hosting.BUREAU:
        brought = yield from bring_file(course, document, errand.exchange_id)
        if isinstance(brought, Pending):
            return brought
        file_id = brought
    # 2
    effect = Effect(
        operation=Operation.REGISTER,
        body=codec.registration(cargo, file_id, course.config),
        application=cargo.application,
        has_effect=lambda found: any(_is_ours(registered, cargo, document) for registered in found),
    )
    done = yield from carry_out(course, effect)
    if isinstance(done, Pending):
        return done
    # 3
    certificate = yield from _certificate(course, cargo)
    return Delivered(facts=facts_of(done, course), documents=() if certificate is None else (certificate,))


def certified_copy(cargo: Cargo) -> CargoDocument:
    """Give the one document that DAS takes; Refused(FILE_REJECTED) if there is not exactly one that it can take."""
    copies = [document for document in cargo.documents if document.listed.role is Role.CERTIFIED_COPY]
    if len(copies) != 1:
        raise Refused(Reason.FILE_REJECTED, "exactly one certified copy")
    if copies[0].listed.media_type not in _FORMATS:
        raise Refused(Reason.FILE_REJECTED, "media type of the certified copy")
    return copies[0]


def bring_file(course: Course, document: CargoDocument, reference: str) -> Steps[str | Pending]:
    """Have the document with the Bureau and accepted: gives its file id, or Pending while the Bureau examines it."""
    try:
        return (yield from _bring_file(course, document, reference))
    except (Deferred, Refused) as failure:
        if failure.reason in (Reason.FILE_REJECTED, Reason.REMOTE_UNKNOWN_ERROR):
            yield Commit(values={"file": None, "uploaded": None})
        raise


def facts_of(done: Done, course: Course) -> tuple[Fact, ...]:
    """Give what is known once a write has taken effect."""
    facts = [fact(FactName.REGISTERED, course, done.available)]
    if done.acknowledgement is not None:
        facts.append(fact(FactName.ACKNOWLEDGEMENT, course, done.acknowledgement))
    return tuple(facts)


def _bring_file(course: Course, document: CargoDocument, reference: str) -> Steps[str | Pending]:
    known = course.known
    file_id, url = known.get("file"), None
    if file_id is None:
        body = das.UploadUrlRequest(
            file_reference=reference,
            file_format_category=_FORMATS[document.listed.media_type],  # type: ignore[arg-type]
            file_checksum=document.listed.sha256.hex(),
        )
        announced = yield from ask(course, Operation.UPLOAD_URL, das.UploadUrl, body=body)
        if announced.file_id is None:
            raise Deferred(Reason.REMOTE_MALFORMED, "/fileId")
        file_id, url = announced.file_id, announced.file_upload_url
        yield Commit(values={"file": file_id})
    if known.get("uploaded") == "accepted":
        return file_id
    if "uploaded" not in known:
        if url is None and not (yield from _has_arrived(course, file_id)):
            url = yield from _new_url(course, file_id)
        if url is not None:
            yield from _upload(course, document, file_id, url)
        yield Commit(values={"uploaded": timestamp(course)})
    status = yield from _file_status(course, file_id)
    category = status.file_status_category.upper()
    if category == "REJECTED":
        raise Refused(Reason.FILE_REJECTED)
    if category != "ACCEPTED":
        return wait(course, known.get("uploaded"))
    yield Commit(values={"uploaded": "accepted"})
    return file_id


def _has_arrived(course: Course, file_id: str) -> Steps[bool]:
    status = yield from _file_status(course, file_id)
    return status.file_status_category.upper() in ("ACCEPTED", "REJECTED") or bool(status.file_size_quantity)


def _file_status(course: Course, file_id: str) -> Steps[das.FileStatus]:
    query = {codec.name("fileId", course.config): file_id}
    return (yield from ask(course, Operation.FILE_STATUS, das.FileStatus, query=query))


def _new_url(course: Course, file_id: str) -> Steps[Secret]:
    body = das.RenewalRequest(file_id=file_id)
    return (yield from ask(course, Operation.RENEW_UPLOAD_URL, das.UploadUrl, body=body)).file_upload_url


def _upload(course: Course, document: CargoDocument, file_id: str, url: Secret) -> Steps[None]:
    answer: Answer = yield Upload(url=url, document=document)
    if answer.status == 403:  # the URL has expired (das.md 1.3 row 2)
        url = yield from _new_url(course, file_id)
        answer = yield Upload(url=url, document=document)
    if answer.status == 403:
        raise Deferred(Reason.REMOTE_BUSY, "upload address")
    if answer.status == 413:
        raise Refused(Reason.FILE_REJECTED, "size")
    if 400 <= answer.status < 500 and answer.status not in (408, 429):
        # The storage answers in a form of its own: whatever it says, a person has to read it at the counterpart.
        raise Deferred(Reason.REMOTE_UNKNOWN_ERROR, f"upload, status {answer.status}")
    accepted(answer, course.config, course.now, json=False)


def _is_ours(registered: das.RegisteredDocument, cargo: Cargo, document: CargoDocument) -> bool:
    checksum = registered.file_checksum
    same_file = checksum is None or checksum.lower() == document.listed.sha256.hex()
    return registered.document_date == cargo.application.filing_date and same_file


def _certificate(course: Course, cargo: Cargo) -> Steps[Obtained | None]:
    config = course.config
    tries = int(course.known.get("certificate", "0"))
    if cargo.access_code is None or not config.certificate or tries >= config.certificate_tries:
        return None
    yield Commit(values={"certificate": str(tries + 1)})
    fetched: Fetched = yield Fetch(
        url=Secret(config.base_url + config.paths[Operation.CERTIFICATE.path]),
        query=codec.query(cargo.application, config, code=cargo.access_code),
        stem="registration-certificate",
        role=Role.REGISTRATION_CERTIFICATE,
        limit=_CERTIFICATE_LIMIT,
        checksum=None,
    )
    if fetched.obtained is None and (fetched.status == 429 or fetched.status >= 500):
        raise Deferred(Reason.REMOTE_BUSY, "certificate")
    return fetched.obtained
