"""Installed schemas: by digest, whole, enforced by namespace; nothing is fetched, nothing outside the folder read."""

import hashlib
import io
import zipfile

import pytest

from gateway.core.reason import Reason, Refused
from gateway.wire.installed import InstalledSchemas, WrongDigest
from gateway.wire.xml import parse

MAIN = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:i" targetNamespace="urn:i"
elementFormDefault="qualified"><xs:include schemaLocation="parts/types.xsd"/>
<xs:element name="Index"><xs:complexType><xs:sequence><xs:element name="Number" type="Number" maxOccurs="9"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
TYPES = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:i"><xs:simpleType name="Number">
<xs:restriction base="xs:token"><xs:pattern value="[0-9]+"/></xs:restriction></xs:simpleType></xs:schema>"""


def archive(**files):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return sink.getvalue()


def installed(folder, files):
    content = archive(**files)
    schemas = InstalledSchemas(folder)
    namespaces = schemas.add(io.BytesIO(content), hashlib.sha256(content).hexdigest())
    return schemas, namespaces


def index(*numbers):
    inside = "".join(f"<Number>{number}</Number>" for number in numbers)
    return parse(f'<Index xmlns="urn:i">{inside}</Index>'.encode())


def test_what_is_installed_is_enforced_by_namespace(tmp_path):
    _, namespaces = installed(tmp_path, {"main.xsd": MAIN, "parts/types.xsd": TYPES, "Readme.txt": b"x"})
    assert namespaces == ("urn:i",)
    again = InstalledSchemas(tmp_path)
    again.load()
    assert again.knows(index("1")) and not again.knows(parse(b"<Index/>"))
    assert list(again.violations(index("1", "2"))) == []
    assert list(again.violations(index("1", "x"))) == ["/Index/Number[2]"]
    assert list(again.violations(parse(b"<other/>"))) == []
    assert not (next(tmp_path.iterdir()) / "Readme.txt").exists()


def test_an_archive_is_installed_by_its_digest_only(tmp_path):
    content = archive(**{"main.xsd": MAIN})
    with pytest.raises(WrongDigest):
        InstalledSchemas(tmp_path).add(io.BytesIO(content), "00" * 32)
    assert list(tmp_path.iterdir()) == []


def test_a_file_changed_afterwards_is_noticed(tmp_path):
    installed(tmp_path, {"main.xsd": MAIN, "parts/types.xsd": TYPES})
    path = next(tmp_path.glob("*/parts/types.xsd"))
    path.write_bytes(TYPES.replace(b"[0-9]+", b".*"))
    with pytest.raises(WrongDigest):
        InstalledSchemas(tmp_path).load()


@pytest.mark.parametrize(
    "files",
    [
        {"a.txt": b"no schema"},
        {"a.xsd": b"<schema/>"},
        {"a.xsd": b'<!DOCTYPE a [<!ENTITY x "y">]><a/>'},
        {"../a.xsd": MAIN},
    ],
)
def test_what_is_no_schema_installs_nothing(tmp_path, files):
    folder = tmp_path / "schemas"
    with pytest.raises(Refused) as caught:
        installed(folder, files)
    assert caught.value.reason in {Reason.SCHEMA_VIOLATION, Reason.DOCTYPE_FORBIDDEN, Reason.ARCHIVE_NAME}
    assert not folder.exists()


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/types.xsd", "file:///etc/passwd", "../../outside.xsd"])
def test_nothing_outside_is_read(tmp_path, location):
    (tmp_path / "outside.xsd").write_bytes(TYPES)
    folder = tmp_path / "schemas"
    schemas, _ = installed(folder, {"main.xsd": MAIN.replace(b"parts/types.xsd", location.encode())})
    schemas.load()
    assert not schemas.knows(index("1"))
