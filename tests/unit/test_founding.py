"""Founding: what is written fits together, on both sides of every agreement, and nothing is ever overwritten."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.das.config import read_config
from adapters.ipas.config import read_settings
from gateway.app.offices import read_offices
from gateway.app.witness import load_witness_key, read_witnessed
from gateway.app.witness_asking import read_witnesses
from gateway.client import OfficeClient, load_profile
from gateway.commands.init import command
from gateway.core.document import DocumentKind
from gateway.core.office import OfficeCode, Right
from gateway.core.release import Condition
from gateway.core.transmission import Task
from gateway.founding import AlreadyFounded, Founding, Neighbours, found_bureau, found_gateway, found_ipas, introduce
from gateway.settings import load_settings
from pki.keys import load_certificate, load_signing_key
from pki.note_keys import parse_vkey
from sandbox.ib.config import load as load_bureau
from sandbox.ib.config import read_client_key
from sandbox.ib.inferred import JWKS_PATH, SCOPE, TOKEN_PATH, outbound_client
from sandbox.ipas.config import load as load_ipas
from sandbox.ipas.server import PATH


@pytest.fixture(scope="module")
def neighbourhood(tmp_path_factory):
    """Two gateways and their counterparts: XA is called and makes codes, XB polls and has a standing rule."""
    folder = tmp_path_factory.mktemp("neighbourhood")
    xa = Founding(
        folder=folder / "xa",
        office="XA",
        name="Office A",
        front="127.0.0.1:18443",
        neighbours=Neighbours(bureau="127.0.0.1:19443", issuer="office", das={"poll_seconds": 0.5}),
    )
    first = found_gateway(xa)
    xb = Founding(
        folder=folder / "xb",
        office="XB",
        name="Office B",
        ca=first.ca,
        neighbours=Neighbours(bureau="127.0.0.1:19443", called=False, standing_release=("fee", "secrecy")),
        settings={"work": {"lease_seconds": 7.0}},
    )
    found_gateway(xb)
    found_bureau(folder / "bureau", [xa, xb], first.ca)
    found_ipas(folder / "xb" / "sandbox", xb, first.ca, {"taken": ["7/E/2026/900001"]})
    return folder


def das_of(settings):
    return next(item for item in settings.counterpart if item.adapter == "das")


def test_the_settings_load_and_the_offices_can_be_read(neighbourhood):
    for office in ("xa", "xb"):
        settings = load_settings(neighbourhood / office / "pouch.toml", {})
        offices = read_offices(settings)
        [client] = offices.clients.values()
        assert client[0] == office.upper()
        key = load_signing_key(*(neighbourhood / office / "keys" / f"system.{end}" for end in ("key", "pem")))
        assert offices.trust.find(key.der).office == office.upper()


def test_every_task_of_the_story_has_its_agreement(neighbourhood):
    agreements = read_offices(load_settings(neighbourhood / "xa" / "pouch.toml", {})).agreements
    scope = {"hosted": OfficeCode("XA"), "kind": DocumentKind.PRIORITY_DOCUMENT, "right": Right.PATENT}
    covered = {task: [a.counterpart for a in agreements if a.covers(**scope, task=task)] for task in Task}
    assert covered.pop(Task.ROUTE) == []
    assert covered.pop(Task.HAND_OVER) == ["XA"]
    assert set(map(tuple, covered.values())) == {("IB",)}


def test_an_office_that_polls_is_not_called_and_has_no_library(neighbourhood):
    settings = load_settings(neighbourhood / "xb" / "pouch.toml", {})
    bureau = load_bureau(neighbourhood / "bureau" / "ib.toml")
    assert das_of(settings).calls_us is None
    assert settings.agreement[0].hosting == ("bureau",) and "answer" not in settings.agreement[0].tasks
    assert bureau.by_code("XB").endpoint is None and not bureau.by_code("XB").hosting


def test_standing_release_and_further_settings_are_taken(neighbourhood):
    settings = load_settings(neighbourhood / "xb" / "pouch.toml", {})
    das, _ = read_offices(settings).agreements
    assert das.standing_release == {Condition.FEE, Condition.SECRECY}
    assert settings.work.lease_seconds == 7.0
    assert das_of(load_settings(neighbourhood / "xa" / "pouch.toml", {})).settings["poll_seconds"] == 0.5


def test_gateway_and_bureau_have_agreed(neighbourhood):
    settings = load_settings(neighbourhood / "xa" / "pouch.toml", {})
    bureau = load_bureau(neighbourhood / "bureau" / "ib.toml")
    ours, theirs = das_of(settings), bureau.by_code("XA")
    origin = "https://127.0.0.1:19443"
    assert (ours.client_id, ours.token_url) == (theirs.client_id, f"{origin}{TOKEN_PATH}")
    assert read_config(ours.settings).token_url == ours.token_url
    assert ours.token_scope == ours.calls_us.scope == SCOPE
    assert ours.calls_us.jwks_url == f"{origin}{JWKS_PATH}"
    assert ours.calls_us.audience == outbound_client("XA") and ours.calls_us.subjects == (outbound_client("XA"),)
    assert theirs.endpoint == "https://127.0.0.1:18443/das-api/v1"
    assert theirs.access_codes == "office" and settings.agreement[0].code_issuers == ("office",)
    known = read_client_key(Path(theirs.certificate).read_bytes())
    assert known.certificate == load_certificate(ours.client_certificate)


def test_gateway_and_ipas_have_agreed(neighbourhood):
    settings = load_settings(neighbourhood / "xb" / "pouch.toml", {})
    [connection] = [item for item in settings.counterpart if item.adapter == "ipas"]
    ours = read_settings(connection.settings)
    theirs = load_ipas(neighbourhood / "xb" / "sandbox" / "ipas.toml")
    assert [(log.origin, log.log) for log in theirs.log] == [(ours.doc_origin, ours.doc_log)]
    assert (ours.output_root, ours.time_zone) == (theirs.output_root, theirs.time_zone)
    assert ours.user_number in theirs.users and ours.userdoc_type in theirs.userdoc_types
    assert ours.endpoints == {Right.PATENT: f"https://127.0.0.1:9444{PATH}"}
    assert theirs.taken == ("7/E/2026/900001",)


async def test_the_profile_opens_a_client(neighbourhood):
    profile = load_profile(neighbourhood / "xa" / "client.toml")
    assert (profile.gateway, profile.client_id) == ("https://127.0.0.1:18443", "xa-system")
    async with OfficeClient(profile) as client:
        assert client.head()["receiver"] == "XA"


def test_other_counterparts_go_into_the_files_as_they_are(tmp_path):
    counterpart = {"hosted": "XA", "code": "IB", "adapter": "das", "settings": {"base_url": "https://das.invalid/v1"}}
    agreement = {"name": "other", "hosted": "XA", "counterpart": "IB", "adapter": "das", "tasks": ["place"]}
    founding = Founding(
        folder=tmp_path / "xa", office="XA", name="A", counterparts=(counterpart,), agreements=(agreement,)
    )
    settings = load_settings(found_gateway(founding).main, {})
    assert [item.settings for item in settings.counterpart] == [counterpart["settings"]]
    assert [item.name for item in settings.agreement] == ["other"]


def test_keys_are_their_owners(neighbourhood):
    keys = neighbourhood / "xa" / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.glob("*.key")} == {0o600}


def test_nothing_is_overwritten(neighbourhood):
    founding = Founding(folder=neighbourhood / "xa", office="XA", name="A", neighbours=Neighbours())
    before = {path: path.read_bytes() for path in (neighbourhood / "xa").rglob("*") if path.is_file()}
    with pytest.raises(AlreadyFounded, match=r"pouch\.toml"):
        found_gateway(founding)
    ca = found_gateway(Founding(folder=neighbourhood / "fresh", office="XA", name="A")).ca
    with pytest.raises(AlreadyFounded, match=r"ib\.toml"):
        found_bureau(neighbourhood / "bureau", [founding], ca)
    assert before == {path: path.read_bytes() for path in (neighbourhood / "xa").rglob("*") if path.is_file()}


def test_a_door_that_listens_everywhere_is_called_at_this_machine():
    everywhere = [Founding(folder=None, office="XA", name="", front=f"{host}:8443") for host in ("0.0.0.0", "[::]")]
    assert {founding.url for founding in everywhere} == {"https://127.0.0.1:8443"}


def test_init_says_how_to_start_what_it_made(tmp_path):
    run = CliRunner().invoke(command, [str(tmp_path / "xa"), "--office", "XA", "--bureau", "127.0.0.1:9999", "--json"])
    assert run.exit_code == 0, run.output
    told = json.loads(run.output)
    assert all((tmp_path / "xa").joinpath(path).exists() for path in told["files"])
    bureau = told["commands"][0].split()
    assert bureau[:3] == ["pouch", "sandbox", "ib"] and bureau[bureau.index("--port") + 1] == "9999"
    again = CliRunner().invoke(command, [str(tmp_path / "xa"), "--office", "XA"])
    assert again.exit_code == 1 and "exists" in again.output


def test_init_alone_makes_no_neighbourhood(tmp_path):
    assert CliRunner().invoke(command, [str(tmp_path / "xa"), "--office", "XA", "--alone"]).exit_code == 0
    settings = load_settings(tmp_path / "xa" / "pouch.toml", {})
    assert (settings.counterpart, settings.agreement) == ((), ())
    assert not (tmp_path / "xa" / "sandbox").exists()
    assert CliRunner().invoke(command, [str(tmp_path / "xb"), "--office", "Xx"]).exit_code == 2


def test_two_gateways_are_introduced_as_witnesses_of_each_other(tmp_path):
    first, second = (
        found_gateway(Founding(folder=tmp_path / code.lower(), office=code, name=code, front=f"127.0.0.1:{port}"))
        for code, port in (("XA", 18443), ("XB", 18444))
    )
    introduce(first, second)
    for mine, other, port in ((first, second, 18444), (second, first, 18443)):
        settings = load_settings(mine.main, {})
        key = load_witness_key(settings)
        assert key is not None and key.verifier.vkey == (mine.main.parent / "keys" / "witness.vkey").read_text().strip()
        [log] = read_witnessed(settings)
        assert log == parse_vkey((other.main.parent / "keys" / "ledger.vkey").read_text()).name
        [witness] = read_witnesses(settings)
        assert witness.name == f"{other.main.parent.name}.pouch.example/witness"
        [table] = settings.ledger.witness
        assert table.url == f"https://127.0.0.1:{port}/ledger" and table.ca is not None
        assert load_certificate(table.ca) == other.ca.certificate
