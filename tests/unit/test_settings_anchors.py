"""The settings of time-stamps and exports: off by default, absolute paths, and errors that name their place."""

import pytest
import tomli_w

from gateway.settings import SettingsError, load_settings

AUTHORITY = {"name": "tsa", "url": "https://tsa.example/stamp", "certificates": ["keys/tsa.pem"]}


@pytest.fixture
def load(tmp_path):
    """Load settings with this [ledger] table; gives that part."""

    def write_and_load(**ledger):
        main = {
            "gateway": {"origin": "gateway.example/log"},
            "hosted": [{"code": "XA", "name": "XA", "signing_key": "k", "signing_certificate": "c"}],
            "ledger": ledger,
        }
        (tmp_path / "pouch.toml").write_text(tomli_w.dumps(main))
        (tmp_path / "offices.toml").write_text("")
        return load_settings(tmp_path / "pouch.toml", {}).ledger

    return write_and_load


def test_nothing_is_stamped_or_exported_by_default(load):
    ledger = load()
    assert ledger.timestamping.authority == () and ledger.export.folder is None
    assert (ledger.timestamping.seconds, ledger.export.hour) == (3600.0, 2)


def test_paths_are_relative_to_the_file(load, tmp_path):
    authority = AUTHORITY | {"ca": "keys/tls.pem", "policy": "1.2.3.4"}
    ledger = load(timestamping={"authority": [authority], "seconds": 600}, export={"folder": "exports", "hour": 0})
    [read] = ledger.timestamping.authority
    assert (read.certificates, read.ca) == ((tmp_path / "keys" / "tsa.pem",), tmp_path / "keys" / "tls.pem")
    assert ledger.export.folder == tmp_path / "exports" and ledger.timestamping.seconds == 600


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"url": "ftp://tsa.example"}, r"ledger\.timestamping\.authority\[0\]\.url: is not a URL"),
        ({"url": "http://tsa.example"}, r"authority\[0\]\.url: is not https, and plain_http is not set"),
        ({"certificates": []}, r"authority\[0\]\.certificates: none is named"),
        ({"policy": "one.two"}, r"authority\[0\]\.policy: is not a dotted object identifier"),
        ({"policy": "1.02"}, r"authority\[0\]\.policy"),
        ({"name": "../tsa"}, r"authority\[0\]\.name"),
        ({"name": "TSA"}, r"authority\[0\]\.name"),
        ({"nonce": 1}, r"authority\[0\].*unknown"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value),
)
def test_what_is_wrong_with_an_authority_is_named(load, changes, place):
    with pytest.raises(SettingsError, match=place) as refused:
        load(timestamping={"authority": [AUTHORITY | changes]})
    assert "tsa.example" not in str(refused.value)


def test_a_name_stands_once(load):
    with pytest.raises(SettingsError, match=r"authority\[1\]\.name: stands there twice"):
        load(timestamping={"authority": [AUTHORITY, AUTHORITY]})


@pytest.mark.parametrize(
    "ledger", [{"export": {"hour": 24}}, {"timestamping": {"seconds": 1}}], ids=["hour", "seconds"]
)
def test_numbers_are_bounded(load, ledger):
    with pytest.raises(SettingsError, match=r"ledger\.(export\.hour|timestamping\.seconds)"):
        load(**ledger)
