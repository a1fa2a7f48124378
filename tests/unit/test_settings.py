"""Settings: what does not fit refuses to start, says where, and never what stood there."""

import io
import pickle
from pathlib import Path

import msgspec
import pytest
import rich.console
import rich.pretty
import tomli_w

from gateway.settings import Settings, SettingsError, load_settings

SECRET = "hunter2"
MAIN = {
    "gateway": {"origin": "gateway.example/log"},
    "hosted": [{"code": "XA", "name": "Office A", "signing_key": "keys/a.key", "signing_certificate": "keys/a.pem"}],
    "counterpart": [{"hosted": "XA", "code": "IB", "adapter": "das", "settings": {"password": SECRET}}],
}
OFFICES = {
    "office": [{"code": "XA", "signing_certificates": ["certificates/a.pem"]}],
    "agreement": [{"name": "XA-IB", "hosted": "XA", "counterpart": "IB", "adapter": "das", "tasks": ["place"]}],
}


@pytest.fixture
def load(tmp_path):
    """Write both files and load them; `main` and `offices` are merged into what is enough."""

    def write_and_load(main=None, offices=None, environment=None, text=None):
        folder = tmp_path / "etc"
        (folder / "parts").mkdir(parents=True, exist_ok=True)
        content = MAIN | {"gateway": MAIN["gateway"] | {"offices": "parts/offices.toml"}}
        for table, values in (main or {}).items():
            content[table] = content.get(table, {}) | values if isinstance(values, dict) else values
        (folder / "pouch.toml").write_text(tomli_w.dumps(content) + (text or ""), "utf-8")
        (folder / "parts" / "offices.toml").write_text(tomli_w.dumps(OFFICES | (offices or {})), "utf-8")
        return load_settings(folder / "pouch.toml", environment or {})

    return write_and_load


def refusal(load, **changes):
    with pytest.raises(SettingsError) as refused:
        load(**changes)
    return str(refused.value)


def test_what_is_enough_is_filled_up_with_defaults(load):
    settings = load()
    assert (settings.gateway.origin, settings.front_door.listen) == ("gateway.example/log", "127.0.0.1:8443")
    assert (settings.work.at_once, settings.database.dsn, settings.agreement[0].window_days) == (16, None, 60.0)
    assert settings.counterpart[0].settings == {"password": SECRET}


def test_paths_are_relative_to_the_file_they_stand_in(load, tmp_path):
    settings = load(main={"hosted": [MAIN["hosted"][0] | {"signing_key": "/keys/a.key"}]})
    folder = tmp_path / "etc"
    assert settings.file == folder / "pouch.toml"
    assert settings.gateway.storage == folder / "storage"
    assert settings.gateway.wrapping_key == folder / "keys/wrapping.key"
    assert settings.hosted[0].signing_key == Path("/keys/a.key")
    assert settings.hosted[0].signing_certificate == folder / "keys/a.pem"
    assert settings.office[0].signing_certificates == (folder / "parts/certificates/a.pem",)


def test_every_path_is_absolute_wherever_it_stands(load):
    settings = load(
        main={
            "front_door": {"tls_certificate": "t.pem", "tls_key": "t.key"},
            "ledger": {"keys": ["one.key", "two.key"]},
            "counterpart": [MAIN["counterpart"][0] | {"ca": "ca.pem", "client_key": "c.key"}],
        },
        offices={"office": [OFFICES["office"][0] | {"client": [{"id": "system", "certificate": "c.pem"}]}]},
    )

    def paths(value):
        if isinstance(value, Path):
            yield value
        elif isinstance(value, msgspec.Struct):
            for field in msgspec.structs.fields(value):
                yield from paths(getattr(value, field.name))
        elif isinstance(value, tuple):
            for item in value:
                yield from paths(item)

    found = list(paths(settings))
    assert len(found) > 12
    assert [path for path in found if not path.is_absolute()] == []


def test_it_does_not_matter_where_the_process_is(load, tmp_path, monkeypatch):
    load()
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("etc/pouch.toml"), {})
    assert settings.gateway.storage == tmp_path / "etc" / "storage"


@pytest.mark.parametrize(
    ("environment", "dsn"),
    [
        ({}, "in the file"),
        ({"POUCH_DATABASE_DSN": "in the environment"}, "in the environment"),
        ({"POUCH_DATABASE_DSN": ""}, "in the file"),
    ],
)
def test_the_environment_says_where_the_database_is(load, environment, dsn):
    settings = load(main={"database": {"dsn": "in the file"}}, environment=environment)
    assert settings.database.secret_dsn.reveal() == dsn
    assert load(environment={}).database.secret_dsn is None


# --- never a value ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_settings_show_nothing_of_what_they_hold(load, show):
    settings = load(main={"database": {"dsn": f"postgresql://pouch:{SECRET}@db/pouch"}})
    for table in (settings, settings.database, settings.counterpart[0], [settings.counterpart]):
        assert SECRET not in show(table)


def test_nor_does_a_pretty_printer(load):
    console = rich.console.Console(file=io.StringIO(), width=200)
    console.print(rich.pretty.Pretty(load(main={"database": {"dsn": SECRET}})))
    assert "Settings" in console.file.getvalue() and SECRET not in console.file.getvalue()


WRONG = [
    ({"main": {"gateway": {"orign": SECRET}}}, "gateway: Object contains unknown field `orign`"),
    ({"main": {"gatway": {"a": SECRET}}}, "top level: Object contains unknown field `gatway`"),
    ({"main": {"counterpart": [MAIN["counterpart"][0] | {"cod": SECRET}]}}, "counterpart[0]: "),
    ({"main": {"hosted": [{"code": "XA"}]}}, "hosted[0]: Object missing required field `name`"),
    ({"main": {"work": {"at_once": SECRET}}}, "work.at_once: Expected `int`, got `str`"),
    ({"main": {"work": {"at_once": True}}}, "work.at_once: Expected `int`, got `bool`"),
    ({"main": {"work": {"at_once": 0}}}, "work.at_once: Expected `int` >= 1"),
    ({"main": {"work": {"lease_seconds": 0}}}, "work.lease_seconds: Expected `float` > 0"),
    ({"main": {"work": {"lease_seconds": float("inf")}}}, "work.lease_seconds: "),
    ({"main": {"work": {"look_seconds": float("nan")}}}, "work.look_seconds: "),
    ({"main": {"database": {"pool": 1}}}, "database.pool: "),
    ({"main": {"database": {"dsn": 7}}}, "database.dsn: Expected `str | null`, got `int`"),
    ({"main": {"gateway": {"storage": 7}}}, "gateway.storage: Expected a path"),
    ({"main": {"gateway": {"storage": ""}}}, "gateway.storage: Expected a path"),
    ({"main": {"ledger": {"keys": ["a", 7]}}}, "ledger.keys[1]: Expected a path"),
    ({"main": {"ledger": {"checkpoint_seconds": 61}}}, "ledger.checkpoint_seconds: "),
    ({"main": {"front_door": {"burst": -1}}}, "front_door.burst: "),
    ({"main": {"front_door": {"listen": SECRET}}}, "front_door.listen: is not host:port"),
    ({"main": {"front_door": {"listen": "a:70000"}}}, "front_door.listen: is not host:port"),
    ({"main": {"front_door": {"listen": ":80"}}}, "front_door.listen: is not host:port"),
    ({"main": {"front_door": {"listen": "a:８０"}}}, "front_door.listen: is not host:port"),
    ({"main": {"ops": {"listen": "localhost"}}}, "ops.listen: is not host:port"),
    ({"main": {"front_door": {"tls_key": SECRET}}}, "front_door: tls_certificate and tls_key come together"),
    ({"main": {"front_door": {"public_url": SECRET}}}, "front_door.public_url: is not a URL"),
    ({"main": {"front_door": {"public_url": "https:///path"}}}, "front_door.public_url: is not a URL"),
    ({"main": {"front_door": {"public_url": "https://[::1"}}}, "front_door.public_url: is not a URL"),
    ({"main": {"front_door": {"public_url": "https://a.example/"}}}, "front_door.public_url: ends without a slash"),
    ({"main": {"gateway": {"origin": f"https://{SECRET}"}}}, "gateway.origin: Expected `str` matching"),
    ({"main": {"gateway": {"origin": "with blank/log"}}}, "gateway.origin: "),
    ({"main": {"gateway": {"origin": "a+b/log"}}}, "gateway.origin: "),
    ({"main": {"hosted": []}}, "hosted: a gateway hosts at least one office"),
    ({"main": {"hosted": MAIN["hosted"] * 2}}, "hosted[1]: this office stands there twice"),
    ({"main": {"hosted": [MAIN["hosted"][0] | {"code": "XAB"}]}}, "hosted[0].code: Expected `str` matching"),
    ({"main": {"hosted": [MAIN["hosted"][0] | {"code": "XA\n"}]}}, "hosted[0].code: "),
    ({"main": {"hosted": [MAIN["hosted"][0] | {"receipt_key": SECRET}]}}, "hosted[0]: receipt_key and receipt_certi"),
    ({"main": {"counterpart": MAIN["counterpart"] * 2}}, "counterpart[1]: this counterpart of this office by"),
    ({"main": {"counterpart": [MAIN["counterpart"][0] | {"hosted": "XB"}]}}, "counterpart[0].hosted: is not hosted"),
    ({"main": {"counterpart": [MAIN["counterpart"][0] | {"token_url": SECRET}]}}, "counterpart[0].token_url: is not a"),
    ({"offices": {"office": OFFICES["office"] * 2}}, "office[1]: this office stands there twice"),
    ({"offices": {"office": [{"code": "XA", "exchanges_as": ["xa"]}]}}, "office[0].exchanges_as[0]: Expected"),
    ({"offices": {"agreement": OFFICES["agreement"] * 2}}, "agreement[1]: this name stands there twice"),
    ({"offices": {"agreement": [OFFICES["agreement"][0] | {"hosted": "XB"}]}}, "agreement[0].hosted: is not hosted"),
    ({"offices": {"agreement": [OFFICES["agreement"][0] | {"adapter": "x"}]}}, "agreement[0]: no [[counterpart]]"),
    ({"offices": {"agreement": [OFFICES["agreement"][0] | {"window_days": 0}]}}, "agreement[0].window_days: "),
    ({"offices": {"agreement": [OFFICES["agreement"][0] | {"recheck_seconds": -1}]}}, "agreement[0].recheck_"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_fit_is_refused_by_its_place(load, tmp_path, changes, said):
    text = refusal(load, **changes)
    name = "parts/offices.toml" if "offices" in changes else "pouch.toml"
    assert text.startswith(f"{tmp_path / 'etc' / name}: ")
    assert said in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"\npassword = {SECRET}\n", "is not TOML (at line "),
        (f"\n[work]\n[work]\na = '{SECRET}'\n", "is not TOML (at line "),
        (f"\nx = '{SECRET}", "is not TOML"),
    ],
)
def test_what_is_no_toml_is_refused_by_its_line(load, text, said):
    told = refusal(load, text=text)
    assert said in told and SECRET not in told


def test_what_is_not_utf_8_is_refused(load, tmp_path):
    load()
    (tmp_path / "etc" / "pouch.toml").write_bytes(b"[gateway]\norigin = '\xff'\n")
    with pytest.raises(SettingsError, match="is not in UTF-8"):
        load_settings(tmp_path / "etc" / "pouch.toml", {})


@pytest.mark.parametrize("missing", ["pouch.toml", "parts/offices.toml"])
def test_what_cannot_be_read_is_said_with_the_reason(load, tmp_path, missing):
    load()
    (tmp_path / "etc" / missing).unlink()
    with pytest.raises(SettingsError, match=rf"{missing}: cannot be read: No such file"):
        load_settings(tmp_path / "etc" / "pouch.toml", {})


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_names_in_every_script_are_read(load):
    settings = load(main={"hosted": [MAIN["hosted"][0] | {"name": "مكتب البراءات Ñ 特许厅"}]})
    assert settings.hosted[0].name == "مكتب البراءات Ñ 特许厅"


def test_settings_are_not_changed(load):
    settings = load()
    for table, name in ((settings, "gateway"), (settings.gateway, "origin"), (settings.hosted[0], "code")):
        with pytest.raises(AttributeError):
            setattr(table, name, "another")
    assert pickle.loads(pickle.dumps(settings)) == settings, "for a worker process"
    assert isinstance(settings, Settings)
