"""pouch check: unreadable settings are a finding like any other, with their place, for a person and for a program."""

import json

import pytest
from click.testing import CliRunner

from gateway.commands import check


@pytest.mark.parametrize(
    ("content", "place"),
    [("[gateway]\norigin = 7\n", "gateway.origin"), ("[gateway", "at end of document"), (None, "cannot be read")],
)
def test_unreadable_settings_are_told_with_their_place(tmp_path, content, place):
    file = tmp_path / "pouch.toml"
    if content is not None:
        file.write_text(content)
    program = CliRunner().invoke(check.command, ["-c", str(file), "--json"])
    person = CliRunner().invoke(check.command, ["-c", str(file)])
    told = json.loads(program.stdout)
    [finding] = told["findings"]
    assert told["usable"] is False and (finding["name"], finding["good"], finding["fatal"]) == ("settings", False, True)
    assert str(file) in finding["text"] and place in finding["text"]
    assert f"FAIL  settings: {finding['text']}" in person.stdout
    assert program.exit_code == person.exit_code == 1
