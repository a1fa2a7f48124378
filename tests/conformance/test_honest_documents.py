"""Everything honest that offices publish is read without an error, and published attacks are not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.finding import Code, Form, Judgement, Severity
from gateway.packages.inspecting import inspect

SHARED = Path(__file__).parents[3] / "shared"
HONEST = [
    path
    for name in ("st36", "national_examples", "st96/examples")
    for path in sorted((SHARED / "data" / name).glob("*"))
]
ATTACKS = SHARED / "vectors" / "xml" / "attacks" / "dos-defusedxml"
if not HONEST or not ATTACKS.exists():
    pytest.skip("the shared files are not here", allow_module_level=True)
AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.name)
def test_honest_documents_have_no_error(path):
    report = inspect(path.read_bytes(), name=path.name, at=AT, roots=())
    assert report.of(Severity.ERROR) == ()
    assert report.form in {Form.ST36, Form.ST96} or path.name == "cn_new1.xml"  # a national XML standard of its own


@pytest.mark.parametrize("name", ["cyclic", "dtd", "external", "external_file", "quadratic", "xmlbomb", "xmlbomb2"])
def test_entity_attacks_are_errors(name):
    report = inspect((ATTACKS / f"{name}.xml").read_bytes(), name=name, at=AT, roots=())
    assert (report.judgement, [each.code for each in report.findings]) == (Judgement.FAILED, [Code.XML_DOCTYPE])


@pytest.mark.parametrize("name", ["simple", "simple-ns"])
def test_harmless_files_are_none(name):
    report = inspect((ATTACKS / f"{name}.xml").read_bytes(), name=name, at=AT, roots=())
    assert [each.code for each in report.findings] == [Code.FORM_UNKNOWN]
