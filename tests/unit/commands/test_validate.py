"""pouch validate: what it prints, and the exit code that says what was found."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands import validate
from gateway.demo.papers import write_pdf


def run(path: Path, content: bytes, *words: str) -> Result:
    path.write_bytes(content)
    return CliRunner().invoke(validate.command, [str(path), *words])


def test_a_good_file_ends_with_0(tmp_path: Path) -> None:
    result = run(tmp_path / "copy.pdf", write_pdf("Certified copy", ["one line"]))
    assert result.exit_code == 0 and "copy.pdf: pdf, PASSED" in result.output


def test_errors_end_with_1_and_are_told_as_one_object(tmp_path: Path) -> None:
    result = run(tmp_path / "copy.pdf", write_pdf("Certified copy", ["one line"])[:-60], "--json")
    told = json.loads(result.output)
    assert result.exit_code == 1 and told["verdict"] == "FAILED"
    assert "pdf-cut-short" in [each["code"] for each in told["findings"]]
    assert all({"severity", "code", "rule", "text", "remedy"} <= set(each) for each in told["findings"])


def test_what_cannot_be_told_ends_with_3(tmp_path: Path) -> None:
    assert run(tmp_path / "notes.txt", b"no form at all").exit_code == 3


@pytest.mark.parametrize(("words", "exit_code"), [((), 1), (("--media-type", "application/zip"), 0)])
def test_the_name_declares_the_type_unless_it_is_given(tmp_path: Path, words: tuple[str, ...], exit_code: int) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("figure.png", b"x")
    assert run(tmp_path / "copy.pdf", sink.getvalue(), *words).exit_code == exit_code


def test_a_declared_signature_is_looked_for(tmp_path: Path) -> None:
    result = run(tmp_path / "copy.pdf", write_pdf("Copy", ["line"]), "--digitally-signed")
    assert result.exit_code == 0 and "pdf-seal-missing" in result.output


def test_what_the_file_says_cannot_move_the_cursor(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("bad\x1b[2J.xml", b"<a>")
        archive.writestr("b.xml", b"<\x1b>")
    assert "\x1b" not in run(tmp_path / "a.zip", sink.getvalue()).output


def test_roots_that_are_none_are_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_text("nothing")
    result = run(tmp_path / "copy.pdf", b"%PDF-", "--roots", str(tmp_path / "roots.pem"))
    assert result.exit_code == 2
