"""Notifications: signed by the hosted office, for the system that deposited or asked, with their ledger entry."""

from datetime import timedelta

import pytest
from core_values import NOW, XA, accessing, exchange
from lxml import etree

from gateway.app.signing import HostSigner
from gateway.core.exchange import State, Step
from gateway.core.reason import Reason
from gateway.core.receipt import Event
from gateway.stages.notify import notification_row
from gateway.wire.receipt import read_notification
from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.trust import Purpose, TrustList, pin
from pki.xmldsig import verify_enveloped


@pytest.fixture(scope="module")
def key():
    return issue_signer("XA", key=generate_key(), now=NOW - timedelta(days=1))


def entry_of(bench, of):
    return bench.line.entry(hosted=of.hosted, exchange_id=of.exchange_id, step=Step.PLACED, actor="IB")


@pytest.mark.parametrize("reason", [None, Reason.FILE_REJECTED])
@pytest.mark.parametrize("event", Event)
def test_it_says_what_became_of_the_exchange(bench, event, reason):
    of = exchange(state=State.PLACED, version=3, terms={"owner": "XC"})
    entry = entry_of(bench, of)
    row = notification_row(event, of, entry, bench.line, reason=reason)
    told = read_notification(etree.fromstring(row.content.split(b"<!--")[0]))
    assert (row.notification_id, row.addressee, row.event) == (told.notification_id, "XC", event.value)
    assert (told.issuer, told.addressee, told.exchange_id) == (XA, "XC", of.exchange_id)
    assert (told.event, told.state, told.version, told.at) == (event, State.PLACED, 3, entry.at)
    assert told.reason_code == (reason.code if reason else None)
    assert (told.entry_id, told.leaf_hash, told.log_origin) == (
        entry.entry_id,
        entry.leaf_hash,
        "gateway.example/log",
    )


def test_each_has_an_id_of_its_own(bench):
    of = exchange()
    names = {notification_row(Event.HELD, of, entry_of(bench, of), bench.line).notification_id for _ in range(9)}
    assert len(names) == 9


def test_it_is_signed_by_the_office_whose_it_is(bench):
    notification_row(Event.RECEIVED, accessing(), entry_of(bench, accessing()), bench.line)
    assert {office: signer.signed for office, signer in bench.signers.items()} == {"XA": 0, "XB": 1}


def test_its_signature_verifies_and_a_changed_one_does_not(bench, key):
    bench.signers[XA] = HostSigner(key, key)
    of = exchange(state=State.PLACED)
    row = notification_row(Event.PLACED, of, entry_of(bench, of), bench.line)
    trust = TrustList([pin("XA", Purpose.SIGNING, key.certificate)])
    assert verify_enveloped(row.content, trust=trust, now=NOW)[0].passed
    changed = row.content.replace(b">placed<", b">refused<")
    assert changed != row.content
    assert not verify_enveloped(changed, trust=trust, now=NOW)[0].passed
