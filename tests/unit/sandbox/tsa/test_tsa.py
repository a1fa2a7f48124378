"""The sandbox authority over HTTP and as a program: honest by default, wrong in one point when it is told to."""

import asyncio
import json
import sys

import aiohttp
import pytest
from asn1crypto import algos, tsp

from sandbox.hostility import Hostility
from sandbox.record import utc_now
from sandbox.serving import listen
from sandbox.tsa.authority import make_authority, open_authority
from sandbox.tsa.manners import Manners, obey
from sandbox.tsa.server import Desk, make_app
from sandbox.tsa.stamping import Manner, is_request

QUERY = {"Content-Type": "application/timestamp-query"}


def request(nonce=5, algorithm="sha256", size=32):
    imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}), "hashed_message": b"d" * size}
    return tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}).dump()


def stamp_of(answer):
    response = tsp.TimeStampResp.load(answer)
    return response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed


@pytest.fixture
async def desk():
    return Desk(authority=make_authority(utc_now()))


@pytest.fixture
async def http(desk):
    runner, origin = await listen(make_app(desk), host="127.0.0.1", port=0, certificate=None, key=None)
    async with aiohttp.ClientSession(base_url=origin) as session:
        yield session
    await runner.cleanup()


async def ask(http, body=None, headers=QUERY):
    async with http.post("/", data=request() if body is None else body, headers=headers, allow_redirects=False) as got:
        return got.status, got.headers, await got.read()


async def test_it_stamps_what_is_asked_with_the_nonce_and_a_serial_of_its_own(http, desk):
    first, second = [stamp_of((await ask(http))[2]) for _ in range(2)]
    assert first["nonce"].native == 5 and first["message_imprint"]["hashed_message"].native == b"d" * 32
    assert first["serial_number"].native < second["serial_number"].native
    assert desk.record.count("stamped") == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", request(algorithm="sha1", size=20), request(size=31)],
    ids=["empty", "text", "sha1", "31"],
)
async def test_what_is_no_request_is_turned_away(http, desk, body):
    assert not is_request(body)
    assert (await ask(http, body))[0] == 400 and desk.record.count("stamped") == 0
    assert (await ask(http, headers={"Content-Type": "text/plain"}))[0] == 400


async def test_manners_are_switched_by_its_window_counted_and_cleared(http):
    async def order(**wish):
        async with http.post("/_sandbox/hostility", json=wish) as got:
            return got.status, await got.text()

    assert json.loads((await order(manner="wrong-nonce", calls=1))[1])["manner"] == "wrong-nonce"
    assert stamp_of((await ask(http))[2])["nonce"].native == 4
    assert stamp_of((await ask(http))[2])["nonce"].native == 5
    await order(manner="redirect")
    status, headers, _ = await ask(http)
    assert status == 307 and headers["Location"].endswith("/elsewhere")
    await order(clear=True)
    assert (await ask(http))[0] == 200
    assert (await order(manner="polite"))[0] == 400
    assert (await order(rules=[{"switch": "server-error", "calls": 1}]))[0] == 200
    assert [(await ask(http))[0] for _ in range(2)] == [503, 200]


def test_a_shared_order_does_not_end_a_manner_of_its_own():
    hostility, manners = Hostility(), Manners()
    obey(b'{"manner": "huge"}', hostility, manners)
    obey(b'{"rules": [{"switch": "slow"}]}', hostility, manners)
    assert manners.next() is Manner.HUGE
    obey(b'{"clear": true}', hostility, manners)
    assert manners.next() is Manner.HONEST


async def test_its_certificates_outlive_a_restart(tmp_path):
    first = open_authority(tmp_path / "tsa", utc_now())
    again = open_authority(tmp_path / "tsa", utc_now())
    assert (again.root, again.stamping.certificate) == (first.root, first.stamping.certificate)
    assert again.stamping.key.private_numbers() == first.stamping.key.private_numbers()
    assert all((tmp_path / "tsa" / name).stat().st_mode & 0o077 == 0 for name in ("between.key", "stamping.key"))


async def test_it_is_a_program_that_names_its_root(tmp_path):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "tsa", "--folder", str(tmp_path / "tsa")),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        origin = json.loads(await process.stdout.readline())["listening"]
        async with aiohttp.ClientSession(base_url=origin) as http:
            assert (await ask(http))[0] == 200
            async with http.get("/root.pem") as got:
                assert await got.read() == (tmp_path / "tsa" / "root.pem").read_bytes()
    finally:
        process.terminate()
        await process.wait()
    assert process.returncode == 0
