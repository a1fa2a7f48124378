"""Adapters are found by the name their package announces, and nothing else is loaded."""

import sys

import pytest

from gateway.registry import AdapterUnknown, find_factory, known_adapters


def test_the_installed_ones_are_known():
    assert {"das", "ipas"} <= set(known_adapters())
    assert list(known_adapters()) == sorted(set(known_adapters()))


@pytest.mark.parametrize("name", ["das", "ipas"])
def test_a_factory_makes_an_adapter_of_its_name_or_says_what_is_wrong(name):
    factory = find_factory(name)
    assert callable(factory)
    with pytest.raises(ValueError) as refused:
        factory({"no such setting": "hunter2"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "nobody", "gateway.adapters", "das ", "os:system"])
def test_an_unknown_one_is_refused_with_those_there_are(name):
    with pytest.raises(AdapterUnknown, match=r"installed are das, .*ipas"):
        find_factory(name)


def test_a_package_announces_its_own(tmp_path, monkeypatch):
    folder = tmp_path / "other_office-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: other-office\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[gateway.adapters]\nother = other_office_adapter:adapter\n")
    (tmp_path / "other_office_adapter.py").write_text("def adapter(settings):\n    return ('made', dict(settings))\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "other" in known_adapters()
    assert "other_office_adapter" not in sys.modules, "knowing its name does not load it"
    assert find_factory("other")({"a": 1}) == ("made", {"a": 1})
    sys.modules.pop("other_office_adapter")
