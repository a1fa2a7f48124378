"""Honest files of every kind, made by our own writers: what the breaking begins with."""

import io
import random
import zipfile
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf
from fpdf import FPDF
from signed_things import AT, SOAP12, detached, envelope, enveloped

from gateway.core.bibliography import (
    Bibliography,
    DocumentId,
    NameKind,
    Party,
    PartyName,
    PartyRole,
    PriorityClaim,
    Title,
)
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.making import PddpContent, make_pddp, make_signed_archive, make_wad
from gateway.wire.archive_write import ArchiveWriter
from gateway.wire.st36_render import render_bibliography
from gateway.wire.st96_render import render_st96_bibliography
from pki.cms import sign_attached, sign_detached
from pki.keys import SigningKey

GOLDEN = Path(__file__).parents[1] / "golden" / "fuzz"
APPLICATION = Application(
    office=OfficeCode("XA"), right=Right.PATENT, number="2026/123", normal="2026123", filing_date=date(2026, 3, 2)
)
DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>'
BOUNDARY = "b"
CONTENT_TYPE = f'multipart/related; type="application/xop+xml"; boundary="{BOUNDARY}"'
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
    b"0000000009 00000 n \n0000000054 00000 n \n0000000105 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n166\n"
    b"%%EOF\n"
)


def _bibliography() -> Bibliography:
    party = Party(
        role=PartyRole.APPLICANT, name=PartyName(kind=NameKind.PERSON, first="Ana", last="Muster"), sequence="1"
    )
    return Bibliography(
        application=DocumentId(office="XA", number="2026/123", dated=date(2026, 3, 2)),
        country="XA",
        titles=(Title(text="A valve", language="en"),),
        parties=(party,),
        claims=(PriorityClaim(sequence="1", filed=date(2025, 3, 3), office="XB", number="2025/9"),),
    )


def honest_files(kind: str, key: SigningKey) -> list[bytes]:
    """Files that their readers take without an error."""
    return {"xml": _xml, "zip": _zip, "mime": _mime, "cms": _cms, "pdf": _pdf}[kind](key)


def _xml(key: SigningKey) -> list[bytes]:
    st36, st96 = render_bibliography(_bibliography())[0], render_st96_bibliography(_bibliography())[0]
    st26 = b'<?xml version="1.0"?><ST26SequenceListing><SequenceData sequenceIDNumber="1"/></ST26SequenceListing>'
    doctype = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE bibliographic-data SYSTEM "'
    doctype += b'bibliographic-data-v1-5.dtd">\n'
    plain = st36.partition(b"?>")[2]
    signed = [enveloped(random.Random(5), key), envelope(random.Random(5), key), detached({"a": b"1"}, key)]
    return [st36, st96, st26, doctype + plain, *signed, *_messages()]


def _messages() -> list[bytes]:
    """Every request of our contract in an envelope."""
    head, tail = f'<s:Envelope xmlns:s="{SOAP12}"><s:Body>'.encode(), b"</s:Body></s:Envelope>"
    requests = [path.read_bytes() for path in sorted((GOLDEN.parent / "wire" / "requests").glob("*.xml"))]
    assert requests
    return [head + request.removeprefix(DECLARED) + tail for request in requests]


def _zip(key: SigningKey) -> list[bytes]:
    with TemporaryDirectory() as folder:
        paths = {name: Path(folder) / name for name in ("copy.pdf", "bib.xml", "notes.txt")}
        for path, content in zip(paths.values(), (PDF, _xml(key)[0], b"as filed"), strict=True):
            path.write_bytes(content)
        sinks = [io.BytesIO() for _ in range(3)]
        content = PddpContent(core=paths["copy.pdf"], supplementary=(paths["bib.xml"], paths["notes.txt"]))
        make_pddp(APPLICATION, content, sinks[0], at=AT)
        make_wad(APPLICATION, {name: paths[name] for name in ("copy.pdf", "bib.xml")}, sinks[1], at=AT)
        make_signed_archive(paths, sinks[2], key=key, at=AT)
    plain, foreign = io.BytesIO(), io.BytesIO()
    writer = ArchiveWriter(plain, AT)
    writer.add("ü.txt", b"x" * 3000)
    writer.add("stored.bin", bytes(range(256)), compress=False)
    writer.add("inner.zip", sinks[0].getvalue())
    writer.close()
    with zipfile.ZipFile(foreign, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("folder/", (2026, 3, 2, 0, 0, 0)), b"")
        with archive.open(zipfile.ZipInfo("large", (2026, 3, 2, 0, 0, 0)), "w", force_zip64=True) as entry:
            entry.write(b"y" * 999)
    return [*(sink.getvalue() for sink in sinks), plain.getvalue(), foreign.getvalue()]


def _mime(key: SigningKey) -> list[bytes]:
    root = b"--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <root@pouch>\r\n\r\n<a/>\r\n"
    binary = b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <c@x>\r\n\r\n"
    coded = b"--b\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <d@x>\r\n\r\naGVsbG8s\r\nIHdvcmxk\r\n"
    form = b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{}\r\n'
    end = b"--b--\r\n"
    return [
        root + end,
        root + binary + PDF + b"\r\n" + coded + end,
        b"preamble\r\n" + root + coded + end + b"\r\n",
        form + end,
    ]


def _cms(key: SigningKey) -> list[bytes]:
    content, sink = _zip(key)[1], io.BytesIO()
    sign_attached(io.BytesIO(content), len(content), sink, key=key, at=AT)
    whole = sink.getvalue()
    at = whole.index(content)
    pieces = b"".join(b"\x04\x82" + len(piece).to_bytes(2) + piece for piece in (content[:300], content[300:]))
    outer = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80"
    version = whole.index(b"\x02\x01\x01\x31")
    digests = whole[version : version + 5 + whole[version + 4]]
    streamed = outer + digests + b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x24\x80" + pieces
    streamed += b"\x00\x00" * 3 + whole[at + len(content) :] + b"\x00\x00" * 3
    return [whole, streamed, sign_detached(io.BytesIO(DETACHED), key=key, at=AT)]


#: What the detached CMS signature is over.
DETACHED = b"beside the signature"


def _pdf(key: SigningKey) -> list[bytes]:
    """By hand, by another library, its objects in streams, with a form, a script and a file inside."""
    paper = FPDF()
    for number in range(2):
        paper.add_page()
        paper.set_font("helvetica", size=12)
        paper.cell(text=f"page {number}", link="https://office.example/")
    printed = bytes(paper.output())
    packed, active = io.BytesIO(), io.BytesIO()
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        pdf.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="seal", V=_empty_seal())
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([pdf.make_indirect(field)]))
        pdf.Root.OpenAction = pdf.make_indirect(script)
        pdf.attachments["a.txt"] = b"attached"
        pdf.save(active, static_id=True)
    return [PDF, printed, packed.getvalue(), active.getvalue()]


def _empty_seal() -> pikepdf.Dictionary:
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Sig,
        Filter=pikepdf.Name("/Adobe.PPKLite"),
        SubFilter=pikepdf.Name("/adbe.pkcs7.detached"),
        ByteRange=pikepdf.Array([0, 100, 200, 300]),
        Contents=pikepdf.String(bytes(50)),
    )
