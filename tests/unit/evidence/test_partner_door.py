"""A partner's door that lies, floods, sends away or stalls: refused and bounded, and no secret is told."""

import json
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp import web
from books_in_memory import AT, Theirs

from gateway.core.reconcile import Book, Statement
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.partner_book import DoorBook
from gateway.evidence.partner_door import PartnerAddress, PartnerDoor
from gateway.wire.reconcile import AnsweredBody, AskedBody, render_answer, render_statement
from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.note_keys import generate_note_key
from pki.notes import sign_note

ORIGIN = "xa.example/ledger"
KEY = generate_note_key(ORIGIN)
CALLER = issue_signer("xb-system", key=generate_key(), now=datetime.now(UTC))
TOKEN = {"access_token": "a-token-that-nobody-may-see", "expires_in": 300}
PATH = "/ledger/XA/reconcile/given/2026-11-23T12:00Z"


def statement(**changes):
    honest = Theirs(Book.GIVEN, {1: ["a"]}).made
    words = {"origin": ORIGIN, "partner": "XB", "book": Book.GIVEN, "at": AT, "documents": 1, "root": honest.root}
    return render_statement(Statement(**{**words, **changes}))


def signed(text, key=KEY):
    return sign_note(text, [key])


@asynccontextmanager
async def door(answers, *, most_bytes=1 << 20, token=TOKEN):
    """A partner that answers each path with bytes, a status, or a response; gives the open door and what was asked."""
    asked = []

    async def handle(request):
        asked.append((request.method, request.path, request.headers.get("Authorization")))
        if request.path == "/oauth2/token":
            form = await request.post()
            assert form["scope"] == "ledger" and "client_assertion" in form
            return token if isinstance(token, web.Response) else web.json_response(token)
        answer = answers[request.path.removeprefix(PATH)]
        if callable(answer):
            return await answer(request)
        return web.Response(status=answer) if isinstance(answer, int) else web.Response(body=answer)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = site._server.sockets[0].getsockname()
    address = PartnerAddress(
        url=f"http://{host}:{port}",
        hosted="XA",
        office="XB",
        client_id="xb-system",
        key=CALLER,
        context=ssl.create_default_context(),
        verifiers=(KEY.verifier,),
    )
    try:
        async with PartnerDoor(address, most_bytes=most_bytes) as opened:
            yield opened, asked
    finally:
        await runner.cleanup()


def book(opened):
    return DoorBook(opened, Book.GIVEN, AT)


async def test_an_honest_root_is_believed_and_a_token_is_taken_once():
    async with door({"/root": signed(statement()), "/nodes": bytes(8192)}) as (opened, asked):
        assert (await book(opened).statement()).documents == 1
        assert await book(opened).branches() == bytes(8192)
        assert [path for _, path, _ in asked] == ["/oauth2/token", f"{PATH}/root", f"{PATH}/nodes"]
        assert asked[1][2] == "Bearer a-token-that-nobody-may-see"
        assert 8192 < opened.traffic < 12_000


@pytest.mark.parametrize(
    "content",
    [
        signed(statement(), generate_note_key(ORIGIN)),  # of another key with the same name
        signed(statement(partner="XC")),  # about another partner
        signed(statement(at=AT.replace(hour=11))),  # an old one shown again
        signed(statement(book=Book.TAKEN)),
        signed(statement(origin="xz.example/ledger")),
        signed("xa.example/ledger\n1\n" + "A" * 43 + "=\n"),  # a checkpoint of the log itself
        statement().encode(),
        b"",
        b"\xff" * 100,
    ],
)
async def test_a_root_that_is_not_what_was_asked_for_is_refused(content):
    async with door({"/root": content}) as (opened, _):
        with pytest.raises(Tampered) as finding:
            await book(opened).statement()
        assert finding.value.place == "root"


async def test_an_answer_without_end_is_cut_at_what_it_can_have():
    async def endless(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(bytes(8192))
        return response

    async with door({"/nodes": endless}) as (opened, _):
        with pytest.raises(Tampered, match="larger than the 8192 bytes"):
            await book(opened).branches()
        assert opened.traffic < 200_000


async def test_all_answers_together_have_a_bound():
    async with door({"/nodes": bytes(8192)}, most_bytes=50_000) as (opened, _):
        with pytest.raises(CannotTell, match="more than 50000 bytes"):
            for _ in range(10):
                await book(opened).branches()


@pytest.mark.parametrize("status", [301, 302, 307, 204, 400, 404, 500])
async def test_no_other_status_is_an_answer_and_nobody_is_sent_elsewhere(status):
    async def elsewhere(request):
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with door({"/root": elsewhere}) as (opened, asked):
        with pytest.raises(CannotTell, match=f"HTTP status {status}"):
            await book(opened).statement()
        assert [path for _, path, _ in asked] == ["/oauth2/token", f"{PATH}/root"]


async def test_a_refusal_is_told_in_our_own_words():
    async def refusal(request):
        return web.json_response({"code": "4015", "message": "<b>their text</b>"}, status=403)

    async with door({"/root": refusal}) as (opened, _):
        with pytest.raises(CannotTell, match="4015 This office is not agreed") as finding:
            await book(opened).statement()
        assert "their text" not in str(finding.value)


async def test_what_is_compressed_is_not_taken():
    async def compressed(request):
        return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})

    async with door({"/root": compressed}) as (opened, _):
        with pytest.raises(CannotTell, match="encoding"):
            await book(opened).statement()


async def test_patience_has_an_end():
    async def wait(request):
        return web.Response(status=429, headers={"Retry-After": "0"})

    async with door({"/root": wait}) as (opened, asked):
        with pytest.raises(CannotTell, match="again and again"):
            await book(opened).statement()
        assert len(asked) == 6


@pytest.mark.parametrize(
    "token",
    [
        {"access_token": "x"},
        {"access_token": "x", "expires_in": 1e400},
        [],
        web.Response(body=b"no"),
        web.Response(status=400, body=b"{}"),
        web.Response(body=b"x" * 70_000),
    ],
)
async def test_a_token_that_cannot_be_read_ends_it(token):
    token = token if isinstance(token, web.Response) else web.Response(body=json.dumps(token).encode())
    async with door({}, token=token) as (opened, _):
        with pytest.raises((CannotTell, Tampered)):
            await book(opened).statement()


async def test_a_question_is_answered_by_its_own_answer_only():
    asked = AskedBody()

    async def honest(request):
        text = render_answer(ORIGIN, "XB", Book.GIVEN, AT, await request.read(), AnsweredBody())
        return web.Response(body=signed(text))

    async def another(request):
        return web.Response(body=signed(render_answer(ORIGIN, "XB", Book.GIVEN, AT, b"{}", AnsweredBody())))

    async def unsigned(request):
        text = render_answer(ORIGIN, "XB", Book.GIVEN, AT, await request.read(), AnsweredBody())
        return web.Response(body=signed(text, generate_note_key(ORIGIN)))

    async with door({"/question": honest}) as (opened, _):
        assert await book(opened).ask(asked) == AnsweredBody()
    for lie in (another, unsigned):
        async with door({"/question": lie}) as (opened, _):
            with pytest.raises(Tampered):
                await book(opened).ask(asked)
    assert msgspec.json.encode(asked) != b"{}"


async def test_leaves_of_fewer_buckets_than_asked_are_refused():
    async with door({"/leaves": bytes(4)}) as (opened, _):
        assert await book(opened).leaves([1]) == [b""]
        with pytest.raises(Tampered, match="end early"):
            await book(opened).leaves([1, 2])


@pytest.mark.parametrize(
    "url", ["http://xa.example", "ftp://127.0.0.1", "https://u@xa.example", "https://xa.example?q"]
)
def test_addresses_that_are_not_called(url):
    address = PartnerAddress(
        url=url,
        hosted="XA",
        office="XB",
        client_id="x",
        key=CALLER,
        context=ssl.create_default_context(),
        verifiers=(KEY.verifier,),
    )
    with pytest.raises(ValueError, match="gateway"):
        PartnerDoor(address, most_bytes=1)


def test_keys_of_two_logs_are_not_one_partner():
    address = PartnerAddress(
        url="https://xa.example",
        hosted="XA",
        office="XB",
        client_id="x",
        key=CALLER,
        context=ssl.create_default_context(),
        verifiers=(KEY.verifier, generate_note_key("xz.example/ledger").verifier),
    )
    with pytest.raises(ValueError, match="one log"):
        PartnerDoor(address, most_bytes=1)
    assert "a-token" not in repr(address) and "key=" not in repr(address)
