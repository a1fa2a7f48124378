"""The offices file in use: trust, senders, clients, agreements, numbers; and errors that name their place."""

from datetime import timedelta

import pytest
import tomli_w

from gateway.app.offices import OfficesInUse, read_offices
from gateway.core.office import Right
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition
from gateway.core.request import Hosting, Issuer
from gateway.core.transmission import Task
from gateway.settings import SettingsError, load_settings

AGREEMENT = {"name": "XA-IB", "hosted": "XA", "counterpart": "IB", "adapter": "das", "tasks": ["place", "obtain"]}
FORMAT = {"right": "patent", "expression": r"(\d{4})/(\d{1,6})", "normal": r"\1\2"}


@pytest.fixture
def offices(tmp_path, key_folder):
    """Read an offices file: give its [[office]]s and [[agreement]]s."""

    def write_and_read(office=(), agreement=(AGREEMENT,)):
        main = {
            "gateway": {"origin": "gateway.example/log"},
            "hosted": [
                {"code": code, "name": code, "signing_key": "k", "signing_certificate": "c"} for code in ("XA", "XB")
            ],
            "counterpart": [{"hosted": "XA", "code": "IB", "adapter": "das"}],
        }
        (tmp_path / "pouch.toml").write_text(tomli_w.dumps(main))
        content = {"office": list(office), "agreement": list(agreement)}
        (tmp_path / "offices.toml").write_text(tomli_w.dumps(content).replace("KEYS", str(key_folder)))
        return read_offices(load_settings(tmp_path / "pouch.toml", {}))

    return write_and_read


def refusal(offices, *office, **changes):
    with pytest.raises(SettingsError) as refused:
        offices(office, **changes)
    return str(refused.value)


def test_whose_messages_are_taken_for_whom(offices):
    read = offices(
        [
            {"code": "XA"},
            {"code": "XC"},
            {"code": "XD", "exchanges_as": ["XA", "XB"]},
            {"code": "XB", "exchanges_as": ["XA"]},
        ]
    )
    assert read.senders == {
        "XA": frozenset({"XA"}),
        "XC": frozenset(),
        "XD": frozenset({"XA", "XB"}),
        "XB": frozenset({"XA"}),
    }


def test_certificates_are_pinned_to_their_office(offices, signers):
    read = offices([{"code": "XA", "signing_certificates": ["KEYS/XA.pem", "KEYS/XB.pem"]}])
    for name in ("XA", "XB"):
        assert read.trust.find(signers[name].der).office == "XA"
    assert read.trust.find(signers["stranger"].der) is None


def test_clients_take_tokens_for_their_office(offices, signers):
    read = offices([{"code": "XA", "client": [{"id": "system", "certificate": "KEYS/XA.pem", "scopes": ["exchange"]}]}])
    office, key, scopes = read.clients["system"]
    assert (office, scopes) == ("XA", frozenset({"exchange"}))
    assert key == signers["XA"].public_key


def test_an_agreement_is_read_word_for_word(offices):
    more = {
        "rights": ["patent", "design"],
        "hosting": ["office"],
        "code_issuers": ["bureau"],
        "standing_release": ["fee"],
        "window_days": 1.5,
        "suspended": True,
    }
    (read,) = offices(agreement=[AGREEMENT | more]).agreements
    assert (read.name, read.hosted, read.counterpart, read.adapter) == ("XA-IB", "XA", "IB", "das")
    assert (read.tasks, read.rights) == ({Task.PLACE, Task.OBTAIN}, {Right.PATENT, Right.DESIGN})
    assert (read.hosting, read.code_issuers) == ({Hosting.OFFICE}, {Issuer.BUREAU})
    assert (read.standing_release, read.window, read.recheck, read.suspended) == (
        {Condition.FEE},
        timedelta(hours=36),
        timedelta(days=1),
        True,
    )


def test_numbers_of_an_office_s_own_form(offices):
    read = offices([{"code": "XA", "number_format": [FORMAT]}])
    in_use = OfficesInUse(read)
    assert in_use.normalise("XA", Right.PATENT, "2026/7") == "20267"
    with pytest.raises(Refused) as refused:
        in_use.normalise("XA", Right.PATENT, "seven")
    assert refused.value.reason is Reason.NUMBER_MALFORMED


def test_what_holds_the_offices_sees_a_reload_at_once(offices):
    in_use = OfficesInUse(offices([{"code": "XA"}]))
    senders, agreements, normalise = in_use.senders, in_use.agreements, in_use.normalise
    in_use.now = offices([{"code": "XB", "number_format": [FORMAT]}], agreement=[])
    assert (senders(), agreements()) == ({"XB": frozenset({"XB"})}, ())
    assert normalise("XB", Right.PATENT, "2026/7") == "20267"


WRONG = [
    ({"code": "XA", "signing_certificates": ["KEYS/XA.pem", "missing.pem"]}, "office[0].signing_certificates: "),
    ({"code": "XA", "signing_certificates": ["KEYS/XA.key"]}, "office[0].signing_certificates: "),
    ({"code": "XA", "exchanges_as": ["XA", "XC"]}, "office[0].exchanges_as[1]: is not hosted here"),
    ({"code": "XA", "client": [{"id": "a", "certificate": "missing.pem"}]}, "office[0].client[0].certificate: "),
    (
        {"code": "XA", "client": [{"id": "a", "certificate": "KEYS/XA.pem"}] * 2},
        "office[0].client[1].id: stands there twice",
    ),
    ({"code": "XA", "number_format": [FORMAT | {"right": "hunter2"}]}, "office[0].number_format[0].right: is none of"),
    ({"code": "XA", "number_format": [FORMAT, FORMAT | {"expression": "(hunter2+)+"}]}, "office[0].number_format[1]:"),
    ({"code": "XA", "number_format": [FORMAT | {"normal": r"\7hunter2"}]}, "office[0].number_format[0]: is not"),
]  # fmt: skip


@pytest.mark.parametrize(("office", "said"), WRONG)
def test_what_does_not_fit_is_refused_by_its_dotted_path(offices, office, said):
    text = refusal(offices, office)
    assert text.startswith(said)
    assert "hunter2" not in text


@pytest.mark.parametrize("table", ["tasks", "kinds", "rights", "hosting", "code_issuers", "standing_release"])
def test_a_word_that_is_none_is_refused_with_those_there_are(offices, table):
    text = refusal(offices, agreement=[AGREEMENT, AGREEMENT | {"name": "2", table: ["hunter2"]}])
    assert text.startswith(f"agreement[1].{table}[0]: is none of ")
    assert "hunter2" not in text


def test_routing_is_no_matter_of_agreement(offices):
    assert refusal(offices, agreement=[AGREEMENT | {"tasks": ["route"]}]) == (
        "agreement[0].tasks: routing is the gateway's own"
    )


def test_one_client_id_is_one_office_s(offices):
    client = [{"id": "same", "certificate": "KEYS/XA.pem"}]
    text = refusal(offices, {"code": "XA", "client": client}, {"code": "XB", "client": client})
    assert text == "office[1].client[0].id: stands there twice"
