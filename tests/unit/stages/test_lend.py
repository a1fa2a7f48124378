"""A ticket opens one document of our library, for a while, and only as long as it may be read."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from core_values import ALL_GIVEN, IB, PDF, XA, application, decision, head, listed
from line_in_memory import make_bench

from gateway.app.system import KeySealing
from gateway.core.exchange import FactName
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition, Outcome
from gateway.core.request import Cause, Hold, Hosting, Inquiry, Replacement, Withdrawal
from gateway.core.secret import Secret
from gateway.stages.lend import issue_ticket, lend, record_taken
from gateway.store.wrapping import WrappingKeys

APPLICATION = application(normal="XA 2026123")


async def asked(bench, sender=IB):
    await bench.accept(Inquiry(head=bench.head(sender=sender), application=application(), access_code=Secret("A1b2")))


@pytest.fixture
async def library():
    """A line with a document in its library that IB has asked for; seals as the gateway does."""
    bench = make_bench(sealing=KeySealing(WrappingKeys([bytes(32)])))
    bench.exchange_id = await bench.placed(ALL_GIVEN, hosting=Hosting.OFFICE)
    await asked(bench)
    return bench


async def ticket_of(bench, **changes):
    return await issue_ticket(XA, IB, replace(APPLICATION, **changes), bench.line)


async def refusal(awaitable):
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value.reason


async def test_a_ticket_opens_the_certified_copy_and_taking_it_is_told(library):
    lent = await lend(await ticket_of(library), library.line)
    assert b"".join([chunk async for chunk in lent.chunks]) == PDF
    assert (lent.counterpart, lent.document.listed.content_id) == (IB, "copy.pdf")
    before = len(library.store.entries)
    await record_taken(lent, library.line)
    view = await library.view(library.exchange_id)
    assert [(f.value, f.at) for f in view.facts if f.name is FactName.TAKEN_BY_COUNTERPART] == [(IB, library.clock.at)]
    (entry,) = library.store.entries[before:]
    assert entry.step.value == "taken" and b"copy.pdf" not in entry.leaf
    assert library.events(library.exchange_id)[-1] == "taken"


@pytest.mark.parametrize(
    "changes",
    [{"filing_date": date(2026, 3, 2)}, {"normal": "XA 7"}, {"office": "XB"}],
)
async def test_a_ticket_is_for_what_is_there(library, changes):
    assert await refusal(ticket_of(library, **changes)) is Reason.NOT_REGISTERED


async def test_a_ticket_is_for_who_asked_before(library):
    assert await refusal(issue_ticket(XA, "XC", APPLICATION, library.line)) is Reason.NOT_REGISTERED


@pytest.mark.parametrize("hosting", Hosting)
async def test_without_a_question_there_is_no_ticket(hosting):
    bench = make_bench()
    await bench.placed(ALL_GIVEN, hosting=hosting)
    assert await refusal(ticket_of(bench)) is Reason.NOT_REGISTERED


async def test_a_ticket_holds_for_a_quarter_of_an_hour(library):
    ticket = await ticket_of(library)
    library.clock.pass_by(timedelta(minutes=15))
    await lend(ticket, library.line)
    library.clock.pass_by(timedelta(seconds=1))
    assert await refusal(lend(ticket, library.line)) is Reason.TOKEN_INVALID


async def test_a_ticket_that_was_touched_opens_nothing(library):
    ticket = await ticket_of(library)
    for place in range(0, len(ticket), 7):
        other = "0" if ticket[place] != "0" else "1"
        touched = ticket[:place] + other + ticket[place + 1 :]
        assert await refusal(lend(touched, library.line)) is Reason.TOKEN_INVALID


@pytest.mark.parametrize("ticket", ["", "00", "zz", "é", "0" * 2000, "a" * 101, " ", "../../etc/passwd", "\0"])
async def test_what_is_no_ticket_opens_nothing(library, ticket):
    assert await refusal(lend(ticket, library.line)) is Reason.TOKEN_INVALID


async def test_something_else_that_we_sealed_is_no_ticket(library):
    words = f"{XA} {IB} {library.exchange_id} 1 99999999999"
    for owner in (library.exchange_id, "tickets", ""):
        sealed = library.line.sealing.seal_secret(Secret(words), owner=owner)
        assert await refusal(lend(sealed.hex(), library.line)) is Reason.TOKEN_INVALID


async def test_another_gateway_s_ticket_is_none(library):
    other = KeySealing(WrappingKeys([b"\1" * 32]))
    sealed = other.seal_secret(Secret(f"{XA} {IB} {library.exchange_id} 1 99999999999"), owner="ticket")
    assert await refusal(lend(sealed.hex(), library.line)) is Reason.TOKEN_INVALID


async def test_a_release_that_is_rescinded_meanwhile_closes_the_document(library):
    ticket = await ticket_of(library)
    await library.release(library.exchange_id, (decision(Condition.SECRECY, Outcome.RESCINDED),))
    assert await refusal(lend(ticket, library.line)) is Reason.NOT_RELEASED
    await library.release(library.exchange_id, (decision(Condition.SECRECY),))
    assert (await lend(ticket, library.line)).document


@pytest.mark.parametrize("whole_office", [True, False])
async def test_a_person_s_stop_closes_the_document(library, whole_office):
    ticket = await ticket_of(library)
    about = None if whole_office else library.exchange_id
    await library.accept(Hold(head=library.head(), exchange_id=about, explanation="x"))
    assert await refusal(lend(ticket, library.line)) is Reason.HELD_BY_PERSON


async def test_a_withdrawal_closes_the_document(library):
    ticket = await ticket_of(library)
    await library.accept(Withdrawal(head=library.head(), exchange_id=library.exchange_id, cause=Cause.SECRECY_IMPOSED))
    assert await refusal(lend(ticket, library.line)) is Reason.NOT_REGISTERED


async def test_a_ticket_opens_the_version_it_was_given_for(library):
    old = await ticket_of(library)
    await library.accept(
        Replacement(
            head=library.head(), exchange_id=library.exchange_id, explanation="x", documents=(listed(b"%PDF-2"),)
        )
    )
    new = await ticket_of(library)
    for ticket, content in ((old, PDF), (new, b"%PDF-2")):
        lent = await lend(ticket, library.line)
        assert b"".join([chunk async for chunk in lent.chunks]) == content
    assert head().sender == XA
