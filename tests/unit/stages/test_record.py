"""One transaction, one receipt: signed before the commit, stored in it, the same bytes for ever."""

import asyncio
import hashlib
import hmac
import json
import re
from dataclasses import replace

import pytest
from core_values import ALL_GIVEN, IB, PDF, XA, XB, application, deposit, head, listed, retrieval
from line_in_memory import make_bench
from lxml import etree

from gateway.core.commitment import opens
from gateway.core.document import Role
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.request import (
    Cause,
    Confirmation,
    Hold,
    Hosting,
    Inquiry,
    Issuer,
    Release,
    Replacement,
    Resend,
    Withdrawal,
    payload_digest,
)
from gateway.core.secret import Secret
from gateway.ports import Appended
from gateway.stages.record import Recorded
from gateway.stages.validate import Repeated
from gateway.wire.receipt import read_receipt


def read(receipt):
    return read_receipt(etree.fromstring(re.sub(rb"<!--.*?-->", b"", receipt)))


def leaf(entry):
    return json.loads(entry.leaf[1:])


async def test_a_deposit_is_all_there_at_once(bench):
    recorded = await bench.accept(deposit(hosting=Hosting.OFFICE), evidence=b"<the message/>")
    assert isinstance(recorded, Recorded)
    view = await bench.view(recorded.exchange_id)
    (document,) = view.documents
    assert (document.version, document.listed.content, document.listed.content_id) == (1, None, "copy.pdf")
    assert bench.documents.kept[document.stored.document_id] == PDF
    (entry,) = bench.store.entries
    known = await bench.store.message(XA, XA, "m-1")
    assert (known.receipt, known.exchange_id) == (recorded.receipt, recorded.exchange_id)
    receipt = read(recorded.receipt)
    assert (receipt.issuer, receipt.sender, receipt.message_id, receipt.operation) == (
        XA,
        XA,
        "m-1",
        "DepositPriorityDocument",
    )
    assert (receipt.exchange_id, receipt.state, receipt.received_at) == (
        recorded.exchange_id,
        view.exchange.state,
        entry.at,
    )
    assert (receipt.log_origin, receipt.entry_id, receipt.leaf_hash) == (
        "gateway.example/log",
        entry.entry_id,
        entry.leaf_hash,
    )
    assert receipt.payload_sha256 == payload_digest(deposit(hosting=Hosting.OFFICE)) == known.digest
    assert [(d.content_id, d.size, d.sha256) for d in receipt.documents] == [
        ("copy.pdf", len(PDF), hashlib.sha256(PDF).digest())
    ]
    assert ("accepted", XA, "Deposit") in bench.meter.told


async def test_the_leaf_holds_digests_and_no_names(bench):
    documents = (listed(content_id="Miller-secret-invention.pdf"), listed(b"<x/>", content_id="b", role=Role.SUPPLEMENT,
                 media_type="application/xml", certification=None))  # fmt: skip
    request = deposit(documents=documents, applicant_email="miller@example.org")
    await bench.accept(request, evidence=b"<message/>")
    (entry,) = bench.store.entries
    shas = json.dumps([d.sha256.hex() for d in documents], separators=(",", ":")).encode()
    payload, email = (each.salt for each in entry.commitments)
    assert leaf(entry)["digests"] == {
        "commitment.payload": hmac.digest(payload, payload_digest(request), "sha256").hex(),
        "commitment.applicant-email": hmac.digest(email, b"miller@example.org", "sha256").hex(),
        "message": hashlib.sha256(b"<message/>").hexdigest(),
        "documents": hashlib.sha256(shas).hexdigest(),
    }
    assert payload_digest(request).hex().encode() not in entry.leaf, "who knows the rest would find the address"
    assert len({payload, email, bytes.fromhex(leaf(entry)["salt"])}) == 3 and {len(payload), len(email)} == {32}
    assert b"iller" not in entry.leaf and b"2026/123" not in entry.leaf and b"2026123" not in entry.leaf


async def test_a_message_that_nobody_signed_is_committed_to(bench):
    """Its digest would show who wrote it: all that it says but a name is often known."""
    exchange_id = (await bench.accept(deposit())).exchange_id
    request = Hold(head=head(message_id="m-2"), exchange_id=exchange_id, explanation="asked by Miller")
    await bench.accept(request, evidence=b'{"explanation":"asked by Miller"}', is_signed=False)
    entry = bench.store.entries[-1]
    assert leaf(entry)["digests"].keys() == {"commitment.payload", "commitment.message", "commitment.explanation"}
    opened = {each.name: each.salt for each in entry.commitments}
    raw = hashlib.sha256(b'{"explanation":"asked by Miller"}').digest()
    assert opens(leaf(entry)["digests"]["commitment.message"], salt=opened["message"], value=raw)
    assert opens(leaf(entry)["digests"]["commitment.explanation"], salt=opened["explanation"], value=b"asked by Miller")


async def test_no_digest_of_a_message_with_a_code_stands_in_the_ledger(bench):
    """Whoever knows the rest of the message would find the code by trying."""
    evidence = b'{"accessCode":"A1b2"}'
    await bench.accept(retrieval(), evidence=evidence)
    (entry,) = bench.store.entries
    assert leaf(entry)["digests"].keys() == {"commitment.payload", "sealed-message"}
    assert hashlib.sha256(evidence).hexdigest().encode() not in entry.leaf
    sealed = hashlib.sha256(b"sealed " + evidence).hexdigest()
    assert leaf(entry)["digests"]["sealed-message"] == sealed


@pytest.mark.parametrize("code_issuer", Issuer)
async def test_a_code_of_the_office_is_made_and_sealed_for_its_exchange(code_issuer):
    bench = make_bench()
    recorded = await bench.accept(deposit(code_issuer=code_issuer))
    sealed = bench.store.codes.get(recorded.exchange_id)
    if code_issuer is Issuer.BUREAU:
        assert sealed is None
    else:
        code = bench.line.sealing.open_secret(sealed, owner=recorded.exchange_id).reveal()
        assert re.fullmatch("[2-79A-HJ-NP-Z]{4}", code)
        assert code.encode() not in recorded.receipt


async def test_codes_are_drawn_from_all_letters_alike():
    bench = make_bench()
    for number in range(300):
        await bench.accept(
            deposit(head=bench.head(), application=application(number=f"{number}"), code_issuer=Issuer.OFFICE)
        )
    codes = [bench.line.sealing.open_secret(sealed, owner=name).reveal() for name, sealed in bench.store.codes.items()]
    letters = "".join(codes)
    assert set(letters) == set("2345679ACDEFGHJKLMNPQRSTUVWXYZ")
    assert max(map(letters.count, set(letters))) < 3 * min(map(letters.count, set(letters)))
    assert len(set(codes)) > 295


async def test_a_retrieval_s_code_is_sealed_and_nowhere_else(bench):
    recorded = await bench.accept(retrieval(access_code=Secret("q7Zk")))
    sealed = bench.store.codes[recorded.exchange_id]
    assert b"q7Zk" not in sealed and b"q7Zk" not in recorded.receipt
    assert bench.line.sealing.open_secret(sealed, owner=recorded.exchange_id).reveal() == "q7Zk"
    assert all(b"q7Zk" not in entry.leaf for entry in bench.store.entries)


async def test_a_replacement_s_documents_have_its_version(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    request = Replacement(head=bench.head(), exchange_id=exchange_id, explanation="x", documents=(listed(b"%PDF-2"),))
    await bench.accept(request)
    view = await bench.view(exchange_id)
    assert [(d.version, d.listed.size) for d in view.documents] == [(1, len(PDF)), (2, 6)]


async def test_what_brings_nothing_has_no_evidence(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    before = len(bench.documents.spools)
    for request in (
        Hold(head=bench.head(), exchange_id=exchange_id, explanation="x"),
        Confirmation(head=bench.head(), notification_id=next(iter(bench.store.notices))),
    ):
        await bench.accept(request)
    assert len(bench.documents.spools) == before


@pytest.mark.parametrize("lift", [False, True])
async def test_a_hold_of_the_office_stops_it(bench, lift):
    bench.store.stops.add(XA) if lift else None
    await bench.accept(Hold(head=head(), exchange_id=None, explanation="x", lift=lift))
    assert (XA in bench.store.stops) is not lift
    assert [entry.exchange_id for entry in bench.store.entries] == [None]


async def test_lifting_a_hold_forgives_wrong_codes(bench):
    exchange_id = await bench.deposited()
    about = (await bench.view(exchange_id)).exchange.application
    await bench.store.count(XA, IB, about)
    hold = Hold(head=bench.head(), exchange_id=exchange_id, explanation="x")
    await bench.accept(hold)
    assert await bench.store.so_far(XA, IB, about) == 1
    await bench.accept(replace(hold, head=bench.head(), lift=True))
    assert await bench.store.so_far(XA, IB, about) == 0


# --- repeats ----------------------------------------------------------------------------------------------------------


async def test_a_repeat_gets_the_same_bytes_and_changes_nothing(bench):
    first = await bench.accept(deposit(), evidence=b"<one/>")
    before = len(bench.store.entries)
    again = await bench.accept(deposit(), evidence=b"<signed anew/>")
    assert isinstance(again, Repeated)
    assert (again.receipt, again.exchange_id) == (first.receipt, first.exchange_id)
    assert (len(bench.store.entries), len(bench.store.exchanges)) == (before, 1)
    assert bench.meter.told.count(("accepted", XA, "Deposit")) == 1
    assert ("repeated", XA, "Deposit") in bench.meter.told


async def test_a_repeat_gets_the_same_bytes_though_the_exchange_went_on(bench):
    exchange_id = await bench.deposited(head=head(message_id="d"))
    release = Release(head=bench.head(), exchange_id=exchange_id, decisions=ALL_GIVEN)
    withdrawal = Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT)
    first = [await bench.accept(deposit(head=head(message_id="d")))]
    for request in (release, withdrawal):
        first.append(await bench.accept(request))
        await bench.work()
    again = [await bench.accept(request) for request in (deposit(head=head(message_id="d")), release, withdrawal)]
    assert [each.receipt for each in again] == [each.receipt for each in first]
    assert read(first[0].receipt).state.value == "held", "as it was then"


async def test_the_same_id_with_other_content_is_refused_and_leaves_the_first(bench):
    first = await bench.accept(deposit())
    with pytest.raises(Refused) as refused:
        await bench.accept(deposit(documents=(listed(b"%PDF-another"),)))
    assert refused.value.reason is Reason.MESSAGE_ID_CONFLICT
    assert (await bench.store.message(XA, XA, "m-1")).receipt == first.receipt
    assert len(bench.store.exchanges) == 1


async def test_a_document_that_is_deposited_is_not_deposited_again(bench):
    await bench.accept(deposit())
    with pytest.raises(Refused) as refused:
        await bench.accept(deposit(head=bench.head(), application=application(number="2026123")))
    assert refused.value.reason is Reason.ALREADY_DEPOSITED


async def test_a_withdrawn_document_is_deposited_again_when_its_withdrawal_is_through(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    await bench.accept(Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT))
    again = deposit(head=head(message_id="again"))
    with pytest.raises(Deferred) as deferred:
        await bench.accept(again)
    assert deferred.value.reason is Reason.BEING_WITHDRAWN
    await bench.work()
    assert isinstance(await bench.accept(again), Recorded)


@pytest.mark.parametrize("kind", ["deposit", "release", "resend"])
async def test_many_at_once_are_one_effect_and_one_receipt(kind):
    """Whatever each of them read before the first had written."""
    bench = make_bench()
    exchange_id = await bench.deposited()
    request = {
        "deposit": deposit(head=head(message_id="m"), application=application(number="7")),
        "release": Release(head=head(message_id="m"), exchange_id=exchange_id, decisions=ALL_GIVEN),
        "resend": Resend(head=head(message_id="m"), exchange_id=exchange_id),
    }[kind]
    if kind == "resend":
        await bench.release(exchange_id, ALL_GIVEN)
    before = len(bench.store.entries)
    gate = Gate(bench.store)
    accepted = await asyncio.gather(*(bench.accept(request) for _ in range(20)))
    assert gate.passed >= 20
    assert len({each.receipt for each in accepted}) == 1
    assert sum(isinstance(each, Recorded) for each in accepted) == 1
    assert len(bench.store.entries) == before + 1


class Gate:
    """Lets other tasks run before every append, as a database does."""

    def __init__(self, store) -> None:
        self._append, self.passed = store.append, 0
        store.append = self

    async def __call__(self, change):
        self.passed += 1
        for _ in range(5):
            await asyncio.sleep(0)
        return await self._append(change)


async def test_a_receipt_that_was_not_committed_does_not_leave(bench):
    """A journal that says "it was there" while nothing is found there."""

    async def lost(change):
        return Appended(fresh=False, receipt=b"<Receipt/>", digest=b"")

    bench.store.append = lost
    with pytest.raises(Deferred) as deferred:
        await bench.accept(deposit())
    assert deferred.value.reason is Reason.DATABASE_UNAVAILABLE


async def test_a_failed_commit_gives_no_receipt_and_the_repeat_a_whole_one(bench):
    working = bench.store.append

    async def away(change):
        raise Deferred(Reason.DATABASE_UNAVAILABLE)

    bench.store.append = away
    with pytest.raises(Deferred):
        await bench.accept(deposit())
    assert (bench.store.exchanges, bench.store.messages) == ({}, {})
    bench.store.append = working
    assert isinstance(await bench.accept(deposit()), Recorded)


async def test_an_inquiry_is_acknowledged_by_its_answer_s_id(bench):
    await bench.placed(ALL_GIVEN, hosting=Hosting.OFFICE)
    recorded = await bench.accept(
        Inquiry(head=head(message_id="i", sender=IB), application=application(), access_code=Secret("A1b2"))
    )
    assert recorded.legs == (bench.store.transmissions[-1].transmission_id,)
    assert bench.store.transmissions[-1].leg.counterpart == IB
    assert XB not in bench.signers or bench.signers[XB].signed == 0, "signed by the office that was asked"
