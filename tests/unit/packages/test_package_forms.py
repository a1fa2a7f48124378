"""Package forms: what is made here is found without fault, and whatever is changed in it afterwards is told."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509 import Certificate
from pdf_making import printed

from gateway.core.finding import Code, Form, Judgement, Report, Severity
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.annexf import check_receipt
from gateway.packages.form import Declared
from gateway.packages.inspecting import inspect
from gateway.packages.making import PddpContent, make_pddp, make_sep, make_signed_archive, make_wad, make_wasp
from gateway.packages.making_epo import make_epo_document
from gateway.packages.views import NOT_CERTIFIED, core_view
from pki.certificates import issue_ca, issue_signer, issue_tls
from pki.keys import SigningKey, generate_key
from pki.xmldsig import sign_enveloped

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BEGUN = AT - timedelta(days=30)
APPLICATION = Application(
    office=OfficeCode("XA"), right=Right.PATENT, number="2026/123", normal="", filing_date=date(2026, 3, 2)
)
ST36 = (
    b"<bibliographic-data><application-reference><document-id><country>XA</country><doc-number>2026/123</doc-number>"
    b"<date>20260302</date></document-id></application-reference></bibliographic-data>"
)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def ca() -> SigningKey:
    return issue_ca("Office authority", now=BEGUN)


@pytest.fixture(scope="module")
def signer(ca: SigningKey) -> SigningKey:
    return issue_signer("XA Office", key=generate_key("RSA-3072"), now=BEGUN, ca=ca)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    for name, content in {"copy.pdf": printed(2), "bib.xml": ST36, "fig1.png": PNG, "notes.txt": b"as filed"}.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in ("copy.pdf", "bib.xml")}


def look(source: bytes, roots: Sequence[Certificate] = (), declared: Application | None = APPLICATION) -> Report:
    return inspect(source, name="p", at=AT, roots=roots, declared=Declared(application=declared))


def codes(report: Report) -> set[Code]:
    return {each.code for each in report.findings if each.severity is not Severity.NOTE}


def pddp(files: dict[str, Path], application: Application = APPLICATION) -> bytes:
    folder, sink = files["copy.pdf"].parent, io.BytesIO()
    content = PddpContent(
        core=files["copy.pdf"], mandatory=(folder / "fig1.png",), supplementary=(files["bib.xml"], folder / "notes.txt")
    )
    make_pddp(application, content, sink, at=AT)
    return sink.getvalue()


def wad(files: dict[str, Path]) -> bytes:
    sink = io.BytesIO()
    make_wad(APPLICATION, files, sink, at=AT)
    return sink.getvalue()


def wasp(files: dict[str, Path], signer: SigningKey) -> bytes:
    content, sink = wad(files), io.BytesIO()
    make_wasp(io.BytesIO(content), len(content), sink, key=signer, at=AT)
    return sink.getvalue()


def epo(files: dict[str, Path], signer: SigningKey) -> bytes:
    sink = io.BytesIO()
    make_epo_document(APPLICATION, files, sink, key=signer, at=AT)
    return sink.getvalue()


def signed_archive(files: dict[str, Path], signer: SigningKey) -> bytes:
    sink = io.BytesIO()
    make_signed_archive(files, sink, key=signer, at=AT)
    return sink.getvalue()


def rezipped(package: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The same archive by another hand, with something changed."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return sink.getvalue()


FONTS = {Code.PDF_FONT_MISSING}  # the PDFs of these tests use a font that need not be embedded


def test_a_pddp_made_here_is_found_whole(files: dict[str, Path]) -> None:
    report = look(pddp(files))
    assert (report.form, codes(report) - FONTS, report.judgement) == (Form.PDDP, set(), Judgement.PASSED)
    assert pddp(files) == pddp(files)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda all_: all_.pop("supplementary/notes.txt"), Code.INDEX_MISSING_ENTRY),
        (lambda all_: all_.update({"supplementary/more.txt": b"x"}), Code.INDEX_EXTRA_ENTRY),
        (lambda all_: all_.update({"supplementary/notes.txt": b"as faked"}), Code.INDEX_DIGEST),
        (lambda all_: all_.update({"supplementary/notes.txt": b"longer than it was"}), Code.INDEX_SIZE),
        (lambda all_: all_.update({"core/second.pdf": all_["core/copy.pdf"]}), Code.PDDP_CORE_MISSING),
        (lambda all_: all_.update({"mandatory/a.txt": b"x"}), Code.PDDP_MANDATORY_TYPE),
        (
            lambda all_: all_.update({"index.xml": all_["index.xml"].replace(b"Priority doc", b"Search rep")}),
            Code.KIND_MISMATCH,
        ),
        (
            lambda all_: all_.update({"index.xml": all_["index.xml"].replace(b"FileBag", b"Fil3Bag")}),
            Code.INDEX_UNUSUAL,
        ),
        (
            lambda all_: all_.update({"index.xml": all_["index.xml"].replace(b"2026/123", b"2026/987")}),
            Code.NUMBER_MISMATCH,
        ),
        (lambda all_: all_.update({"index.xml": all_["index.xml"].replace(b">XA<", b">XB<")}), Code.OFFICE_MISMATCH),
        (lambda all_: all_.update({"supplementary/bib.xml": ST36.replace(b"0302", b"0303")}), Code.INDEX_DIGEST),
    ],
)
def test_a_changed_pddp_is_told(
    files: dict[str, Path], change: Callable[[dict[str, bytes]], object], code: Code
) -> None:
    assert code in codes(look(rezipped(pddp(files), change)))


def test_an_archive_without_index_is_a_plain_one(files: dict[str, Path]) -> None:
    assert look(rezipped(pddp(files), lambda all_: all_.pop("index.xml"))).form is Form.ARCHIVE


def test_a_view_of_a_pddp_says_that_it_is_not_certified(files: dict[str, Path]) -> None:
    package = pddp(files)
    view = core_view(io.BytesIO(package), digest="ab" * 32, at=AT)
    from gateway.packages.epo import stated_text

    text = stated_text(io.BytesIO(view))
    assert NOT_CERTIFIED in text
    assert "ab" * 32 in text
    assert "page 1" in text
    assert view == core_view(io.BytesIO(package), digest="ab" * 32, at=AT)


def test_a_wad_made_here_is_found_whole(files: dict[str, Path]) -> None:
    report = look(wad(files))
    assert (report.form, codes(report) - FONTS, report.judgement) == (Form.WAD, set(), Judgement.PASSED)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda all_: all_.pop("copy.pdf"), Code.INDEX_MISSING_ENTRY),
        (lambda all_: all_.update({"more.txt": b"x"}), Code.INDEX_EXTRA_ENTRY),
        (lambda all_: all_.update({"bib.xml": b"<a/>"}), Code.INDEX_SIZE),
    ],
)
def test_a_changed_wad_is_told(
    files: dict[str, Path], change: Callable[[dict[str, bytes]], object], code: Code
) -> None:
    assert code in codes(look(rezipped(wad(files), change)))


@pytest.mark.parametrize("writing", ["hex", "HEX", "base64"])
def test_a_receipt_is_bound_to_exactly_its_package(files: dict[str, Path], writing: str) -> None:
    import base64
    import hashlib

    package = wad(files)
    for algorithm, expected in (("sha256", []), ("sha1", [Code.SEAL_WEAK])):
        digest = hashlib.new(algorithm, package).digest()
        text = {"hex": digest.hex(), "HEX": digest.hex().upper(), "base64": base64.b64encode(digest).decode()}[writing]
        receipt = f"<xmit-receipt><wad-message-digest>{text}</wad-message-digest></xmit-receipt>".encode()
        assert [each.code for each in check_receipt(receipt, io.BytesIO(package))] == expected
        assert [each.code for each in check_receipt(receipt, io.BytesIO(package + b"\0"))] == [Code.WAD_DIGEST]
    assert [each.code for each in check_receipt(b"<xmit-receipt/>", io.BytesIO(package))] == [Code.WAD_DIGEST]


def test_a_wasp_is_verified_before_it_is_opened(files: dict[str, Path], signer: SigningKey, ca: SigningKey) -> None:
    package = wasp(files, signer)
    report = look(package, [ca.certificate])
    assert (report.form, codes(report) - FONTS, report.judgement) == (Form.WASP, set(), Judgement.PASSED)
    assert report.certification is not None
    assert report.certification.judgement is Judgement.PASSED
    assert Code.SEAL_UNPROVEN in codes(look(package))
    spoiled = bytearray(package)
    spoiled[package.index(b"%PDF") + 5] ^= 1
    assert Code.SEAL_BROKEN in codes(look(bytes(spoiled), [ca.certificate]))


def test_what_is_declared_of_the_package_is_not_held_against_what_is_inside(
    files: dict[str, Path], signer: SigningKey
) -> None:
    for package, media_type in (
        (wasp(files, signer), "application/pkcs7-mime"),
        (sign_enveloped(ST36, key=signer), "application/xml"),
        (pddp(files), "application/zip"),
    ):
        declared = Declared(media_type=media_type, known_sha256="00" * 32)
        report = inspect(package, name="p", at=AT, roots=(), declared=declared)
        assert Code.TYPE_MISMATCH not in codes(report)
        assert report.digests["p"] == "00" * 32
        assert all(digest != "00" * 32 for name, digest in report.digests.items() if name != "p")


def test_a_sep_opens_for_its_recipient_only(files: dict[str, Path], signer: SigningKey) -> None:
    package = wasp(files, signer)
    reader = issue_tls("XB Office", key=generate_key("RSA-3072"), names=["xb.example"], now=BEGUN)
    closed = make_sep(package, reader.certificate, at=AT)
    report = look(closed)
    assert (report.form, codes(report), report.judgement) == (Form.SEP, {Code.PACKAGE_CLOSED}, Judgement.INDETERMINATE)
    assert pkcs7.pkcs7_decrypt_der(closed, reader.certificate, reader.key, []) == package


def test_an_epo_document_is_bound_to_its_certificate(
    files: dict[str, Path], signer: SigningKey, ca: SigningKey
) -> None:
    report = look(epo(files, signer), [ca.certificate])
    assert (report.form, codes(report) - FONTS, report.judgement) == (Form.EPO, set(), Judgement.PASSED)
    assert report.certification is not None
    assert report.certification.judgement is Judgement.PASSED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda all_: all_.update({"substantive.zip": rezipped(all_["substantive.zip"], lambda _: None)}),
            {Code.EPO_DIGEST},
        ),
        (lambda all_: all_.update({"certificate.pdf": printed()}), {Code.EPO_STATEMENT_MISSING, Code.PDF_SEAL_MISSING}),
        (
            lambda all_: all_.update({"certificate.pdf": all_["certificate.pdf"].replace(b"/Rotate 0", b"/Rotate 9")}),
            set(),
        ),
    ],
)
def test_a_changed_epo_document_is_told(
    files: dict[str, Path],
    signer: SigningKey,
    ca: SigningKey,
    change: Callable[[dict[str, bytes]], object],
    expected: set[Code],
) -> None:
    assert expected <= codes(look(rezipped(epo(files, signer), change), [ca.certificate]))


def test_a_signed_archive_is_verified_file_by_file(files: dict[str, Path], signer: SigningKey, ca: SigningKey) -> None:
    package = signed_archive(files, signer)
    report = look(package, [ca.certificate])
    assert (report.form, codes(report) - FONTS, report.judgement) == (Form.SIGNED_XML, set(), Judgement.PASSED)
    more = rezipped(package, lambda all_: all_.update({"unsigned.txt": b"x"}))
    assert Code.SEAL_PARTIAL in codes(look(more, [ca.certificate]))
    other = rezipped(package, lambda all_: all_.update({"bib.xml": ST36 + b" "}))
    assert Code.SEAL_BROKEN in codes(look(other, [ca.certificate]))
    assert Code.SEAL_MALFORMED in codes(look(rezipped(package, lambda all_: all_.pop("bib.xml")), [ca.certificate]))


def test_a_signed_document_is_inspected_as_it_was_signed(signer: SigningKey, ca: SigningKey) -> None:
    signed = sign_enveloped(ST36, key=signer)
    report = look(signed, [ca.certificate])
    assert (report.form, codes(report), report.judgement) == (Form.SIGNED_XML, set(), Judgement.PASSED)
    assert Code.SEAL_UNPROVEN in codes(look(signed))
    assert Code.SEAL_BROKEN in codes(look(signed.replace(b"2026/123", b"2026/124"), [ca.certificate]))
    wrong = look(sign_enveloped(ST36.replace(b"0302", b"0303"), key=signer), [ca.certificate])
    assert Code.DATE_MISMATCH in codes(wrong)


def test_forms_survive_flipped_bytes(files: dict[str, Path], signer: SigningKey, ca: SigningKey) -> None:
    """One bit at a time: no flip inside what is signed leaves the seal good, and nothing but findings comes of any."""
    import random

    chance = random.Random(11)
    package = wasp(files, signer)
    start = package.index(b"PK\x03\x04")
    for _ in range(60):
        mutant = bytearray(package)
        place = chance.randrange(len(package))
        mutant[place] ^= 1 << chance.randrange(8)
        report = look(bytes(mutant), [ca.certificate])
        if start <= place < package.rindex(b"PK\x05\x06"):
            assert report.certification is None or report.certification.judgement is not Judgement.PASSED
