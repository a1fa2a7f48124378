"""The signature inside a PDF, made by another program (pyHanko): what holds, what was changed, what is not proven."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import Certificate
from pdf_making import AT, printed
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from gateway.core.finding import Code, Judgement, Report
from pki.certificates import issue_signer
from pki.keys import SigningKey, generate_key

Inspecting = Callable[..., Report]
USUAL = {Code.PDF_FONT_STANDARD}


@pytest.fixture(scope="module")
def office() -> SigningKey:
    return issue_signer("XA certifies", key=generate_key("P-256"), now=AT - timedelta(days=30))


def signed(key: SigningKey, source: bytes | None = None, digest: str = "sha256", field: str = "Seal") -> bytes:
    """The PDF with a signature that pyHanko puts into it."""
    private = key.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(key.der),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),
    )
    sink = io.BytesIO()
    signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(source or printed())),
        signers.PdfSignatureMetadata(field_name=field, md_algorithm=digest),
        signer=signer,
        output=sink,
    )
    return sink.getvalue()


def codes(report: Report) -> set[Code]:
    return {each.code for each in report.findings} - USUAL


def test_a_good_signature_of_an_agreed_signer_holds(inspecting: Inspecting, office: SigningKey) -> None:
    report = inspecting(signed(office), roots=[office.certificate], is_digitally_signed=True)
    assert codes(report) == {Code.PDF_SEAL_GOOD} and report.judgement is Judgement.PASSED
    seal = report.certification
    assert seal is not None and seal.judgement is Judgement.PASSED and seal.covers_all
    assert seal.signer == _fingerprint(office.certificate)


def _fingerprint(certificate: Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def test_a_signer_whom_nobody_agreed_is_a_warning(inspecting: Inspecting, office: SigningKey) -> None:
    report = inspecting(signed(office))
    assert codes(report) == {Code.PDF_SEAL_UNPROVEN} and report.judgement is Judgement.PASSED
    assert report.certification is not None and report.certification.judgement is Judgement.INDETERMINATE


def test_weak_digests_prove_nothing_and_refuse_nothing(inspecting: Inspecting, office: SigningKey) -> None:
    report = inspecting(signed(office, digest="sha1"), roots=[office.certificate])
    assert codes(report) == {Code.PDF_SEAL_UNPROVEN} and report.judgement is Judgement.PASSED


def test_one_changed_byte_breaks_the_signature(inspecting: Inspecting, office: SigningKey) -> None:
    honest = signed(office)
    report = inspecting(honest.replace(b"/Producer", b"/Prodicer", 1), roots=[office.certificate])
    assert codes(report) == {Code.PDF_SEAL_BROKEN} and report.judgement is Judgement.FAILED
    assert report.certification is not None and report.certification.sub_indication == "HASH_FAILURE"


def test_what_was_added_after_signing_is_told(inspecting: Inspecting, office: SigningKey) -> None:
    """An incremental update can show other pages while every signed byte is still there."""
    sink = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(signed(office)))
    writer.root["/PageMode"] = writer.root["/Type"]
    writer.update_root()
    writer.write(sink)
    report = inspecting(sink.getvalue(), roots=[office.certificate])
    assert codes(report) == {Code.PDF_SEAL_GOOD, Code.PDF_SEAL_PARTIAL}
    assert report.certification is not None and not report.certification.covers_all


def test_two_signatures_are_both_verified(inspecting: Inspecting, office: SigningKey) -> None:
    """The first does not cover the second, but the second covers all."""
    report = inspecting(signed(office, signed(office), field="Second"), roots=[office.certificate])
    assert [each.place for each in report.findings if each.code is Code.PDF_SEAL_GOOD] == ["signature 1", "signature 2"]
    assert Code.PDF_SEAL_PARTIAL not in codes(report)


@pytest.mark.parametrize(
    "change",
    [
        lambda numbers: (0, numbers[1] - 100, numbers[2], numbers[3]),
        lambda numbers: (0, numbers[1], numbers[2] + 100, numbers[3] - 100),
        lambda numbers: (1, numbers[1] - 1, numbers[2], numbers[3]),
        lambda numbers: (0, numbers[1], numbers[2], numbers[3] + 1),
        lambda numbers: (0, numbers[2], numbers[1], numbers[3]),
    ],
)
def test_a_gap_that_is_more_than_the_signature_is_broken(
    inspecting: Inspecting, office: SigningKey, change: Callable[[list[int]], tuple[int, ...]]
) -> None:
    """Room for other content inside the file that the signature does not cover."""
    honest = signed(office)
    start = honest.index(b"/ByteRange") + len("/ByteRange")
    opening, closing = honest.index(b"[", start), honest.index(b"]", start)
    numbers = [int(each) for each in honest[opening + 1 : closing].split()]
    text = b" ".join(b"%d" % each for each in change(numbers))
    room = closing - opening - 1
    assert len(text) <= room
    doctored = honest[: opening + 1] + text.ljust(room) + honest[closing:]
    report = inspecting(doctored, roots=[office.certificate])
    assert codes(report) == {Code.PDF_SEAL_BROKEN, Code.PDF_SEAL_PARTIAL}


def test_a_signature_that_is_no_signature_is_not_proven(inspecting: Inspecting, office: SigningKey) -> None:
    honest = signed(office)
    at = honest.index(b"/Contents <") + len(b"/Contents <")
    report = inspecting(honest[:at] + b"05" + honest[at + 2 :], roots=[office.certificate])
    assert codes(report) == {Code.PDF_SEAL_UNPROVEN}


def test_a_declared_signature_that_is_not_there_is_a_warning(inspecting: Inspecting) -> None:
    report = inspecting(printed(), is_digitally_signed=True)
    assert (codes(report), report.judgement) == ({Code.PDF_SEAL_MISSING}, Judgement.PASSED)
    assert codes(inspecting(printed())) == set()
