"""Replies as values: made from the core, with nothing of what is not told."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from gateway.core.exchange import State
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason
from gateway.core.receipt import Receipt
from gateway.core.secret import Secret
from gateway.wire.receipt import render_receipt
from gateway.wire.replies import Package, Written, package_document, reason_reply, status_of, written


def test_status_tells_what_is_known(view) -> None:
    status = status_of(view)
    assert (status.exchange_id, status.state, status.version) == (view.exchange.exchange_id, view.exchange.state, 2)
    assert status.application.number == "<&>\r 1"
    ready, done = status.transmissions
    assert (ready.next_attempt_at, done.next_attempt_at) == (view.transmissions[0].leg.due_at, None)
    assert (ready.reason, done.reason) == (reason_reply(Reason.REMOTE_UNREACHABLE), None)
    assert ready.acknowledgement_ids == ("A<1>",)
    assert [document.sha256 for document in status.documents] == [d.listed.sha256.hex() for d in view.documents]


def test_status_has_neither_sealed_bytes_nor_inner_names(view) -> None:
    told = msgspec.json.encode(status_of(view)).decode()
    for inner in ("sealed", "wrapped", "key", "revision", "terms", "progress", "agreement", "xa-das"):
        assert inner not in told


def test_absent_is_absent_and_names_are_lower_camel_case(view) -> None:
    told = msgspec.json.decode(msgspec.json.encode(status_of(view)))
    assert list(told) == [
        "exchangeId", "kind", "role", "state", "onHold", "version", "application", "releaseDecisions", "facts",
        "transmissions", "documents",
    ]  # fmt: skip
    assert told["facts"][1] == {"name": "taken-by-counterpart", "at": "2026-03-02T01:00:00.000005Z"}
    assert "language" not in told["documents"][1]
    assert "content" not in msgspec.json.decode(msgspec.json.encode(package_document(view.documents[0], None)))


@pytest.fixture
def receipt() -> Receipt:
    return Receipt(
        issuer=OfficeCode("XA"),
        sender=OfficeCode("XA"),
        message_id="m",
        operation="Deposit",
        exchange_id="01920000-0000-7000-8000-000000000001",
        state=State.HELD,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        payload_sha256=bytes(32),
        documents=(),
        log_origin="xa.example/ledger",
        entry_id="01920000-0000-7000-8000-000000000001",
        leaf_hash=bytes(32),
    )


def test_written_says_what_its_receipt_says(receipt) -> None:
    signed = render_receipt(receipt)
    assert written(signed) == Written(exchange_id=receipt.exchange_id, state="held", receipt=signed)


def test_written_without_exchange(receipt) -> None:
    signed = render_receipt(replace(receipt, exchange_id=None, state=None))
    assert written(signed) == Written(receipt=signed)


def test_access_code_does_not_show(view) -> None:
    package = Package(exchange_id="x", version=1, access_code=Secret("A2B4"), documents=())
    assert "A2B4" not in repr(package)
    with pytest.raises(TypeError):
        msgspec.json.encode(package)
