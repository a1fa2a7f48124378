"""The ledger's door over HTTP: what is served verifies, and who may not read it learns nothing."""

import base64
import json

import pytest
from ledger_filling import fill

from gateway.core.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from gateway.wire.tlog_checkpoint import parse_checkpoint
from gateway.wire.tlog_proof import parse_proof
from gateway.wire.tlog_tiles import bundles_of, parse_bundle, split_tile, tiles_of

PATHS = (
    "/ledger/checkpoint",
    "/ledger/tile/0/000",
    "/ledger/tile/entries/000",
    "/ledger/proof/inclusion?seq=0",
    "/ledger/proof/consistency?from=1",
    "/ledger/proof/0.tlog-proof",
    "/ledger/XA/checkpoint",
)


def code_of(body):
    return json.loads(body)["code"]


def unbase64(digests):
    return [base64.b64decode(digest) for digest in digests]


async def test_the_files_of_the_log_make_up_the_signed_tree(house):
    leaves = await fill(house.dsn, 600)
    await house.order()
    token = await house.token()
    status, headers, note = await house.get("/ledger/checkpoint", token)
    assert status == 200 and headers["Content-Type"].startswith("text/plain") and headers["Cache-Control"] == "no-store"
    head = parse_checkpoint(house.verified(note).text)
    assert (head.origin, head.size) == ("xa.pouch.example/ledger", 600)
    bottom, entries = [], []
    for tile in tiles_of(600):
        status, headers, content = await house.get(f"/ledger/{tile.path}", token)
        assert status == 200 and ("immutable" in headers["Cache-Control"]) == (tile.width == 256)
        if tile.level == 0:
            bottom += split_tile(content)
        else:
            assert split_tile(content) == [root_of(bottom[n * 256 : n * 256 + 256]) for n in range(2)]
    for bundle in bundles_of(600):
        entries += parse_bundle((await house.get(f"/ledger/{bundle.path}", token))[2], bundle.width)
    assert entries == leaves
    assert [leaf_hash(entry) for entry in entries] == bottom
    assert root_of(bottom) == head.root


async def test_proofs_are_given_for_signed_sizes(house):
    leaves = await fill(house.dsn, 20)
    old = (await house.order())["XA"]
    leaves += await fill(house.dsn, 30, start=20)
    new = (await house.order())["XA"]
    token = await house.token()
    digest = leaf_hash(leaves[7])
    for question, size in (("seq=7", 50), ("seq=7&size=20", 20), (f"leaf_hash={digest.hex()}", 50)):
        status, _, body = await house.get(f"/ledger/proof/inclusion?{question}", token)
        told = json.loads(body)
        assert (status, told["leafIndex"], told["treeSize"]) == (200, 7, size)
        root = parse_checkpoint(house.verified(told["checkpoint"].encode()).text).root
        assert verify_inclusion(digest, 7, size, unbase64(told["proof"]), root)
    for question in ("from=20&to=50", "from=20"):
        status, _, body = await house.get(f"/ledger/proof/consistency?{question}", token)
        proof = unbase64(json.loads(body)["proof"])
        assert status == 200 and verify_consistency(20, 50, proof, old.root, new.root)
    status, _, body = await house.get("/ledger/proof/49.tlog-proof", token)
    proof = parse_proof(body)
    head = parse_checkpoint(house.verified(proof.checkpoint).text)
    assert status == 200 and verify_inclusion(leaf_hash(leaves[49]), 49, head.size, proof.proof, head.root)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/ledger/tile/0/001.p/1", 404, "4013"),
        ("/ledger/tile/0/000.p/6", 404, "4013"),
        ("/ledger/tile/0/000", 404, "4013"),
        ("/ledger/tile/1/000.p/1", 404, "4013"),
        ("/ledger/tile/7/000", 404, "4013"),
        ("/ledger/tile/entries/000.p/6", 404, "4013"),
        ("/ledger/tile/entries/x999/999", 404, "4013"),
        ("/ledger/tile/0/x18446/744/073", 404, "1008"),
        ("/ledger/tile/0/x000/000", 404, "1008"),
        ("/ledger/tile/0/000.p/256", 404, "1008"),
        ("/ledger/tile/64/000", 404, "1008"),
        ("/ledger/proof/inclusion?seq=5", 404, "4013"),
        ("/ledger/proof/inclusion?seq=999999999999999999", 404, "4013"),
        ("/ledger/proof/inclusion?seq=4&size=3", 404, "4014"),
        ("/ledger/proof/inclusion?seq=4&size=6", 404, "4014"),
        ("/ledger/proof/inclusion?seq=-1", 400, "3005"),
        ("/ledger/proof/inclusion?seq=04", 400, "3005"),
        ("/ledger/proof/inclusion?seq=9999999999999999999", 400, "3005"),
        ("/ledger/proof/inclusion?seq=1&seq=2", 400, "3005"),
        ("/ledger/proof/inclusion?seq=1&leaf_hash=" + "0" * 64, 400, "3005"),
        ("/ledger/proof/inclusion", 400, "3005"),
        ("/ledger/proof/inclusion?seq=1&more=1", 400, "3005"),
        ("/ledger/proof/inclusion?leaf_hash=" + "0" * 64, 404, "4013"),
        ("/ledger/proof/inclusion?leaf_hash=" + "z" * 64, 400, "3005"),
        ("/ledger/proof/consistency?from=3", 404, "4014"),
        ("/ledger/proof/consistency?to=5", 400, "3005"),
        ("/ledger/proof/consistency?from=5&to=4", 404, "4014"),
        ("/ledger/proof/5.tlog-proof", 404, "4013"),
        ("/ledger/proof/x.tlog-proof", 400, "3005"),
        ("/ledger/XC/checkpoint", 404, "3014"),
        ("/ledger/checkpoints", 404, "1008"),
    ],
)
async def test_what_is_not_there_is_refused(house, path, status, code):
    await fill(house.dsn, 5)
    await house.order()
    found, _, body = await house.get(path, await house.token())
    assert (found, code_of(body)) == (status, code)


async def test_consistency_from_nothing_or_backwards_is_refused(house):
    await house.order()
    await fill(house.dsn, 5)
    await house.order()
    await fill(house.dsn, 1, start=5)
    await house.order()
    token = await house.token()
    for question in ("from=0", "from=6&to=5"):
        status, _, body = await house.get(f"/ledger/proof/consistency?{question}", token)
        assert (status, code_of(body)) == (404, "4013")


async def test_what_has_a_place_but_no_signature_yet_is_not_given(house):
    await fill(house.dsn, 5)
    await house.order(sign=False)
    token = await house.token()
    for path in PATHS:
        status, _, body = await house.get(path, token)
        assert (status, code_of(body)) == (404, "4014")


@pytest.mark.parametrize("path", PATHS)
async def test_only_agreed_offices_read_it(house, path):
    await fill(house.dsn, 256)
    await house.order()
    await fill(house.dsn, 1, start=256)
    await house.order()
    path = path.replace("from=1", "from=256")
    assert (await house.get(path, await house.token("xc-system")))[0] == 200
    for token, status, code in (
        (None, 401, "2013"),
        ("nonsense", 401, "2014"),
        (await house.token("xa-system", "exchange"), 403, "2016"),
        (await house.token("xd-system"), 403, "4015"),
    ):
        found, headers, body = await house.get(path, token)
        assert (found, code_of(body)) == (status, code)
        assert ("WWW-Authenticate" in headers) == (code != "4015")


async def test_each_hosted_office_has_a_log_of_its_own(house):
    await fill(house.dsn, 2)
    await fill(house.dsn, 3, hosted="XB")
    heads = await house.order()
    assert {hosted: head.size for hosted, head in heads.items()} == {"XA": 2, "XB": 3}
    status, _, note = await house.get("/ledger/XB/checkpoint", await house.token("xc-system"))
    assert (
        status == 200 and parse_checkpoint(note.decode().split("\n\n")[0] + "\n").origin == "xa.pouch.example/ledger/xb"
    )
    status, _, body = await house.get("/ledger/XB/checkpoint", await house.token("xa-system"))
    assert (status, code_of(body)) == (403, "4015")


async def test_other_methods_are_not_taken(house):
    async with house.http.post("/ledger/checkpoint") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
