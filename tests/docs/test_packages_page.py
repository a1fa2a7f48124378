"""The page on packages: every command is typed, in order, and does what the page says."""

import json
import re
import subprocess
from functools import cache

import pytest
from documented_gateway import empty_place
from fenced import ROOT, blocks, shell_lines

from gateway.packages.views import NOT_CERTIFIED

PAGE = ROOT / "docs" / "packages.md"
COPY = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>endobj
4 0 obj<</Length 26>>stream
0 0 m 100 100 l S 0 0 0 rg
endstream endobj
"""
BIBLIOGRAPHY = b"""<?xml version="1.0" encoding="UTF-8"?>
<bibliographic-data country="XA"><application-reference><document-id><country>XA</country>
<doc-number>2026/000123</doc-number><date>20260302</date></document-id></application-reference>
<parties><applicants><applicant sequence="1"><addressbook><name>Ana</name></addressbook></applicant></applicants>
</parties>
<invention-title lang="en">A device</invention-title></bibliographic-data>
"""


def whole_pdf() -> bytes:
    offsets = [found.start() for found in re.finditer(rb"^\d 0 obj", COPY, re.MULTILINE)]
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(offsets) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n" % (count, rows, count)
    return COPY + table + b"startxref\n%d\n%%%%EOF\n" % len(COPY)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each line of the page has said, by line."""
    place = empty_place(tmp_path_factory.mktemp("packages"))
    (place.folder / "copy.pdf").write_bytes(whole_pdf())
    (place.folder / "bibliography.xml").write_bytes(BIBLIOGRAPHY)
    lines = [line for block in blocks(PAGE, "sh") for line in shell_lines(block.text)]
    return place.folder, {line: place.run(line) for line in lines}


pytestmark = pytest.mark.debian("openssl")


def test_every_form_is_made_and_found_without_fault(said):
    _, told = said
    verdicts = {
        line.split()[2]: text.split(",")[1].split()[0]
        for line, text in told.items()
        if line.startswith("pouch validate") and "--json" not in line
    }
    assert set(verdicts) == {"copy.pdf", "package.zip", "wasp.p7m", "theirs.p7m", "epo.zip", "signed.zip", "signed.xml"}
    assert set(verdicts.values()) == {"PASSED"}
    assert json.loads(told["pouch validate copy.pdf --json"])["form"] == "pdf"


def test_the_table_names_the_forms_as_they_are_told(said):
    _, told = said
    forms = {
        text.split(":")[1].split(",")[0].strip()
        for line, text in told.items()
        if line.startswith("pouch validate") and "--json" not in line
    }
    table = set(re.findall(r"^\| ((?:`[\w-]+`(?:, )?)+) \|", PAGE.read_text(), re.MULTILINE))
    assert forms <= {name.strip("` ") for row in table for name in row.split(",")}


def test_the_view_is_a_view_and_the_digest_that_of_the_certificate(said):
    folder, told = said
    assert NOT_CERTIFIED in told["pouch package view package.zip -o view.pdf"]
    digest = told["sha256sum epo/substantive.zip"].split()[0]
    assert digest in text_of(folder / "epo" / "certificate.pdf")


def test_what_was_sealed_is_opened_and_what_was_converted_comes_back(said):
    folder, told = said
    assert (folder / "opened" / "copy.pdf").read_bytes() == whole_pdf()
    assert (folder / "content.zip").read_bytes()[:2] == b"PK"
    assert "nothing was lost" in told["pouch convert bibliography96.xml --to st36 -o again.xml"]


@cache
def text_of(path):
    from gateway.packages.epo import stated_text

    with path.open("rb") as source:
        return stated_text(source)


def test_a_spoiled_package_is_told(said):
    folder, _ = said
    package = bytearray((folder / "wasp.p7m").read_bytes())
    package[package.index(b"%PDF") + 9] ^= 1
    (folder / "spoiled.p7m").write_bytes(package)
    place = empty_place(folder / "opened")
    ended = subprocess.run(
        place.typed(f"pouch validate {folder / 'spoiled.p7m'} --roots {folder / 'xa.pem'}"),
        cwd=folder,
        env=place.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "seal-broken" in ended.stdout
