"""The configuration is strict: what is not known or makes no sense is refused by its path, never by its value."""

from datetime import date

import pytest

from sandbox.ipas.config import EXAMPLE, load, read


def test_the_example_is_what_runs_without_a_file(tmp_path):
    file = tmp_path / "ipas.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    assert load(None) == load(file)
    assert load(None).file[0].key == ("XX", "P", 2026, 123)
    assert load(None).file[0].priority[0].date == date(2025, 1, 15)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("colour = 'red'", "colour"),
        ("users = ['seven']", "$.users[0]"),
        ("time_zone = 'Mars/Phobos'", "time_zone"),
        ("time_zone = '/etc'", "time_zone"),
        ("output_root = 'relative'", "output_root"),
        ("output_root = '/'", "output_root"),
        ("output_root = '/a/../b'", "output_root"),
        ("taken = ['456']", "taken"),
        ("[[file]]\nid = 'XX-1'\nfiled = 2026-01-02", "file[0].id"),
        ("[[log]]\norigin = '1'", "$.log[0]"),
        ("= 1", "configuration"),
    ],
)
def test_a_wrong_setting_is_named(text, path):
    with pytest.raises(ValueError, match="configuration: ") as refused:
        read(text)
    assert path in str(refused.value)
    assert "Mars" not in str(refused.value) and "XX-1" not in str(refused.value)
