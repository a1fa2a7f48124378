"""pouch ledger reconcile: what is asked for in a way that has no answer ends with 2, before anything is opened."""

import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from pki.note_keys import generate_note_key


@pytest.fixture
def files(tmp_path):
    (tmp_path / "xa.vkey").write_text(generate_note_key("xa.example/ledger").verifier.vkey)
    for name in ("pouch.toml", "xa.toml", "book"):
        (tmp_path / name).write_text("")
    return {name: str(tmp_path / name) for name in ("xa.vkey", "pouch.toml", "xa.toml", "book")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-c", "pouch.toml", "-p", "xa.toml"], "--vkey"),
        (["--vkey", "xa.vkey"], "Name both sides"),
        (["--vkey", "xa.vkey", "-c", "pouch.toml"], "Name both sides"),
        (["--vkey", "xa.vkey", "--ours", "book"], "Name both sides"),
        (["--vkey", "xa.vkey", "-c", "pouch.toml", "-p", "xa.toml", "--theirs", "book"], "Name both sides"),
        (["--vkey", "xa.vkey", "-c", "pouch.toml", "-p", "xa.toml", "--book", "placed"], "the office that fetches"),
        (["--vkey", "xa.vkey", "-c", "pouch.toml", "-p", "xa.toml", "--book", "lent"], "'lent' is not one of"),
        (["--at", "yesterday"], "whole minute"),
        (["--at", "2100-01-01T00:00Z"], "in the future"),
        (["--settling", "0"], "range"),
        (["--export", "new", "-c", "pouch.toml"], "--partner and one --book"),
        (["--export", "new", "--partner", "XA", "--book", "taken"], "needs -c"),
    ],
)
def test_what_cannot_be_compared_is_a_usage_error(files, words, said):
    run = CliRunner().invoke(main, ["ledger", "reconcile", *(files.get(word, word) for word in words)])
    assert run.exit_code == 2, run.output
    assert said in run.output


def test_a_key_file_that_holds_none_cannot_tell(files):
    run = CliRunner().invoke(
        main, ["ledger", "reconcile", "--vkey", files["book"], "--ours", files["book"], "--theirs", files["book"]]
    )
    assert run.exit_code == 3 and "CANNOT TELL" in run.output
    run = CliRunner().invoke(
        main, ["ledger", "reconcile", "--vkey", files["xa.vkey"], "--ours", files["book"], "--theirs", files["book"]]
    )
    assert run.exit_code == 3 and "is no book" in run.output


def test_settings_that_cannot_be_read_cannot_tell(files):
    run = CliRunner().invoke(
        main,
        ["ledger", "reconcile", "-c", files["pouch.toml"], "--export", "x", "--partner", "XA", "--book", "taken"],
    )
    assert run.exit_code == 3 and "CANNOT TELL" in run.output
