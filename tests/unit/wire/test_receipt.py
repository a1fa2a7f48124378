"""Receipts and notifications: canonical as written, valid by their schemas, read back as they were."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.document import ListedDocument, Role
from gateway.core.exchange import State
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason, Refused
from gateway.core.receipt import Event, Notification, Receipt
from gateway.wire import xml
from gateway.wire.receipt import read_notification, read_receipt, render_notification, render_receipt

GOLDEN = Path(__file__).parents[2] / "golden" / "wire"
AN_ID = "01920000-0000-7000-8000-000000000001"

RECEIPT = Receipt(
    issuer=OfficeCode("XA"),
    sender=OfficeCode("XB"),
    message_id="m-1",
    operation="DepositPriorityDocument",
    exchange_id=AN_ID,
    state=State.HELD,
    received_at=datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC),
    payload_sha256=bytes(range(32)),
    documents=(
        ListedDocument(
            content_id="copy@xa", size=1234, sha256=b"\xff" * 32, role=Role.CERTIFIED_COPY, media_type="application/pdf"
        ),
        ListedDocument(
            content_id="bib@xa", size=0, sha256=b"\x00" * 32, role=Role.BIBLIOGRAPHY, media_type="application/xml"
        ),
    ),
    log_origin="xa.example/ledger",
    entry_id=AN_ID,
    leaf_hash=b"\x11" * 32,
)
NOTIFICATION = Notification(
    notification_id=AN_ID,
    issuer=OfficeCode("XA"),
    addressee=OfficeCode("XB"),
    exchange_id=AN_ID,
    event=Event.REFUSED,
    state=State.REFUSED,
    version=2,
    at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    reason_code=Reason.ACCESS_CODE_MISMATCH.code,
    entry_id=AN_ID,
    leaf_hash=b"\x11" * 32,
    log_origin="xa.example/ledger",
)


def test_golden_files() -> None:
    """Partners keep receipts for years: the form may grow, never change."""
    assert render_receipt(RECEIPT) == (GOLDEN / "receipt.xml").read_bytes()
    assert render_notification(NOTIFICATION) == (GOLDEN / "notification.xml").read_bytes()


def test_written_form_is_canonical_and_without_white_space_between_elements() -> None:
    for written in (render_receipt(RECEIPT), render_notification(NOTIFICATION)):
        root = xml.parse(written)
        assert xml.canonical(root) == written
        assert not any((element.tail or "").strip() or element.tail for element in root.iter())


def test_read_back() -> None:
    assert read_receipt(xml.parse(render_receipt(RECEIPT))) == RECEIPT
    assert read_notification(xml.parse(render_notification(NOTIFICATION))) == NOTIFICATION


def test_least_of_each() -> None:
    least = Receipt(
        issuer=OfficeCode("XA"),
        sender=OfficeCode("XA"),
        message_id="m",
        operation="Hold",
        exchange_id=None,
        state=None,
        received_at=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=9))),
        payload_sha256=bytes(32),
        documents=(),
        log_origin="xa.example/ledger",
        entry_id=AN_ID,
        leaf_hash=bytes(32),
    )
    written = render_receipt(least)
    assert b"<ReceivedAt>2025-12-31T15:00:00.000000Z</ReceivedAt>" in written
    assert read_receipt(xml.parse(written)) == least


def test_signature_as_last_child_is_allowed_and_not_read() -> None:
    for read, written, expected in (
        (read_receipt, render_receipt(RECEIPT), RECEIPT),
        (read_notification, render_notification(NOTIFICATION), NOTIFICATION),
    ):
        end = written.rindex(b"</")
        signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Any/></ds:Signature>'
        assert read(xml.parse(written[:end] + signature + written[end:])) == expected
        with pytest.raises(Refused):
            read(xml.parse(written[:end] + signature * 2 + written[end:]))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"<Size>1234</Size>", b"<Size>x</Size>", Reason.SCHEMA_VIOLATION),
        (b"<State>held</State>", b"<State>frozen</State>", Reason.SCHEMA_VIOLATION),
        (b"<Role>bibliography</Role>", b"<Role>novel</Role>", Reason.SCHEMA_VIOLATION),
        (b"<MessageId>m-1", b"<MessageId>m<!-- -->-1", Reason.SCHEMA_VIOLATION),
        (b"urn:pouch:receipt:1", b"urn:pouch:receipt:2", Reason.WRONG_NAMESPACE),
    ],
)
def test_other_receipts_are_refused(old: bytes, new: bytes, reason: Reason) -> None:
    written = render_receipt(RECEIPT)
    assert old in written
    with pytest.raises(Refused) as caught:
        read_receipt(xml.parse(written.replace(old, new)))
    assert caught.value.reason is reason


@given(
    message_id=st.text("abcABC019._:@-", min_size=1, max_size=128),
    origin=st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"),
        min_size=1,
        max_size=60,
    ),
    at=st.datetimes(timezones=st.just(UTC)),
    state=st.none() | st.sampled_from(State),
    digests=st.lists(st.binary(min_size=32, max_size=32), max_size=4),
)
def test_any_receipt_is_read_as_it_was_written(message_id, origin, at, state, digests) -> None:
    documents = tuple(
        ListedDocument(content_id=f"d{n}", size=n, sha256=digest, role=Role.SUPPLEMENT, media_type="a/b")
        for n, digest in enumerate(digests)
    )
    receipt = Receipt(
        issuer=OfficeCode("XA"),
        sender=OfficeCode("XA"),
        message_id=message_id,
        operation="Deposit",
        exchange_id=AN_ID,
        state=state,
        received_at=at.replace(year=max(at.year, 1000)),
        payload_sha256=bytes(32),
        documents=documents,
        log_origin=origin,
        entry_id=AN_ID,
        leaf_hash=bytes(32),
    )
    written = render_receipt(receipt)
    root = xml.parse(written)
    assert xml.canonical(root) == written
    assert read_receipt(root) == receipt


def test_a_receipt_says_so_while_the_log_cannot_be_signed() -> None:
    """Only then: what was agreed before such a log ever was does not change."""
    suspended = replace(RECEIPT, unwitnessed=True)
    written = render_receipt(suspended)
    assert written == render_receipt(RECEIPT).replace(b"</LeafHash>", b"</LeafHash><Standing>unwitnessed</Standing>")
    assert xml.canonical(xml.parse(written)) == written
    assert read_receipt(xml.parse(written)) == suspended
    with pytest.raises(Refused):
        read_receipt(xml.parse(written.replace(b"unwitnessed", b"witnessed")))
