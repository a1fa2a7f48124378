"""The rules that no schema can say: each has its Reason, and none lets anybody see what is not his."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from core_values import (
    ALL_GIVEN,
    EXCHANGE_ID,
    IB,
    NOW,
    OTHER_ID,
    PDF,
    XA,
    XB,
    application,
    deposit,
    head,
    listed,
    retrieval,
)

from gateway.core.document import Role
from gateway.core.reason import Reason, Refused
from gateway.core.request import (
    Cause,
    Confirmation,
    Correction,
    Hold,
    Hosting,
    Inquiry,
    Issuer,
    Notice,
    Release,
    Replacement,
    Resend,
    Withdrawal,
)
from gateway.core.secret import Secret
from gateway.stages.authenticate import Authentic
from gateway.stages.unpack import unpack
from gateway.stages.validate import Repeated, Valid, validate

TODAY = NOW.date()


async def validated(bench, request):
    unpacked = await unpack(Authentic(request=request, evidence=b"<message/>", parts=None), bench.line)
    return await validate(unpacked, bench.line)


async def refusal(bench, request):
    with pytest.raises(Refused) as refused:
        await validated(bench, request)
    return refused.value.reason


def inquiry(code="A1b2", sender=IB, **changes):
    return Inquiry(
        head=head(message_id=f"{code}-{sender}", sender=sender),
        application=application(normal="not known yet", **changes),
        access_code=Secret(code),
    )


def about(exchange_id, sender=XA):
    """One request of each kind about an exchange."""
    of = head(message_id="another", sender=sender)
    return (
        Release(head=of, exchange_id=exchange_id, decisions=ALL_GIVEN),
        Correction(head=of, exchange_id=exchange_id, filing_date=date(2026, 3, 2), explanation="x"),
        Replacement(head=of, exchange_id=exchange_id, explanation="x", documents=(listed(),)),
        Withdrawal(head=of, exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT),
        Hold(head=of, exchange_id=exchange_id, explanation="x"),
        Resend(head=of, exchange_id=exchange_id),
    )


async def test_a_valid_request_carries_the_number_to_compare_by(bench):
    for request in (deposit(), retrieval()):
        valid = await validated(bench, request)
        assert isinstance(valid, Valid)
        assert valid.request.application.normal == "XA 2026123"
        assert valid.request.application.number == "2026/123", "as received"
        assert valid.effect.exchange.application == valid.request.application


@pytest.mark.parametrize("request_", [deposit, retrieval])
async def test_a_number_of_no_form_is_refused(bench, request_):
    assert await refusal(bench, request_(application=application(number="20?6"))) is Reason.NUMBER_MALFORMED


async def test_an_office_deposits_its_own_applications(bench):
    assert await refusal(bench, deposit(application=application(office=XB))) is Reason.NOT_ENTITLED


BAD_DATES = (date(1899, 12, 31), TODAY + timedelta(days=2), date.max)
GOOD_DATES = (date(1900, 1, 1), TODAY, TODAY + timedelta(days=1))


def dated(day):
    certification = replace(listed().certification, certified_on=day)
    return (
        deposit(application=application(filing_date=day)),
        deposit(documents=(listed(certification=certification),)),
        retrieval(application=application(filing_date=day)),
        retrieval(own_filing_date=day),
    )


@pytest.mark.parametrize("day", BAD_DATES)
async def test_a_date_that_cannot_be_is_refused(bench, day):
    for request in dated(day):
        assert await refusal(bench, request) is Reason.DATE_MALFORMED
    exchange_id = await bench.deposited()
    correction = Correction(head=head(), exchange_id=exchange_id, filing_date=day, explanation="x")
    assert await refusal(bench, correction) is Reason.DATE_MALFORMED


@pytest.mark.parametrize("day", GOOD_DATES)
async def test_a_date_that_can_be_is_taken_also_from_further_east(bench, day):
    for request in dated(day):
        assert isinstance(await validated(bench, request), Valid)


@pytest.mark.parametrize("code", ["", "A1b", "A1b2c", "A1b,", "A1b\n", "A1b2\n", "Ä1b2", "１２３４"])
async def test_a_code_of_another_form_is_refused_unseen(bench, code):
    await bench.placed(ALL_GIVEN, hosting=Hosting.OFFICE)
    for request in (retrieval(access_code=Secret(code)), inquiry(code)):
        assert await refusal(bench, request) is Reason.ACCESS_CODE_MALFORMED
    assert bench.store.guessed == {}


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ((listed(b""),), Reason.DOCUMENT_EMPTY),
        ((listed(certification=None),), Reason.CERTIFICATION_MISSING),
        ((listed(role=Role.TRANSLATION),), Reason.CERTIFICATION_MISSING),
        ((), Reason.CERTIFICATION_MISSING),
        ((listed(b"<xml/>"),), Reason.MEDIA_TYPE_MISMATCH),
        ((listed(b"%PD"),), Reason.MEDIA_TYPE_MISMATCH),
        ((listed(PDF, media_type="application/zip"),), Reason.MEDIA_TYPE_MISMATCH),
        ((listed(), listed(b"PK\x03\x04", content_id="b", media_type="application/pdf")), Reason.MEDIA_TYPE_MISMATCH),
    ],
)
async def test_documents_that_are_no_certified_copy_are_refused(bench, documents, reason):
    assert await refusal(bench, deposit(documents=documents)) is reason
    exchange_id = await bench.deposited()
    replacement = Replacement(head=head(), exchange_id=exchange_id, explanation="x", documents=documents)
    assert await refusal(bench, replacement) is reason


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"PK\x03\x04...", "application/zip"), (b"PK\x05\x06", "application/zip"), (b"II*\0", "image/tiff")],
)
async def test_documents_of_other_types_are_looked_at_by_their_own_mark_or_not_at_all(bench, content, media_type):
    assert isinstance(await validated(bench, deposit(documents=(listed(content, media_type=media_type),))), Valid)


# --- whose it is ------------------------------------------------------------------------------------------------------


async def test_an_exchange_that_is_not_there_and_another_s_look_alike(bench):
    exchange_id = await bench.deposited()
    for request in (*about(OTHER_ID), *about(exchange_id, sender="XC")):
        assert await refusal(bench, request) is Reason.EXCHANGE_UNKNOWN


async def test_the_same_exchange_id_at_another_office_is_unknown(bench):
    exchange_id = await bench.deposited()
    request = Release(head=head(sender=XB, hosted=XB), exchange_id=exchange_id, decisions=ALL_GIVEN)
    assert await refusal(bench, request) is Reason.EXCHANGE_UNKNOWN


async def test_a_notification_is_confirmed_by_its_addressee(bench):
    await bench.placed(ALL_GIVEN)
    name = next(iter(bench.store.notices))
    valid = await validated(bench, Confirmation(head=head(), notification_id=name))
    assert valid.effect.confirms == name
    for request in (
        Confirmation(head=head(), notification_id=OTHER_ID),
        Confirmation(head=head(sender="XC"), notification_id=name),
        Confirmation(head=head(sender=XB, hosted=XB), notification_id=name),
    ):
        assert await refusal(bench, request) is Reason.NOTIFICATION_UNKNOWN


async def test_a_notice_names_what_waits_at_its_sender(bench):
    exchange_id = await bench.requested()
    assert await bench.dispatch_one() == "routed"
    claimed = await bench.store.claim(busy=frozenset(), lease=timedelta(minutes=1))
    await bench.store.progress(claimed).commit(acknowledgement="A-1")
    notice = Notice(head=head(sender=IB, hosted=XB), acknowledgement_id="A-1")
    assert (await validated(bench, notice)).effect.exchange_id == exchange_id
    for other in (
        replace(notice, acknowledgement_id="A-2"),
        replace(notice, head=head(sender="XC", hosted=XB)),
        replace(notice, head=head(sender=IB, hosted=XA)),
    ):
        assert await refusal(bench, other) is Reason.EXCHANGE_UNKNOWN


async def test_a_hold_of_the_office_is_about_no_exchange(bench):
    valid = await validated(bench, Hold(head=head(), exchange_id=None, explanation="secrecy"))
    assert valid.effect.exchange_id is None


# --- repeats ----------------------------------------------------------------------------------------------------------


async def test_an_honest_repeat_is_known_whatever_has_changed_since(bench):
    """What was accepted stays accepted: the rules of today are not asked."""
    first = retrieval(head=head(message_id="r", sender=XB, hosted=XB))
    deposited, requested = await bench.accept(deposit()), await bench.accept(first)
    bench.agreements.clear()
    for _ in range(3):
        await bench.store.count(XB, XB, application(normal="XA 2026123"))
    bench.clock.pass_by(timedelta(days=-300))  # a filing date of tomorrow's tomorrow
    for request, known in ((deposit(), deposited), (first, requested)):
        repeated = await validated(bench, request)
        assert isinstance(repeated, Repeated)
        assert (repeated.receipt, repeated.exchange_id) == (known.receipt, known.exchange_id)
    assert await refusal(bench, replace(first, head=head(message_id="s", sender=XB, hosted=XB)))


async def test_a_repeat_of_a_change_is_known_before_its_state_is_looked_at(bench):
    exchange_id = await bench.deposited()
    withdrawal = Withdrawal(head=bench.head(), exchange_id=exchange_id, cause=Cause.WRONG_DOCUMENT)
    receipt = (await bench.accept(withdrawal)).receipt
    repeated = await validated(bench, withdrawal)
    assert (repeated.receipt, repeated.exchange_id) == (receipt, exchange_id)
    another = replace(withdrawal, head=bench.head())
    assert await refusal(bench, another) is Reason.STATE_CONFLICT


async def test_the_same_id_with_other_content_is_a_conflict(bench):
    exchange_id = await bench.deposited(head=head(message_id="d"))
    release = Release(head=head(message_id="r"), exchange_id=exchange_id, decisions=ALL_GIVEN)
    await bench.accept(release)
    for request in (
        replace(release, decisions=ALL_GIVEN[:1]),
        replace(release, exchange_id=EXCHANGE_ID),
        Resend(head=head(message_id="r"), exchange_id=exchange_id),
        deposit(head=head(message_id="r"), application=application(number="20?6")),
    ):
        assert await refusal(bench, request) is Reason.MESSAGE_ID_CONFLICT


# --- our library ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def library(bench):
    """A document in XA's library under a code of XA's; gives the bench, the exchange and the code."""
    exchange_id = await bench.placed(ALL_GIVEN, hosting=Hosting.OFFICE, code_issuer=Issuer.OFFICE)
    code = bench.line.sealing.open_secret(bench.store.codes[exchange_id], owner=exchange_id).reveal()
    return bench, exchange_id, code


def wrong(code):
    return "".join("3" if letter == "2" else "2" for letter in code)


async def test_who_has_number_date_and_code_is_answered(library):
    bench, exchange_id, code = library
    assert (await validated(bench, inquiry(code))).effect.exchange_id == exchange_id
    assert bench.store.guessed == {}


async def test_what_is_asked_for_must_be_there(library):
    bench, _, code = library
    assert await refusal(bench, inquiry(code, number="2026/124")) is Reason.NOT_REGISTERED
    assert await refusal(bench, inquiry(code, filing_date=date(2026, 3, 2))) is Reason.DATE_MISMATCH


async def test_a_wrong_code_is_counted_and_then_a_person_decides(library):
    bench, _, code = library
    for _ in range(3):
        assert await refusal(bench, inquiry(wrong(code))) is Reason.ACCESS_CODE_MISMATCH
    assert await refusal(bench, inquiry(wrong(code))) is Reason.TOO_MANY_WRONG_CODES
    assert await refusal(bench, inquiry(code)) is Reason.TOO_MANY_WRONG_CODES, "also the right one"
    assert bench.meter.told.count(("wrong_access_code", XA, "das")) == 3
    assert list(bench.store.guessed.values()) == [3]
    await bench.store.forgive(XA, application(normal="XA 2026123"))
    assert isinstance(await validated(bench, inquiry(code)), Valid)


async def test_one_caller_s_guesses_are_not_another_s(library):
    bench, _, code = library
    for _ in range(3):
        await refusal(bench, inquiry(wrong(code)))
    bench.agreements.append(replace(bench.agreements[0], name="XA-XC", counterpart="XC"))
    assert isinstance(await validated(bench, inquiry(code, sender="XC")), Valid)


async def test_the_expected_code_is_nowhere_in_what_is_said(library):
    bench, _, code = library
    with pytest.raises(Refused) as refused:
        await validated(bench, inquiry(wrong(code)))
    said = repr(refused.value) + repr(bench.meter.told) + repr([entry.leaf for entry in bench.store.entries])
    assert code not in said and wrong(code) not in said


async def test_a_code_of_the_bureau_s_is_the_bureau_s_to_compare(bench):
    await bench.placed(ALL_GIVEN, hosting=Hosting.OFFICE)
    assert isinstance(await validated(bench, inquiry("Z9z9")), Valid)


async def test_what_is_not_placed_yet_is_not_registered(bench):
    await bench.deposited(hosting=Hosting.OFFICE)
    assert await refusal(bench, inquiry()) is Reason.NOT_REGISTERED


async def test_after_too_many_wrong_codes_nothing_more_is_asked_of_a_counterpart(bench):
    normal = application(normal="XA 2026123")
    for _ in range(3):
        await bench.store.count(XB, XB, normal)
    assert await refusal(bench, retrieval()) is Reason.TOO_MANY_WRONG_CODES
    assert isinstance(await validated(bench, retrieval(head=head(sender="XC", hosted=XB))), Valid)
