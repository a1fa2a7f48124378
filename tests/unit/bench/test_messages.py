"""Messages: what the bench signs is what an office would send, by the gateway's own readers."""

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

from gateway.bench.messages import LIFETIME, Message, Paper, Scribe, content_of, write_paper
from gateway.core.document import Role
from gateway.core.request import Deposit
from gateway.wire import xml
from gateway.wire.media import read_soap_media
from gateway.wire.mtom import read_message
from gateway.wire.soap_documents import part_names
from gateway.wire.soap_envelope import operation_in, read_envelope
from gateway.wire.soap_requests import read_request
from pki.keys import SigningKey
from pki.trust import TrustList, pin
from pki.wss import verify

Seat = Callable[[bool], Scribe]


def heads(message: Message) -> dict[str, str]:
    first, *lines = message.front.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert first == "POST /soap/exchange HTTP/1.1"
    return dict(line.split(": ", 1) for line in lines)


def whole(message: Message, paper: Paper) -> bytes:
    return content_of(message) + (bytes(paper.view) if message.attached else b"") + message.back


def deposit(envelope: bytes, message: Message, key: SigningKey, at: datetime) -> Deposit:
    """Take a message as the front door does: envelope, signature, schema."""
    root = xml.parse(envelope)
    media = read_soap_media(heads(message)["Content-Type"], heads(message)["SOAPAction"])
    read_envelope(root, media)
    result = verify(root, trust=TrustList([pin("XA", "signing", key.certificate)]), now=at)
    assert result.verdict.passed and result.signed_body is not None, result.verdict.explanation
    request = read_request(operation_in(result.signed_body))
    assert isinstance(request, Deposit)
    return request


def test_a_small_message_is_a_signed_deposit_with_its_document_inline(
    seat: Seat, paper: Paper, office_key: SigningKey, at: datetime
) -> None:
    message = seat(False).write(7, at)
    request = deposit(content_of(message), message, office_key, at)
    [document] = request.documents
    assert request.head.message_id == message.message_id == "bench-test-00000007"
    assert document.role is Role.CERTIFIED_COPY and document.certification is not None
    assert document.content is not None and document.content.startswith(b"%PDF-")
    assert len(document.content) == document.size == 3000
    assert hashlib.sha256(document.content).digest() == document.sha256 == message.sha256


async def test_a_large_message_is_mtom_with_the_envelope_first(
    seat: Seat, paper: Paper, office_key: SigningKey, at: datetime
) -> None:
    message = seat(True).write(7, at)
    sent = whole(message, paper)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(sent), 1000):
            yield sent[start : start + 1000]

    incoming = await read_message(heads(message)["Content-Type"], pieces())
    request = deposit(incoming.root, message, office_key, at)
    [listed] = request.documents
    assert listed.content is None
    names = part_names(operation_in(xml.parse(incoming.root)[1]))
    contents = {names[part.name]: b"".join([piece async for piece in part.chunks()]) async for part in incoming.parts()}
    assert list(contents) == [listed.content_id]
    assert hashlib.sha256(contents[listed.content_id]).digest() == listed.sha256 == message.sha256
    assert len(contents[listed.content_id]) == listed.size == 3000


def test_the_length_of_a_message_is_said_before_it(seat: Seat, paper: Paper, at: datetime) -> None:
    for attached in (False, True):
        message = seat(attached).write(1, at)
        assert int(heads(message)["Content-Length"]) == len(whole(message, paper)) == message.size(len(paper))


def test_no_two_messages_are_alike(seat: Seat, office_key: SigningKey, at: datetime) -> None:
    scribe = seat(False)
    messages = [scribe.write(number, at) for number in range(1, 6)]
    requests = [deposit(content_of(message), message, office_key, at) for message in messages]
    assert len({request.head.message_id for request in requests}) == 5
    assert len({request.application.number for request in requests}) == 5
    assert len({request.documents[0].sha256 for request in requests}) == 5


def test_a_message_stays_fresh_for_as_long_as_a_gateway_allows(
    seat: Seat, office_key: SigningKey, at: datetime
) -> None:
    message = seat(False).write(1, at)
    deposit(content_of(message), message, office_key, at + LIFETIME)
    trust = TrustList([pin("XA", "signing", office_key.certificate)])
    late = verify(xml.parse(content_of(message)), trust=trust, now=at + LIFETIME + timedelta(minutes=6))
    assert not late.verdict.passed


def test_a_paper_has_the_asked_length_with_any_ending(tmp_path: Path, seat: Seat, at: datetime) -> None:
    path = tmp_path / "paper.pdf"
    write_paper(path, 3 << 20)
    assert Paper(path).digest(b"x") == hashlib.sha256(path.read_bytes() + b"x").digest()
    assert path.stat().st_size + len(seat(True).write(1, at).back.partition(b"\r\n--")[0]) == 3 << 20
