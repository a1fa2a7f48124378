"""pouch package and pouch convert: files in, package out and back; nothing overwritten, nothing lost silently."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.__main__ import main
from pki.certificates import issue_tls
from pki.keys import generate_key, write_private_key

APPLICATION = ["--office", "XA", "--number", "2026/1", "--date", "2026-03-02"]
ST36 = b"""<bibliographic-data country="DE"><application-reference><document-id><country>DE</country>
<doc-number>10 2025 1</doc-number><date>20250302</date></document-id></application-reference>
<parties><applicants><applicant sequence="1"><addressbook><name>Ana</name></addressbook></applicant></applicants>
</parties>
<invention-title lang="de">Ger<i>\xc3\xa4</i>t</invention-title></bibliographic-data>"""


def pouch(*arguments, code=0):
    run = CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)
    assert run.exit_code == code, run.output
    return run.output


@pytest.fixture(scope="module")
def recipient(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipient")
    now = datetime.now(UTC)
    pair = issue_tls("XB", key=generate_key("RSA-3072"), names=["xb.example"], now=now - timedelta(days=1))
    (folder / "xb.pem").write_bytes(pair.certificate.public_bytes(Encoding.PEM))
    write_private_key(folder / "xb.key", pair.key)
    return folder


@pytest.fixture
def files(tmp_path):
    (tmp_path / "copy.pdf").write_bytes(b"%PDF-1.7\nthe copy\n%%EOF\n")
    (tmp_path / "bib.xml").write_bytes(ST36)
    return tmp_path


@pytest.mark.parametrize("form", ["wad", "wasp", "sep", "epo", "signed-archive"])
def test_what_is_made_is_opened_again(files, recipient, form):
    signed = ["--key", recipient / "xb.key", "--certificate", recipient / "xb.pem", "--for", recipient / "xb.pem"]
    package, folder = files / "package", files / "opened"
    made = pouch(
        "package", "make", form, files / "copy.pdf", files / "bib.xml", *APPLICATION, *signed, "-o", package, "--json"
    )
    assert json.loads(made)["size"] == package.stat().st_size
    key = ["--key", recipient / "xb.key", "--certificate", recipient / "xb.pem"] if form == "sep" else []
    told = json.loads(pouch("package", "open", package, "-o", folder, *key, "--json"))
    if form == "epo":
        pouch("package", "open", folder / "substantive.zip", "-o", folder / "inner")
        folder = folder / "inner"
    else:
        assert {"copy.pdf", "bib.xml"} <= set(told["files"])
    for name in ("copy.pdf", "bib.xml"):
        assert (folder / name).read_bytes() == (files / name).read_bytes()


def test_a_pddp_has_its_folders(files):
    package = files / "p.zip"
    pouch(
        "package", "make", "pddp", files / "copy.pdf", *APPLICATION, "--supplementary", files / "bib.xml", "-o", package
    )
    told = json.loads(pouch("package", "open", package, "-o", files / "opened", "--json"))
    assert told["files"] == ["index.xml", "core/copy.pdf", "supplementary/bib.xml"]
    assert "is there already" in pouch("package", "open", package, "-o", files / "opened", code=2)


def test_nothing_is_overwritten_and_what_is_missing_is_said(files):
    wad = ["package", "make", "wad", files / "copy.pdf", *APPLICATION, "-o", files / "copy.pdf"]
    assert "is there already" in pouch(*wad, code=2)
    assert (files / "copy.pdf").read_bytes().startswith(b"%PDF")
    assert "--key" in pouch("package", "make", "wasp", files / "copy.pdf", *APPLICATION, "-o", files / "a", code=2)
    assert "--for" in pouch("package", "make", "sep", files / "copy.pdf", *APPLICATION, "-o", files / "a", code=2)
    assert not (files / "a").exists()


def test_a_stranger_cannot_open_a_sep(files, recipient, tmp_path_factory):
    package = files / "p.sep"
    signed = ["--key", recipient / "xb.key", "--certificate", recipient / "xb.pem", "--for", recipient / "xb.pem"]
    pouch("package", "make", "sep", files / "copy.pdf", *APPLICATION, *signed, "-o", package)
    other = tmp_path_factory.mktemp("stranger")
    pair = issue_tls(
        "XC", key=generate_key("RSA-3072"), names=["xc.example"], now=datetime.now(UTC) - timedelta(days=1)
    )
    (other / "xc.pem").write_bytes(pair.certificate.public_bytes(Encoding.PEM))
    write_private_key(other / "xc.key", pair.key)
    told = pouch(
        "package",
        "open",
        package,
        "-o",
        files / "o",
        "--key",
        other / "xc.key",
        "--certificate",
        other / "xc.pem",
        code=3,
    )
    assert "cannot be opened" in told
    assert not (files / "o").exists()


def test_a_receipt_names_its_package(files):
    package, receipt = files / "p.zip", files / "receipt.xml"
    pouch("package", "make", "wad", files / "copy.pdf", *APPLICATION, "-o", package)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    receipt.write_text(f"<xmit-receipt><wad-message-digest>{digest}</wad-message-digest></xmit-receipt>")
    assert json.loads(pouch("package", "receipt", receipt, package, "--json"))["fits"]
    package.write_bytes(package.read_bytes() + b"\0")
    assert "wad-digest" in pouch("package", "receipt", receipt, package, code=1)


def test_bibliographic_data_goes_there_and_back_and_what_is_lost_is_listed(files):
    told = json.loads(pouch("convert", files / "bib.xml", "--to", "st96", "-o", files / "bib96.xml", "--json"))
    assert told["lost"] == ["/bibliographic-data/invention-title/i (markup)"]
    back = pouch("convert", files / "bib96.xml", "--to", "st36", "-o", files / "bib36.xml")
    assert "nothing was lost" in back
    assert b"<doc-number>10 2025 1</doc-number>" in (files / "bib36.xml").read_bytes()
    assert "is there already" in pouch("convert", files / "bib.xml", "--to", "st96", "-o", files / "bib96.xml", code=2)
    (files / "other.xml").write_bytes(b"<a/>")
    assert "no bibliographic data" in pouch("convert", files / "other.xml", "--to", "st96", "-o", files / "x", code=1)
