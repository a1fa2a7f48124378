"""The EPO's and EPN's electronic priority document made: inner package, and a signed PDF that certifies it by its hash.

Rules: the statement is plain text in the PDF's body, digest and algorithm by name, since that is what a person and a
program read; the PDF is signed by PAdES (ETSI EN 319 142-1, baseline B-B).
Source: EPN common practice on electronic priority documents.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from fpdf import FPDF
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

from gateway.core.office import Application
from gateway.wire.archive_write import ArchiveWriter
from pki.keys import SigningKey

__all__ = ["make_epo_document"]

_INNER: Final = "substantive.zip"
_CERTIFICATE: Final = "certificate.pdf"


def make_epo_document(
    application: Application, files: Mapping[str, Path], sink: BinaryIO, *, key: SigningKey, at: datetime
) -> None:
    """Write the outer archive to `sink`: the files in an inner one, and its certificate signed with `key`."""
    inner = BytesIO()
    archive = ArchiveWriter(inner, at)
    for name, path in files.items():
        archive.add(name, path.read_bytes(), compress=False)
    archive.close()
    outer = ArchiveWriter(sink, at)
    outer.add(_INNER, inner.getvalue(), compress=False)
    outer.add(_CERTIFICATE, _signed(_statement(application, inner.getvalue(), at), key, at), compress=False)
    outer.close()


def _statement(application: Application, inner: bytes, at: datetime) -> bytes:
    document = FPDF()
    document.set_creation_date(at)
    document.add_page()
    document.set_font("helvetica", size=16)
    document.cell(text="Certified copy", new_x="LMARGIN", new_y="NEXT")
    document.set_font("helvetica", size=11)
    for line in (
        f"Office: {application.office}",
        f"Application: {application.number.encode('latin-1', 'replace').decode('latin-1')}",
        f"Filing date: {application.filing_date.isoformat()}",
        f"It is certified that the file {_INNER} holds the application as filed.",
        "Digest of that file, by SHA-256:",
    ):
        document.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    document.set_font("courier", size=9)
    document.cell(text=hashlib.sha256(inner).hexdigest(), new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def _signed(document: bytes, key: SigningKey, at: datetime) -> bytes:
    bundle = pkcs12.serialize_key_and_certificates(None, key.key, key.certificate, None, NoEncryption())
    signer = signers.SimpleSigner.load_pkcs12_data(bundle, other_certs=())
    metadata = signers.PdfSignatureMetadata(
        field_name="Certification", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    made: Any = signers.PdfSigner(metadata, signer=signer).sign_pdf(IncrementalPdfFileWriter(BytesIO(document)))
    return bytes(made.getbuffer())
