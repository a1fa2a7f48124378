"""Forgetting: what is destroyed, what is told afterwards, and what is still possible."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from core_values import ALL_GIVEN, IB, OTHER_ID, XA, application, deposit, head
from line_in_memory import pending

from gateway.core.commitment import opens
from gateway.core.exchange import State, Step
from gateway.core.reason import Overtaken, Reason, Refused
from gateway.core.request import (
    Cause,
    Correction,
    Hold,
    Hosting,
    Inquiry,
    Issuer,
    Read,
    ReadKind,
    Release,
    Replacement,
    Resend,
    Withdrawal,
)
from gateway.core.secret import Secret
from gateway.stages.forget import forget, look_before_forgetting
from gateway.stages.lend import issue_ticket
from gateway.stages.tell import fetch_package, tell_status

BASIS = "retention rule 7.2"


async def refusal(awaitable):
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value.reason


def asked(kind, exchange_id):
    return Read(head=head(), kind=kind, exchange_id=exchange_id)


async def forgotten(bench, *, force=True, **changes):
    exchange_id = await bench.placed(ALL_GIVEN, **changes)
    done = await forget(XA, exchange_id, bench.line, basis=BASIS, force=force)
    return exchange_id, done


async def test_a_withdrawn_deposit_is_forgotten_and_says_so(bench):
    exchange_id = await bench.deposited(applicant_email="miller@example.org")
    assert await refusal(forget(XA, exchange_id, bench.line, basis=BASIS)) is Reason.STATE_CONFLICT
    await bench.accept(Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT))
    assert (await look_before_forgetting(XA, exchange_id, bench.line, force=False)).state is State.WITHDRAWN
    done = await forget(XA, exchange_id, bench.line, basis=BASIS)
    assert (done.documents, done.exchange.exchange_id) == (1, exchange_id)
    status = await tell_status(asked(ReadKind.STATUS, exchange_id), bench.line)
    assert (status.is_forgotten, status.exchange.state) == (True, State.WITHDRAWN)
    assert await refusal(fetch_package(asked(ReadKind.FETCH, exchange_id), bench.line)) is Reason.DOCUMENT_FORGOTTEN
    assert await refusal(forget(XA, exchange_id, bench.line, basis=BASIS)) is Reason.DOCUMENT_FORGOTTEN


async def test_the_forgetting_is_an_entry_that_commits_to_its_basis(bench):
    _, done = await forgotten(bench)
    entry = bench.store.entries[-1]
    leaf = json.loads(entry.leaf[1:])
    assert (entry.step, entry.entry_id, leaf["outcome"]) == (Step.FORGOTTEN, done.entry_id, "while placed")
    (commitment,) = entry.commitments
    assert opens(leaf["digests"]["commitment.basis"], salt=commitment.salt, value=BASIS.encode())


async def test_an_unknown_exchange_and_another_office_s_cannot_be_forgotten(bench):
    exchange_id = await bench.deposited()
    for hosted, name in ((XA, OTHER_ID), ("XB", exchange_id)):
        assert await refusal(forget(hosted, name, bench.line, basis=BASIS, force=True)) is Reason.EXCHANGE_UNKNOWN


async def test_what_is_on_hold_is_kept(bench):
    exchange_id = await bench.deposited()
    await bench.accept(Hold(head=bench.head(), exchange_id=exchange_id, explanation="a court asks"))
    assert await refusal(forget(XA, exchange_id, bench.line, basis=BASIS, force=True)) is Reason.HELD_BY_PERSON


async def test_a_repeat_of_a_forgotten_message_gets_no_other_answer_than_that(bench):
    request = deposit()
    exchange_id = (await bench.accept(request)).exchange_id
    release = Release(head=bench.head(), exchange_id=exchange_id, decisions=ALL_GIVEN)
    await bench.accept(release)
    await forget(XA, exchange_id, bench.line, basis=BASIS, force=True)
    entries = len(bench.store.entries)
    for repeat in (request, release):
        assert await refusal(bench.accept(repeat)) is Reason.DOCUMENT_FORGOTTEN
    assert len(bench.store.entries) == entries


@pytest.mark.parametrize("kind", ["release", "correction", "replacement", "resend"])
async def test_what_needs_the_documents_is_refused(bench, kind):
    exchange_id, _ = await forgotten(bench)
    requests = {
        "release": Release(head=bench.head(), exchange_id=exchange_id, decisions=ALL_GIVEN),
        "correction": Correction(
            head=bench.head(), exchange_id=exchange_id, filing_date=date(2026, 3, 2), explanation="typed wrong"
        ),
        "replacement": Replacement(
            head=bench.head(), exchange_id=exchange_id, explanation="page missing", documents=deposit().documents
        ),
        "resend": Resend(head=bench.head(), exchange_id=exchange_id),
    }
    assert await refusal(bench.accept(requests[kind])) is Reason.DOCUMENT_FORGOTTEN


async def test_a_registration_that_is_left_can_be_withdrawn(bench):
    exchange_id, _ = await forgotten(bench)
    await bench.accept(Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT))
    await bench.work()
    assert bench.bureau.tasks[-1] == "Withdraw"
    view = await bench.view(exchange_id)
    assert [(t.leg.task.value, t.state) for t in view.transmissions][-1] == ("withdraw", "done")
    assert view.exchange.state is State.WITHDRAWN


async def test_a_forgotten_document_of_our_library_is_not_there_for_anybody(bench):
    """Its code is destroyed as well: without this, any code would do."""
    await forgotten(bench, hosting=Hosting.OFFICE, code_issuer=Issuer.OFFICE)
    inquiry = Inquiry(head=bench.head(sender=IB), application=application(), access_code=Secret("ZZZZ"))
    assert await refusal(bench.accept(inquiry)) is Reason.NOT_REGISTERED
    assert await refusal(issue_ticket(XA, IB, application(), bench.line)) is Reason.NOT_REGISTERED


async def test_what_is_under_way_ends_with_it(bench):
    exchange_id = await bench.deposited()
    await bench.release(exchange_id, ALL_GIVEN)
    bench.bureau.plays.append(pending())
    await bench.work()
    assert [t.state for t in (await bench.view(exchange_id)).transmissions] == ["done", "ready"]
    await forget(XA, exchange_id, bench.line, basis=BASIS, force=True)
    view = await bench.view(exchange_id)
    assert [(t.state, t.reason) for t in view.transmissions][1:] == [("refused", Reason.DOCUMENT_FORGOTTEN.code)]
    bench.clock.at += timedelta(days=1)
    assert await bench.work() == []


async def test_who_is_overtaken_looks_again(bench):
    exchange_id = await bench.deposited()
    view = await bench.view(exchange_id)
    await bench.release(exchange_id, ALL_GIVEN[:1])
    stale = view.exchange.revision

    class Stale:
        async def view(self, _hosted, _name):
            return view

    with pytest.raises(Overtaken):
        await forget(XA, exchange_id, replace(bench.line, records=Stale()), basis=BASIS, force=True)
    assert stale < (await bench.view(exchange_id)).exchange.revision
