"""Settings in the pages: none that does not exist, none forgotten, and every example is taken by who reads it."""

import re
import tomllib

import msgspec
import pytest
from fenced import ROOT, blocks

from adapters.das.config import read_config
from adapters.ipas.config import read_settings
from gateway import settings, settings_anchors, settings_ledger
from gateway.app.offices import read_offices
from gateway.founding import Founding, found_gateway
from gateway.settings import load_settings

OPERATORS = ROOT / "docs" / "operators.md"
INTEGRATORS = ROOT / "docs" / "integrators.md"
READERS = {"das": read_config, "ipas": read_settings}


def known_settings() -> set[tuple[str, str]]:
    """(table, key) of every setting of both files."""
    tables = {"calls_us": settings.CallerSettings, "client": settings.ClientSettings}
    tables["number_format"] = settings.NumberFormatSettings
    tables |= {"witness": settings_ledger.WitnessSettings, "witnessed": settings_ledger.WitnessedSettings}
    tables["ledger.timestamping"] = settings_anchors.TimestampingSettings
    tables["ledger.export"] = settings_anchors.ExportSettings
    tables["authority"] = settings_anchors.AuthoritySettings
    for file in (settings._MainFile, settings._OfficesFile):
        for field in msgspec.structs.fields(file):
            tables[field.name] = field.type.__args__[0] if hasattr(field.type, "__args__") else field.type
    return {(name, key) for name, table in tables.items() for key in table.__struct_fields__}


def named_settings() -> set[tuple[str, str]]:
    """(table, key) of every setting in the operators' guide: of its table, and of the sentence on the offices file."""
    page = OPERATORS.read_text().partition("## Settings")[2].partition("\n## ")[0]
    found = set()
    for row in re.findall(r"^\| (`[^|]*`[^|]*) \|", page, re.MULTILINE):
        table = ""
        for word in re.findall(r"`([^`]+)`", row):
            if word.startswith("[["):
                table = word.strip("[]").rpartition(".")[2]
                continue
            named, _, key = word.rpartition(".")
            table = named or table
            found.add((table, key))
            table = "calls_us" if key == "calls_us" else table
    for table, keys in re.findall(r"`\[\[([\w.]+)\]\]` ?\(([^)]+)\)", page):
        found |= {(table.rpartition(".")[2], key) for key in re.findall(r"`(\w+)`", keys)}
    return found


def test_the_operators_guide_names_every_setting_and_no_other():
    tables_in_tables = {("office", "client"), ("office", "number_format"), ("counterpart", "settings")}
    tables_in_tables |= {("ledger", "witness"), ("ledger", "witnessed")}
    tables_in_tables |= {("ledger", "timestamping"), ("ledger", "export"), ("ledger.timestamping", "authority")}
    assert named_settings() - known_settings() == set()
    assert known_settings() - named_settings() - tables_in_tables == set()


def examples(key: str) -> dict:
    """The TOML of the integrators' guide that has a top-level `key`, joined."""
    found = [block.text for block in blocks(INTEGRATORS, "toml") if key in tomllib.loads(block.text)]
    assert found
    return tomllib.loads("\n".join(found))


@pytest.mark.parametrize("adapter", sorted(READERS))
def test_an_example_of_an_adapters_settings_is_taken_by_it(adapter):
    [counterpart] = [each for each in examples("counterpart")["counterpart"] if each["adapter"] == adapter]
    msgspec.convert(counterpart, settings.CounterpartSettings, dec_hook=lambda kind, value: kind(value))
    assert READERS[adapter](counterpart["settings"])


@pytest.mark.parametrize("adapter", sorted(READERS))
def test_a_misspelt_key_in_an_example_would_be_noticed(adapter):
    [counterpart] = [each for each in examples("counterpart")["counterpart"] if each["adapter"] == adapter]
    with pytest.raises(ValueError, match="poll_secnods"):
        READERS[adapter](counterpart["settings"] | {"poll_secnods": 1})


def test_the_examples_together_are_the_settings_of_a_gateway(tmp_path):
    counterparts, agreements = examples("counterpart")["counterpart"], examples("agreement")["agreement"]
    founding = Founding(
        folder=tmp_path, office="XA", name="XA", counterparts=tuple(counterparts), agreements=tuple(agreements)
    )
    loaded = load_settings(found_gateway(founding).main, environment={})
    assert [each.adapter for each in loaded.counterpart] == ["das", "ipas"]
    in_force = read_offices(loaded).agreements
    assert [each.name for each in in_force] == ["DAS", "IPAS"]


def test_the_example_of_an_office_is_one():
    [office] = examples("office")["office"]
    read = msgspec.convert(office, settings.OfficeSettings, dec_hook=lambda kind, value: kind(value))
    assert read.client[0].id == "xa-system" and len(read.signing_certificates) == 2
