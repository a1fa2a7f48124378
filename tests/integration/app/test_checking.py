"""Checking a whole gateway: what takes a moment is announced, and a counterpart that is stopped holds up nobody."""

import socket

import msgspec
import pytest

from gateway.app.checking import check_everything
from gateway.app.finding import Finding, Looking
from gateway.demo.programs import free_ports
from gateway.founding import Founding, Neighbours, found_gateway
from gateway.settings import load_settings


@pytest.fixture
def stopped():
    """A counterpart whose process is stopped: it is connected to, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def test_counterparts_that_are_stopped_are_announced_and_given_up(tmp_path, database, stopped):
    front, ops = (f"127.0.0.1:{port}" for port in free_ports(2))
    neighbours = Neighbours(bureau=stopped, ipas=stopped)
    founding = Founding(folder=tmp_path, office="XA", name="A", front=front, ops=ops, neighbours=neighbours)
    settings = load_settings(found_gateway(founding).main, {})
    own = msgspec.structs.replace(settings.database, dsn=database.app.reveal())
    seen = [each async for each in check_everything(msgspec.structs.replace(settings, database=own), patience=0.1)]
    assert all(each.good for each in seen if isinstance(each, Finding) and each.fatal)
    places = [f"XA to {each.code} by {each.adapter}" for each in settings.counterpart]
    assert len(places) == 2
    last = [(type(each), each.name) for each in seen[-4:]]
    assert last[:2] == [(Looking, place) for place in places], "both begin before one has ended"
    assert sorted(last[2:], key=str) == sorted(((Finding, place) for place in places), key=str)
    assert [(each.good, each.fatal, each.text) for each in seen[-2:]] == [
        (False, False, "has not answered within 0.1 s")
    ] * 2
    announced = [each.name for each in seen if isinstance(each, Looking)]
    assert announced[:2] == ["ports", "database"]
