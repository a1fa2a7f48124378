"""Two offices compare their books over a real door: what differs is found and named, and nothing else is told."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
import tomli_w
from book_rows import digest, open_rows, passed
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from log_house import open_house

from gateway.__main__ import main
from gateway.core.reconcile import BUCKETS, Book, BookTree, Identity, bucket_hash, bucket_of, leaf_of
from gateway.store.books import PostgresBooks
from gateway.wire.reconcile import render_moment
from pki.note_keys import generate_note_key

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
AT = NOW - timedelta(minutes=10)


@pytest.fixture
async def pair(database, tmp_path):
    """XA's open gateway, with which XC compares; XC's rows are in the same database under its own name."""
    async with open_house(tmp_path / "xa", database.app, ledger={"reconciles": ["XC"]}) as house:
        rows = await open_rows(database.owner)
        try:
            yield house, rows
        finally:
            await rows.close()


async def gave(rows, number, ours, theirs, **more):
    """A document went from XA straight to XC: `ours` are the versions XA has down, `theirs` those of XC."""
    if ours:
        await passed(rows, "XA", "XC", "answer", number, ours, **more)
    if theirs:
        await passed(rows, "XC", "XA", "obtain", number, theirs, **more)


async def placed(rows, number, ours, theirs, **more):
    """A document went from XA to the Bureau, and from there to XC."""
    if ours:
        await passed(rows, "XA", "IB", "place", number, ours, **more)
    if theirs:
        await passed(rows, "XC", "IB", "obtain", number, theirs, **more)


async def compare(house, *words, monkeypatch, client="xc-system", office="XC"):
    """`pouch ledger reconcile` as XC, whose own settings are those of a gateway on the same database."""
    folder = house.folder.parent / "xc"
    if not folder.exists():
        made = await asyncio.to_thread(CliRunner().invoke, main, ["init", str(folder), "--office", office])
        assert made.exit_code == 0, made.output
        (folder / "caller.key").write_bytes(_private(house.keys[client]))
        (folder / "xa.toml").write_text(
            tomli_w.dumps(
                {
                    "gateway": house.url,
                    "ca": str(house.folder / "keys" / "ca.pem"),
                    "office": office,
                    "hosted": "XA",
                    "client_id": client,
                    "key": "caller.key",
                    "certificate": str(house.folder / "keys" / f"{client}.pem"),
                    "gateway_certificate": str(house.folder / "keys" / "signing.pem"),
                }
            )
        )
        (folder / "caller.key").chmod(0o600)
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    sides = ["-c", str(folder / "pouch.toml"), "-p", str(folder / "xa.toml")]
    vkey = ["--vkey", str(house.folder / "keys" / "ledger.vkey")]
    run = await asyncio.to_thread(
        CliRunner().invoke, main, ["ledger", "reconcile", *sides, *vkey, "--json", *words], catch_exceptions=False
    )
    return run.exit_code, json.loads(run.stdout)


def _private(key):
    return key.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def kinds(book):
    return sorted((d["kind"], d["number"]) for d in book["differences"])


async def test_equal_books_are_equal_and_cost_next_to_nothing(pair, monkeypatch):
    house, rows = pair
    for number in range(40):
        await gave(rows, f"XA 2026/{number}", ["one"], ["one"])
    code, told = await compare(house, monkeypatch=monkeypatch)
    assert (code, told["result"]) == (0, "passed"), told
    assert [(b["book"], b["documents"], b["partnerDocuments"]) for b in told["books"]] == [
        ("taken", 40, 40),
        ("given", 0, 0),
        ("fetched", 0, 0),
    ]
    assert told["trafficBytes"] < 10_000


async def test_missing_altered_and_replaced_documents_are_found_and_named(pair, monkeypatch):
    house, rows = pair
    for number in range(40):
        await gave(rows, f"XA 2026/{number}", ["one"], ["one"])
    await gave(rows, "XA 2026/100", ["one"], None)
    await gave(rows, "XA 2026/101", None, ["one"])
    await gave(rows, "XA 2026/102", ["one"], ["another"])
    await gave(rows, "XA 2026/103", ["one", "two"], ["one"])
    await gave(rows, "XA 2026/104", ["one", "two"], ["two"])  # fetched after it was replaced: nothing is missing
    code, told = await compare(house, "--book", "taken", monkeypatch=monkeypatch)
    assert (code, told["result"]) == (1, "failed")
    assert kinds(told["books"][0]) == [
        ("altered", "XA 2026/102"),
        ("missing-here", "XA 2026/100"),
        ("missing-there", "XA 2026/101"),
        ("other-version", "XA 2026/103"),
    ]
    assert all(difference["remedy"] for difference in told["books"][0]["differences"])


async def test_by_the_bureau_the_fetching_office_finds_what_was_never_placed_and_what_was_replaced(pair, monkeypatch):
    house, rows = pair
    for number in range(30):
        await placed(rows, f"XA 2026/{number}", ["one"], ["one"] if number % 3 == 0 else None)
    await placed(rows, "XA 2026/100", ["one"], ["another"])
    await placed(rows, "XA 2026/101", None, ["one"])
    await placed(rows, "XA 2026/102", ["one", "two"], ["one"])
    # what XC fetched of another office's applications is no business of XA's
    await passed(rows, "XC", "IB", "obtain", "XD 2026/1", ["one"], office="XD")
    code, told = await compare(house, "--book", "fetched", monkeypatch=monkeypatch)
    assert (code, told["books"][0]["documents"]) == (1, 13)
    assert kinds(told["books"][0]) == [
        ("not-placed", "XA 2026/100"),
        ("not-placed", "XA 2026/101"),
        ("other-version", "XA 2026/102"),
    ]
    # nothing was told of what XC did not fetch, nor what is there in the place of what it has
    assert not any("theirs" in difference for difference in told["books"][0]["differences"])


async def test_what_is_under_way_is_no_difference_and_cannot_be_told(pair, monkeypatch):
    house, rows = pair
    now = datetime.now(UTC)
    await gave(rows, "XA 2026/1", ["one"], ["one"])
    # told ready, asked for, and not taken whole; then what went over a minute ago, after the moment of the books
    await gave(rows, "XA 2026/2", ["one"], None, taken=False)
    await passed(rows, "XC", "XA", "obtain", "XA 2026/2", ["one"])
    await gave(rows, "XA 2026/3", ["one"], None, at=now - timedelta(minutes=2))
    await gave(rows, "XA 2026/4", None, ["one"], at=now - timedelta(minutes=2))
    code, told = await compare(house, "--book", "taken", monkeypatch=monkeypatch)
    [book] = told["books"]
    assert (code, told["result"], book["differences"]) == (3, "indeterminate", [])
    assert [named["number"] for named in book["unsettled"]] == ["XA 2026/2"]


async def test_what_crossed_the_moment_has_settled_since(pair, monkeypatch):
    house, rows = pair
    edge = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
    # XA had it done before the moment, XC after it
    await passed(rows, "XA", "XC", "answer", "XA 2026/1", ["one"], at=edge - timedelta(seconds=30))
    await passed(rows, "XC", "XA", "obtain", "XA 2026/1", ["one"], at=edge + timedelta(seconds=90))
    moment = edge.strftime("%Y-%m-%dT%H:%MZ")
    code, told = await compare(house, "--book", "taken", "--at", moment, monkeypatch=monkeypatch)
    assert (code, told["books"][0]["settledSince"], told["books"][0]["differences"]) == (0, 1, [])


async def test_asked_for_twice_or_deposited_again_is_one_document(pair, monkeypatch):
    house, rows = pair
    await gave(rows, "XA 2026/1", ["one"], ["one"])
    await rows.execute("UPDATE exchange SET state = 'withdrawn' WHERE party = 'depositing'")
    await gave(rows, "XA 2026/1", ["two"], ["two"], at=NOW - timedelta(days=1))
    code, told = await compare(house, "--book", "taken", monkeypatch=monkeypatch)
    assert (code, told["books"][0]["documents"]) == (0, 1)


async def test_the_trees_of_database_and_python_are_the_same(pair):
    """What the pass computes in the database is what the definition says, whatever the order of rows."""
    house, rows = pair
    expected = {}
    for number in range(60):
        await gave(rows, f"XA 2026/{number}", [f"copy {number}"], None)
        one = Identity(kind="priority-document", office="XA", right="patent", normal=f"XA2026{number}")
        expected.setdefault(bucket_of(one.key), []).append((one.key, digest(f"copy {number}")))
    books = PostgresBooks(house.gateway.pool, house.gateway.queries, house.folder)
    kept = await books.keep("XA", "XC", Book.GIVEN, AT)
    filled = [
        (bucket, bucket_hash(b"".join(leaf_of(*pair) for pair in sorted(pairs)))) for bucket, pairs in expected.items()
    ]
    assert kept.tree.root == BookTree.of(filled, 60).root
    assert kept.tree.documents == 60
    assert sum(len(kept.leaves(bucket)) // 32 for bucket in range(BUCKETS)) == 60
    kept.close()


# --- who may ask, and what --------------------------------------------------------------------------------------------

MOMENT = render_moment(AT)


@pytest.mark.parametrize(
    ("client", "scope", "path", "status", "code"),
    [
        (None, None, f"given/{MOMENT}/root", 401, "2013"),
        ("xc-system", "exchange", f"given/{MOMENT}/root", 403, "2016"),
        ("xd-system", None, f"given/{MOMENT}/root", 403, "4015"),  # not agreed
        ("xa-system", None, f"given/{MOMENT}/root", 403, "4015"),  # with itself
        ("xc-system", None, f"fetched/{MOMENT}/root", 404, "1008"),  # nobody's business
        ("xc-system", None, f"lent/{MOMENT}/root", 404, "1008"),
        ("xc-system", None, "given/yesterday/root", 404, "1008"),
        ("xc-system", None, f"given/{MOMENT}/root?partner=XD", 404, "1008"),
        ("xc-system", None, f"given/{MOMENT}/nodes/256", 404, "4013"),
        ("xc-system", None, f"given/{MOMENT}/nodes/-1", 400, "3005"),
        ("xc-system", None, f"given/{render_moment(NOW + timedelta(hours=1))}/root", 404, "4013"),
        ("xc-system", None, f"given/{render_moment(NOW - timedelta(days=2))}/root", 404, "4013"),
    ],
)
async def test_who_may_not_ask_or_asks_for_what_there_is_not_is_refused(pair, client, scope, path, status, code):
    house, _ = pair
    token = await house.token(client, scope) if client else None
    answered, _, body = await house.get(f"/ledger/reconcile/{path}", token)
    assert (answered, json.loads(body)["code"]) == (status, code)


async def test_an_office_is_shown_the_book_about_itself_only(pair):
    house, rows = pair
    await gave(rows, "XA 2026/1", ["one"], ["one"])
    await passed(rows, "XA", "XD", "answer", "XA 2026/2", ["one"])
    status, _, note = await house.get(f"/ledger/reconcile/given/{MOMENT}/root", await house.token("xc-system"))
    lines = house.verified(note).text.split("\n")
    assert (status, lines[0], lines[2]) == (200, "xa.pouch.example/ledger/reconcile/XC", "1")


async def test_leaves_of_what_was_placed_are_not_told(pair):
    house, _ = pair
    headers = {"Authorization": f"Bearer {await house.token('xc-system')}"}
    question = {"leaves": [{"bucket": 1, "leaf": "0" * 64}]}
    path = f"/ledger/reconcile/placed/{MOMENT}/question"
    async with house.http.post(path, json=question, headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (403, "4015")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("leaves", b"{}", 400),
        ("leaves", b'{"buckets": [65536]}', 400),
        ("leaves", b"\xff\xfe", 400),
        ("question", b"[]", 400),
        ("question", b"[" * 100_000, 400),
        ("question", b" " * (600 * 1024), 413),
    ],
)
async def test_questions_that_cannot_be_are_refused(pair, path, body, status):
    house, _ = pair
    headers = {"Authorization": f"Bearer {await house.token('xc-system')}"}
    async with house.http.post(f"/ledger/reconcile/given/{MOMENT}/{path}", data=body, headers=headers) as response:
        assert response.status == status


async def test_a_partner_that_asks_for_one_moment_after_the_other_is_asked_to_wait(pair, monkeypatch):
    house, _ = pair
    monkeypatch.setattr("gateway.app.reconciling._BETWEEN_SECONDS", 3600.0)
    token, other = await house.token("xc-system"), render_moment(AT - timedelta(minutes=1))

    async def status(book, moment):
        answered, headers, _ = await house.get(f"/ledger/reconcile/{book}/{moment}/root", token)
        return answered, "Retry-After" in headers

    assert await status("given", MOMENT) == (200, False)
    assert await status("taken", MOMENT) == (200, False), "all books of one moment belong together"
    assert await status("given", other) == (429, True)
    assert await status("given", MOMENT) == (200, False), "it is kept"


async def test_books_beyond_what_is_kept_are_made_again(pair, monkeypatch):
    house, rows = pair
    await gave(rows, "XA 2026/1", ["one"], ["one"])
    monkeypatch.setattr("gateway.app.reconciling._KEPT", 1)
    token = await house.token("xc-system")
    roots = set()
    for book in ("given", "taken", "given"):
        for path in ("root", "nodes", "nodes/7"):
            status, _, body = await house.get(f"/ledger/reconcile/{book}/{MOMENT}/{path}", token)
            assert status == 200
            roots |= {house.verified(body).text} if (path, book) == ("root", "given") else set()
    assert len(roots) == 1


# --- the command against what cannot be believed ----------------------------------------------------------------------


async def test_a_root_of_another_key_is_refused(pair, monkeypatch):
    house, _ = pair
    other = generate_note_key("xa.pouch.example/ledger")
    (house.folder / "keys" / "ledger.vkey").write_text(other.verifier.vkey)
    code, told = await compare(house, monkeypatch=monkeypatch)
    assert (code, told["result"], told["code"], told["place"]) == (3, "indeterminate", "5011", "root")


async def test_an_office_that_is_not_agreed_cannot_tell(pair, monkeypatch):
    house, _ = pair
    code, told = await compare(house, client="xd-system", office="XD", monkeypatch=monkeypatch)
    assert (code, told["result"]) == (3, "indeterminate") and "4015" in told["explanation"]


async def test_a_partner_that_is_away_cannot_be_compared_with(pair, monkeypatch):
    house, _ = pair
    await compare(house, monkeypatch=monkeypatch)
    profile = house.folder.parent / "xc" / "xa.toml"
    profile.write_text(profile.read_text().replace(house.url, "http://127.0.0.1:9"))
    code, told = await compare(house, monkeypatch=monkeypatch)
    assert (code, told["result"]) == (3, "indeterminate") and "could not be fetched" in told["explanation"]


async def test_traffic_has_a_bound(pair, monkeypatch):
    house, rows = pair
    await gave(rows, "XA 2026/1", ["one"], None)
    monkeypatch.setattr("gateway.commands.ledger_reconcile._MIB", 1000)
    code, told = await compare(house, "--most-mib", "1", monkeypatch=monkeypatch)
    assert (code, told["result"]) == (3, "indeterminate") and "more than 1000 bytes" in told["explanation"]


# --- in files ---------------------------------------------------------------------------------------------------------


async def pouch(*words):
    run = await asyncio.to_thread(CliRunner().invoke, main, ["ledger", "reconcile", *map(str, words), "--json"])
    return run.exit_code, json.loads(run.stdout)


async def export(config, partner, book, file):
    code, told = await pouch("-c", config, "--partner", partner, "--book", book, "--at", MOMENT, "--export", file)
    assert code == 0, told
    return told


async def test_books_are_compared_in_files_as_over_the_door(pair, monkeypatch, tmp_path):
    house, rows = pair
    for number in range(20):
        await gave(rows, f"XA 2026/{number}", ["one"], ["one"])
        await placed(rows, f"XA 2027/{number}", ["one"], ["one"] if number % 2 else None)
    await gave(rows, "XA 2026/100", ["one"], None)
    await gave(rows, "XA 2026/102", ["one"], ["another"])
    await placed(rows, "XA 2027/103", ["one"], ["another"])
    code, online = await compare(house, "--at", MOMENT, monkeypatch=monkeypatch)
    ours, theirs = house.folder.parent / "xc" / "pouch.toml", house.folder / "pouch.toml"
    vkey = house.folder / "keys" / "ledger.vkey"
    for mine, yours in (("taken", "given"), ("given", "taken"), ("fetched", "placed")):
        await export(ours, "XA", mine, tmp_path / mine)
        await export(theirs, "XC", yours, tmp_path / f"of XA {yours}")
        offline = await pouch("--ours", tmp_path / mine, "--theirs", tmp_path / f"of XA {yours}", "--vkey", vkey)
        [same] = [book for book in online["books"] if book["book"] == mine]
        # a partner's book says itself about whom it is
        assert offline[1]["books"][0]["differences"] == same["differences"]
        assert offline[0] == (1 if same["differences"] else 0)
    assert code == 1
    assert "XA 2027" not in (tmp_path / "of XA placed").read_text()


async def test_a_file_that_was_changed_is_refused(pair, monkeypatch, tmp_path):
    house, rows = pair
    await gave(rows, "XA 2026/1", ["one"], ["one"])
    monkeypatch.setenv("POUCH_DATABASE_DSN", house.dsn.reveal())
    theirs, vkey = house.folder / "pouch.toml", house.folder / "keys" / "ledger.vkey"
    await export(theirs, "XC", "given", tmp_path / "given")
    whole = (tmp_path / "given").read_text()
    for changed in (whole.replace("XA 2026/1", "XA 2026/2").replace("XA20261", "XA20262"), whole.split("\n")[0], "no"):
        (tmp_path / "changed").write_text(changed)
        code, told = await pouch("--ours", tmp_path / "given", "--theirs", tmp_path / "changed", "--vkey", vkey)
        assert (code, told["result"]) == (3, "indeterminate")
    code, told = await pouch("--ours", tmp_path / "given", "--theirs", tmp_path / "given", "--vkey", vkey)
    assert code == 3 and "opposite books" in told["explanation"]
