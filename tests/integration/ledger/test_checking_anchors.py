"""`pouch check` looks at the anchors: it asks each authority once, and says what an operator has to do."""

import asyncio
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from ledger_filling import fill
from log_house import open_house

from gateway.app.checking_anchors import check_anchors
from gateway.app.daily_export import export_day
from gateway.app.finding import Finding, Looking
from gateway.store.export_folder import ExportFolder
from gateway.store.stamps import PostgresStamps
from sandbox.hostility import Rule, Switch
from sandbox.serving import listen
from sandbox.tsa.authority import make_authority
from sandbox.tsa.server import Desk, make_app
from sandbox.tsa.stamping import Manner


@pytest.fixture
async def anchored(database, tmp_path):
    """(house, authority's desk, export folder)"""
    desk, folder = Desk(authority=make_authority(datetime.now(UTC))), tmp_path / "exports"
    folder.mkdir()
    runner, origin = await listen(make_app(desk), host="127.0.0.1", port=0, certificate=None, key=None)
    (tmp_path / "root.pem").write_bytes(desk.authority.root.public_bytes(Encoding.PEM))
    authority = {"name": "sandbox", "url": origin, "certificates": [str(tmp_path / "root.pem")], "plain_http": True}
    ledger = {"timestamping": {"authority": [authority]}, "export": {"folder": str(folder)}}
    async with open_house(tmp_path / "xa", database.app, ledger=ledger) as house:
        yield house, desk, folder
    await runner.cleanup()


async def findings(house, patience=10.0):
    seen = [each async for each in check_anchors(house.gateway, patience)]
    assert [each.name for each in seen if isinstance(each, Looking)] == ["time-stamping by sandbox"]
    return {each.name: each for each in seen if isinstance(each, Finding)}


async def test_what_is_well_is_told_with_what_matters(anchored):
    house, _, folder = anchored
    await fill(house.dsn, 3)
    await house.order()
    stamps = PostgresStamps(house.gateway.pool, house.gateway.queries)
    await export_day(house.gateway.ledger, stamps, "XA", ExportFolder(folder / "xa"), datetime.now(UTC))
    found = await findings(house)
    assert all(each.good for each in found.values())
    assert found["time-stamping by sandbox"].text.startswith("stamps under policy 2.25.1, with certificates until 20")
    assert found["daily export"].text == "entries so far: XA 3, XB nothing yet"
    assert await house.gateway.pool.fetchval("SELECT count(*) FROM ledger_timestamp") == 0


async def test_what_is_not_well_is_told_and_stops_nothing(anchored):
    house, desk, folder = anchored
    desk.manners.change(Manner.EXPIRED)
    folder.rmdir()
    found = await findings(house)
    assert not any(each.good or each.fatal for each in found.values())
    assert found["time-stamping by sandbox"].text.startswith("expired: ")
    assert "make it where its disk is mounted" in found["daily export"].text


async def test_an_authority_that_does_not_answer_holds_up_nobody(anchored):
    house, desk, _ = anchored
    released = asyncio.Event()
    desk.hostility.sleep = lambda _: released.wait()
    desk.hostility.add(Rule(switch=Switch.SLOW, probability=1.0))
    found = await findings(house, patience=0.1)
    released.set()
    assert found["time-stamping by sandbox"].text == "has not answered within 0.1 s"
