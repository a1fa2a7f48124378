"""Questions are answered to whose exchange it is; a package is opened for its owner, a code when it is time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from core_values import ALL_GIVEN, OTHER_ID, PDF, XA, XB, head, listed
from line_in_memory import pending

from gateway.core.exchange import FactName
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.request import Cause, Confirmation, Correction, Issuer, Read, ReadKind, Replacement, Withdrawal
from gateway.stages.tell import fetch_package, poll_notifications, tell_status


def question(kind=ReadKind.STATUS, exchange_id=None, sender=XA, hosted=XA, **changes):
    return Read(head=head(sender=sender, hosted=hosted), kind=kind, exchange_id=exchange_id, **changes)


def fetch(exchange_id, **changes):
    return question(ReadKind.FETCH, exchange_id, **changes)


async def refusal(awaitable):
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value.reason


async def contents(bench, package):
    return [b"".join([chunk async for chunk in bench.documents.read(d)]) for d in package.documents]


# --- status and notifications -----------------------------------------------------------------------------------------


async def test_a_status_is_told_to_whose_it_is_and_changes_nothing(bench):
    exchange_id = await bench.deposited()
    before = len(bench.store.entries)
    assert (await tell_status(question(exchange_id=exchange_id), bench.line)).exchange.exchange_id == exchange_id
    for asked in (
        question(exchange_id=exchange_id, sender="XC"),
        question(exchange_id=exchange_id, sender=XB, hosted=XB),
        question(exchange_id=OTHER_ID),
        question(exchange_id=None),
    ):
        for answer in (tell_status, fetch_package):
            assert await refusal(answer(asked, bench.line)) is Reason.EXCHANGE_UNKNOWN
    assert len(bench.store.entries) == before


async def test_notifications_come_until_they_are_confirmed(bench):
    await bench.placed(ALL_GIVEN)
    asked = question(ReadKind.POLL)
    told = await poll_notifications(asked, bench.line)
    assert sorted(each.event for each in told) == ["placed", "released"]
    assert await poll_notifications(asked, bench.line) == told
    assert await poll_notifications(replace(asked, limit=1), bench.line) == told[:1]
    await bench.accept(Confirmation(head=bench.head(), notification_id=told[0].notification_id))
    assert await poll_notifications(asked, bench.line) == told[1:]
    assert await poll_notifications(question(ReadKind.POLL, sender="XC"), bench.line) == ()


# --- packages ---------------------------------------------------------------------------------------------------------


async def test_a_package_is_fetched_by_who_asked_for_it_and_that_is_an_entry(bench):
    exchange_id = await bench.requested()
    asked = fetch(exchange_id, sender=XB, hosted=XB)
    assert await refusal(fetch_package(asked, bench.line)) is Reason.PACKAGE_NOT_READY
    await bench.dispatch_one()
    await bench.dispatch_one()
    package = await fetch_package(asked, bench.line)
    assert (package.version, [d.listed.content_id for d in package.documents]) == (1, ["copy.pdf"])
    assert package.access_code is None, "whose it is knows it"
    assert bench.steps(exchange_id)[-1] == "fetched"
    facts = (await bench.view(exchange_id)).facts
    assert [(f.name, f.value) for f in facts] == [(FactName.FETCHED, "1")]


async def test_versions_can_be_fetched_as_they_were(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    newer = listed(b"%PDF-newer")
    await bench.accept(Replacement(head=bench.head(), exchange_id=exchange_id, explanation="x", documents=(newer,)))
    for version, content in ((None, b"%PDF-newer"), (2, b"%PDF-newer"), (1, PDF)):
        package = await fetch_package(fetch(exchange_id, version=version), bench.line)
        assert await contents(bench, package) == [content]
    for version in (3, 10**6):
        assert await refusal(fetch_package(fetch(exchange_id, version=version), bench.line)) is Reason.PACKAGE_NOT_READY


async def test_a_correction_has_the_documents_of_the_version_before(bench):
    exchange_id = await bench.placed(ALL_GIVEN)
    filed = (await bench.view(exchange_id)).exchange.application.filing_date
    await bench.accept(
        Correction(head=bench.head(), exchange_id=exchange_id, filing_date=filed + timedelta(days=1), explanation="x")
    )
    package = await fetch_package(fetch(exchange_id), bench.line)
    assert (package.version, await contents(bench, package)) == (2, [PDF])


async def test_what_was_forgotten_is_said_to_be(bench):
    exchange_id = await bench.deposited()
    documents = bench.store.documents[exchange_id]
    documents[0] = replace(documents[0], stored=replace(documents[0].stored, wrapped_key=b""))
    assert await refusal(fetch_package(fetch(exchange_id), bench.line)) is Reason.DOCUMENT_FORGOTTEN


async def test_a_fetch_that_cannot_be_written_opens_nothing(bench):
    exchange_id = await bench.deposited()

    async def away(change):
        raise Deferred(Reason.DATABASE_UNAVAILABLE)

    bench.store.append = away
    with pytest.raises(Deferred):
        await fetch_package(fetch(exchange_id), bench.line)


async def test_a_code_is_given_out_only_after_the_counterpart_has_confirmed(bench):
    exchange_id = await bench.deposited(code_issuer=Issuer.OFFICE)
    asked = fetch(exchange_id)
    assert (await fetch_package(asked, bench.line)).access_code is None
    bench.bureau.plays.extend([pending()])
    await bench.release(exchange_id, ALL_GIVEN)
    await bench.work()
    assert (await fetch_package(asked, bench.line)).access_code is None, "it has not confirmed yet"
    bench.clock.pass_by(timedelta(minutes=1))
    await bench.work()
    package = await fetch_package(asked, bench.line)
    handed = bench.bureau.errands[-1].cargo.subject.access_code
    assert package.access_code == handed, "the code that the counterpart was told"
    assert bench.store.entries[-1].leaf.count(b"with access code") == 1
    assert handed.reveal().encode() not in b"".join(e.leaf for e in bench.store.entries)
    await bench.accept(Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT))
    assert (await fetch_package(asked, bench.line)).access_code is None


async def test_a_code_of_the_bureau_s_is_never_given_out(bench):
    exchange_id = await bench.placed(ALL_GIVEN, code_issuer=Issuer.BUREAU)
    assert (await fetch_package(fetch(exchange_id), bench.line)).access_code is None
