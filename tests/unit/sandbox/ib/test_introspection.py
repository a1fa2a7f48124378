"""The sandbox's window: effects in order, addresses, and the facts that are our inventions."""

from datetime import timedelta

import pytest

from sandbox.ib.timing import Workbench


async def test_the_record_tells_the_effects_in_order_with_counters(scene):
    code = await scene.deposited()
    _, ack = await scene.xb.retrieve(code)
    await scene.xb.fetch((await scene.xb.retrieval(ack))["fileDownloadUrl"])
    view = await scene.sandbox("record")
    kinds = [effect["kind"] for effect in view["effects"] if effect["kind"] != "token-issued"]
    assert kinds == [
        "upload-url-made",
        "upload-stored",
        "file-accepted",
        "registered",
        "mail-sent",
        "retrieval-requested",
        "retrieval-completed",
        "download-served",
    ]
    assert view["counters"]["token-issued"] == 2
    assert [effect["number"] for effect in view["effects"]] == list(range(1, len(view["effects"]) + 1))
    assert code not in str(view)


async def test_the_window_says_where_everything_is(scene):
    about = await scene.sandbox("about")
    assert about["api"] == f"{scene.origin}/das-api/v1"
    assert about["token_endpoint"] == f"{scene.origin}/am/oauth2/access_token"
    assert about["jwks_uri"] == f"{scene.origin}/am/oauth2/connect/jwk_uri"
    assert about["outbound_clients"]["XC"] == "ib-XC"
    assert {fact["evidence"] for fact in about["facts"]} == {"seen", "inferred"}


async def test_the_configured_base_url_is_the_one_it_names(start):
    scene = await start(base_url="https://das.example:9443/other/v1")
    about = await scene.sandbox("about")
    assert about["api"] == "https://das.example:9443/other/v1"
    assert about["token_endpoint"] == "https://das.example:9443/am/oauth2/access_token"
    async with scene.xa.session.get(f"{scene.origin}/other/v1/requests/files") as answer:
        assert answer.status == 401
    async with scene.xa.session.get(f"{scene.origin}/das-api/v1/requests/files") as answer:
        assert answer.status == 404


async def test_a_defect_in_work_beside_is_raised_by_settled(scene):
    bench = Workbench(scene.clock.now, scene.clock.sleep)

    async def broken():
        raise LookupError("a defect")

    bench.spawn(broken())
    with pytest.raises(LookupError, match="a defect"):
        await bench.settled()


async def test_polls_and_seconds_are_both_waited_for(scene):
    from sandbox.ib.config import Delay

    bench, done = Workbench(scene.clock.now, scene.clock.sleep), []

    async def step():
        done.append(scene.clock.now())

    await bench.start("work", Delay(polls=1, seconds=60), step)
    for _ in range(3):
        await bench.polled("work")
    assert done == []
    scene.clock.at += timedelta(seconds=60)
    await bench.polled("work")
    await bench.polled("work")
    assert len(done) == 1
