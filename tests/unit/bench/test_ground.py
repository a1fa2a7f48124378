"""The ground: a gateway whose settings load, with and without TLS, and no easier than any office's."""

from pathlib import Path

import pytest

from gateway.bench.ground import prepare_ground
from gateway.bench.plan import OFFICE, BenchFailed
from gateway.client import load_profile
from gateway.settings import FrontDoorSettings, load_settings


def test_a_plain_door_has_no_certificate_and_its_client_knows(tmp_path: Path) -> None:
    ground = prepare_ground(tmp_path, tls=False)
    front = load_settings(ground.config).front_door
    assert (front.tls_certificate, front.tls_key) == (None, None)
    assert front.public_url == load_profile(ground.profile).gateway == f"http://{ground.host}"
    assert ground.address().tls is None


def test_a_door_with_tls_is_verified(tmp_path: Path) -> None:
    ground = prepare_ground(tmp_path, tls=True)
    assert load_settings(ground.config).front_door.tls_key is not None
    tls = ground.address().tls
    assert tls is not None and tls.check_hostname and tls.cert_store_stats()["x509_ca"] == 1


def test_no_setting_but_the_rates_is_easier_than_an_offices(tmp_path: Path) -> None:
    ground = prepare_ground(tmp_path, tls=True)
    settings = load_settings(ground.config, environment={})
    ours, usual = settings.front_door, FrontDoorSettings()
    changed = {name for name in ours.__struct_fields__ if getattr(ours, name) != getattr(usual, name)}
    assert changed == {"listen", "public_url", "tls_certificate", "tls_key", "messages_per_second", "burst"}
    assert settings.database.dsn is None
    assert settings.ops.listen.endswith(f":{ground.ops}") and ground.ops != ground.front


def test_what_is_deposited_stays_held(tmp_path: Path) -> None:
    settings = load_settings(prepare_ground(tmp_path, tls=False).config)
    placing = [agreement for agreement in settings.agreement if "place" in agreement.tasks]
    assert [(agreement.hosted, agreement.standing_release) for agreement in placing] == [(OFFICE, ())]


def test_a_folder_is_measured_in_once(tmp_path: Path) -> None:
    prepare_ground(tmp_path, tls=False)
    with pytest.raises(BenchFailed, match="exists"):
        prepare_ground(tmp_path, tls=False)
