"""Everything honest that third parties published is read without an error: by the engine, as it stands."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.finding import Severity
from gateway.packages.confined import seconds_for
from gateway.packages.inspecting import inspect

SHARED = Path(__file__).parents[3] / "shared"
if not SHARED.exists():
    pytest.skip("../shared is not here", allow_module_level=True)

AT = datetime(2026, 11, 23, tzinfo=UTC)
HONEST = sorted(
    path for path in (SHARED / "data").rglob("*") if path.suffix.lower() in {".pdf", ".zip", ".xml", ".xsd", ".wsdl"}
)
ARCHIVES = sorted((SHARED / "vectors" / "zip").rglob("*.zip"))


@pytest.mark.parametrize("path", HONEST, ids=lambda path: "/".join(path.parts[-2:]))
def test_an_honest_file_has_no_error(path: Path) -> None:
    with path.open("rb") as source:
        report = inspect(source, name=path.name, at=AT)
    assert [each.told() for each in report.of(Severity.ERROR)] == []


def test_the_honest_files_are_there() -> None:
    assert len(HONEST) > 90 and seconds_for(max(path.stat().st_size for path in HONEST)) <= 1.0


@pytest.mark.parametrize(
    "path", [path for path in ARCHIVES if path.parent.name == "failure"], ids=lambda p: p.stem[:40]
)
def test_an_archive_that_must_be_refused_is_an_error_with_a_code(path: Path) -> None:
    with path.open("rb") as source:
        report = inspect(source, name=path.name, at=AT)
    errors = report.of(Severity.ERROR)
    # an empty file, or one that does not even begin as an archive, is no package of any kind
    assert errors or [each.code.code for each in report.findings] == ["form-unknown"]
