"""Inspecting in a confined process: what it finds, what it may cost, and that it comes back after it died."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from pdf_making import AT, bytewise, object_stream, printed

from gateway.core.finding import Code, Form, Judgement, Report
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.confined import seconds_for
from gateway.packages.confining import ConfinedInspector
from gateway.packages.form import Declared

APPLICATION = Application(
    office=OfficeCode("XA"), right=Right.DESIGN, number="1/2", normal="12", filing_date=date(2026, 1, 2)
)


@pytest.fixture(scope="module")
def inspector() -> Iterator[ConfinedInspector]:
    with ConfinedInspector() as made:
        yield made


Confined = Callable[..., Report]


@pytest.fixture
def confined(inspector: ConfinedInspector) -> Confined:
    def run(source: bytes, **declared: object) -> Report:
        with tempfile.TemporaryFile() as file:
            file.write(source)
            file.flush()
            return inspector.inspect(file.fileno(), name="thing", at=AT, declared=Declared(**declared))  # type: ignore[arg-type]

    return run


def test_it_finds_what_the_engine_finds(confined: Confined, inspecting: Callable[..., Report]) -> None:
    for source in (printed(), b"", b"<a>", b"PK\x03\x04", object_stream(40_000_000)):
        assert confined(source) == inspecting(source)


def test_it_is_told_what_was_declared(confined: Confined) -> None:
    report = confined(printed(), media_type="application/zip", is_digitally_signed=True, application=APPLICATION)
    assert {each.code for each in report.findings} >= {Code.TYPE_MISMATCH, Code.PDF_SEAL_MISSING}


def test_what_costs_too_much_memory_is_not_examined_and_not_refused(confined: Confined) -> None:
    report = confined(_many_pages(60_000))
    assert [(each.code, each.detail) for each in report.findings] == [(Code.NOT_EXAMINED, "memory")]
    assert report.judgement is Judgement.INDETERMINATE
    assert confined(printed()).form is Form.PDF


def _many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<<>>/XObject<<>>>>>>"
    return bytewise(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count), *[page] * count
    )


def test_what_costs_too_much_time_is_not_examined_and_not_refused(confined: Confined) -> None:
    """The kernel counts, and ends the process wherever it is."""
    report = confined(b"%PDF-1.4\n" + b"/ObjStm stream\n" * 660_000 + b"%%EOF")
    assert [(each.code, each.detail) for each in report.findings] == [(Code.NOT_EXAMINED, "processor time")]
    assert confined(printed()).form is Form.PDF


def test_a_process_that_died_is_made_again(confined: Confined, inspector: ConfinedInspector) -> None:
    confined(printed())
    assert inspector._process is not None
    os.kill(inspector._process.pid, signal.SIGKILL)
    inspector._process.wait()
    assert confined(printed()).judgement is Judgement.PASSED


def test_it_opens_no_connection_and_leaves_no_file(confined: Confined, inspector: ConfinedInspector) -> None:
    """Its descriptors are the parent's socket and what it began with; a file it was handed is closed."""
    confined(printed())
    assert inspector._process is not None
    open_files = Path(f"/proc/{inspector._process.pid}/fd")
    before = sorted(path.name for path in open_files.iterdir())
    confined(printed())
    assert sorted(path.name for path in open_files.iterdir()) == before


def test_larger_files_may_cost_more_time() -> None:
    assert seconds_for(0) == seconds_for(10_000_000) == 1.0
    assert seconds_for(300_000_000) > 10


def test_it_takes_no_code_from_where_it_is_called_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever validates a download does so among downloads."""
    for name in ("json.py", "pikepdf.py", "gateway.py"):
        (tmp_path / name).write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POUCH_DATABASE_DSN", "postgresql://secret")
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(printed())
    with ConfinedInspector(work=tmp_path) as inspector, copy.open("rb") as source:
        assert inspector.inspect(source.fileno(), name="copy.pdf", at=AT, declared=Declared()).form is Form.PDF
        assert inspector._process is not None
        environment = Path(f"/proc/{inspector._process.pid}/environ").read_bytes()
        assert b"secret" not in environment and f"TMPDIR={tmp_path}".encode() in environment
