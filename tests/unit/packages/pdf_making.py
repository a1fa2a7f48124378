"""PDFs for tests: honest ones made by fpdf2, doctored by pikepdf, written byte by byte where no library would."""

import io
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import pikepdf
from fpdf import FPDF

__all__ = ["AT", "altered", "bytewise", "object_stream", "printed"]

#: Now, to all tests of packages.
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def printed(pages: int = 1, **paper: object) -> bytes:
    """A PDF as an office's system prints it: text in one of the fonts that need not be embedded."""
    document = FPDF(**paper)  # type: ignore[arg-type]
    for number in range(pages):
        document.add_page()
        document.set_font("helvetica", size=12)
        document.cell(text=f"page {number}")
    return bytes(document.output())


def altered(change: Callable[[pikepdf.Pdf], object], source: bytes | None = None, **saving: object) -> bytes:
    """A PDF with something changed in it."""
    sink = io.BytesIO()
    with pikepdf.open(io.BytesIO(source or printed())) as pdf:
        change(pdf)
        pdf.save(sink, **saving)  # type: ignore[arg-type]
    return sink.getvalue()


def bytewise(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of exactly these objects, numbered from 1."""
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, content)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, at)
    return bytes(out)


def object_stream(filling: int) -> bytes:
    """A PDF whose one object stream inflates into `filling` bytes more than it needs."""
    packed = zlib.compress(b"4 0 <<>>" + b" " * filling, 9)
    parts = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        5: b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
    }
    out, offsets = bytearray(b"%PDF-1.5\n"), {}
    for number, content in parts.items():
        offsets[number] = len(out)
        out += b"%d 0 obj%s endobj\n" % (number, content)
    offsets[6] = len(out)
    rows = [b"\0" * 5 + b"\xff", *(b"\1" + offsets[number].to_bytes(4, "big") + b"\0" for number in (1, 2, 3))]
    rows += [b"\2\0\0\0\5\0", *(b"\1" + offsets[number].to_bytes(4, "big") + b"\0" for number in (5, 6))]
    table = b"".join(rows)
    out += b"6 0 obj<</Type/XRef/Size 7/W[1 4 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream endobj\n" % (
        len(table),
        table,
    )
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % offsets[6]
