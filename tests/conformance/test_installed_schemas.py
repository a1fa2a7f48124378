"""The official ST.96 schemas are installed as they are published, and enforced with a warning."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.finding import Code
from gateway.packages.inspecting import inspect
from gateway.wire.installed import InstalledSchemas

SHARED = Path(__file__).parents[3] / "shared" / "data" / "st96"
if not SHARED.exists():
    pytest.skip("the official schemas are not here", allow_module_level=True)
#: One document's schema, and what it includes and imports.
NEEDED = ["SearchReport_V6_0.xsd", "SearchReport_V6_0_Common.xsd", "FlattenedMathML3.xsd", "OASISTable_V1_0.xsd"]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory):
    folder, sink = tmp_path_factory.mktemp("installed"), io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NEEDED:
            archive.write(SHARED / "xsd_v6_0_flattened" / name, name)
    installed = InstalledSchemas(folder)
    installed.add(io.BytesIO(sink.getvalue()), hashlib.sha256(sink.getvalue()).hexdigest())
    installed.load()
    return installed


@pytest.mark.parametrize(
    ("old", "new", "expected"), [(b"", b"", []), (b"<com:MailDate>2026", b"<com:MailDate>x026", ["MailDate"])]
)
def test_a_document_is_held_against_them(schemas, old, new, expected):
    document = (SHARED / "examples" / "SearchReport_synthetic.xml").read_bytes()
    assert old in document
    changed = document.replace(old, new) if old else document
    report = inspect(changed, name="r.xml", at=datetime.now(UTC), schemas=schemas)
    places = [each.place for each in report.findings if each.code is Code.DOCUMENT_SCHEMA]
    assert [place.rpartition("/")[2] for place in places] == expected
