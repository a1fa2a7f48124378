"""pouch schemas add: an official index schema is installed by its digest, and a package that breaks it is refused."""

import hashlib
import json
import zipfile
from importlib.resources import files

from click.testing import CliRunner

from gateway.__main__ import main

PDF = b"%PDF-1.7\nthe copy\n%%EOF\n"


def pouch(*arguments, code=0):
    run = CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)
    assert run.exit_code == code, run.output
    return run.output


def test_an_installed_schema_is_enforced(tmp_path):
    """The provisional schema stands in for the official one, with one rule more: numbers have a slash."""
    schema = files("schemas").joinpath("pddp-index-provisional.xsd").read_text()
    number = '<xs:element name="ApplicationNumberText" type="xs:token"/>'
    assert number in schema
    pattern = '<xs:restriction base="xs:token"><xs:pattern value="[0-9]+/[0-9]+"/></xs:restriction>'
    rule = f'<xs:element name="ApplicationNumberText"><xs:simpleType>{pattern}</xs:simpleType></xs:element>'
    strict = schema.replace(number, rule)
    archive, copy, folder = tmp_path / "official.zip", tmp_path / "copy.pdf", tmp_path / "schemas"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("index.xsd", strict)
    copy.write_bytes(PDF)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert "not that archive" in pouch("schemas", "add", archive, "--sha256", "00" * 32, "--to", folder, code=1)
    told = json.loads(pouch("schemas", "add", archive, "--sha256", digest, "--to", folder, "--json"))
    assert told["namespaces"] == ["urn:pouch:pddp-index:provisional"]
    for number, expected in (("2026/1", False), ("2026-1", True)):
        package = tmp_path / f"{number.replace('/', '_')}.zip"
        pouch(
            "package", "make", "pddp", copy, "-o", package, "--office", "XA", "--number", number, "--date", "2026-03-02"
        )
        run = CliRunner().invoke(main, ["validate", str(package), "--schemas", str(folder), "--json"])
        found = [each for each in json.loads(run.output)["findings"] if each["code"] == "index-schema"]
        assert bool(found) is expected
        if found:
            assert run.exit_code == 1
            assert found[0]["place"] == "index.xml > /PriorityDocumentIndex/ApplicationNumberText"
        plain = json.loads(CliRunner().invoke(main, ["validate", str(package), "--json"]).output)
        assert "index-schema" not in [each["code"] for each in plain["findings"]]


def test_the_application_it_is_for_can_be_named(tmp_path):
    copy, package = tmp_path / "copy.pdf", tmp_path / "p.zip"
    copy.write_bytes(PDF)
    pouch(
        "package", "make", "pddp", copy, "-o", package, "--office", "XA", "--number", "2026/1", "--date", "2026-03-02"
    )
    asked = ["validate", str(package), "--office", "XA", "--number", "2026/1", "--date", "2026-03-03", "--json"]
    told = json.loads(CliRunner().invoke(main, asked).output)
    assert "date-mismatch" in [each["code"] for each in told["findings"]]
    assert "go together" in pouch("validate", package, "--office", "XA", code=2)
