"""Supervising: a second start on the same settings is refused before it touches what the first one uses."""

import socket

import pytest

from gateway.app.supervising import supervise
from gateway.founding import Founding, found_gateway
from gateway.settings import SettingsError, load_settings


async def test_a_second_start_names_the_port_and_leaves_the_metrics_of_the_first(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as first:
        ops = f"127.0.0.1:{first.getsockname()[1]}"
        founded = found_gateway(Founding(folder=tmp_path / "office", office="XA", name="Office A", ops=ops))
        settings = load_settings(founded.main, {})
        counted = settings.gateway.storage / "metrics" / "counter_0.db"
        counted.parent.mkdir(parents=True)
        counted.touch()
        with pytest.raises(SettingsError, match=f"ops.listen: {ops} .*does this gateway run already"):
            await supervise(settings.file, settings, workers=1, ready=pytest.fail)
        assert counted.exists()
        assert not (settings.gateway.storage / "postgres").exists()
