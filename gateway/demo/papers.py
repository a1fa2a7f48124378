"""The documents of the story where none are given: certified copies as small valid PDFs, and their bibliography.

Rules: PDF 1.4 (ISO 32000-1), standard font, true cross-reference table; the same words give the same bytes.
"""

import hashlib
from collections.abc import Sequence
from datetime import date

__all__ = ["write_bibliography", "write_pdf"]

_LINES_PER_PAGE = 46


def write_pdf(title: str, lines: Sequence[str], *, size: int = 0) -> bytes:
    """Write a PDF with the lines on A4 pages; up to `size` bytes it is filled with what a scanner would have added."""
    pages = [lines[at : at + _LINES_PER_PAGE] for at in range(0, max(len(lines), 1), _LINES_PER_PAGE)]
    first = 4  # after catalog, page tree and font
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {first + 2 * number + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(_stream(_text_of(title, page)))
    filling = size - sum(len(each) for each in objects) - 1024
    if filling > 0:
        objects.append(_stream(hashlib.shake_256(title.encode()).digest(filling)))
    return _assemble(objects)


def _text_of(title: str, lines: Sequence[str]) -> bytes:
    shown = [f"BT /F1 16 Tf 60 780 Td ({_escape(title)}) Tj ET", "BT /F1 10 Tf 60 750 Td 14 TL"]
    shown += [f"({_escape(line)}) Tj T*" for line in lines]
    return "\n".join([*shown, "ET"]).encode("cp1252", "replace")


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _stream(content: bytes) -> bytes:
    return f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


def _assemble(objects: Sequence[bytes]) -> bytes:
    parts = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"]
    offsets, at = [], len(parts[0])
    for number, content in enumerate(objects, 1):
        offsets.append(at)
        parts.append(f"{number} 0 obj\n".encode() + content + b"\nendobj\n")
        at += len(parts[-1])
    entries = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    parts.append(
        f"xref\n0 {size}\n0000000000 65535 f \n{entries}trailer\n<< /Size {size} /Root 1 0 R >>\n"
        f"startxref\n{at}\n%%EOF\n".encode()
    )
    return b"".join(parts)


def write_bibliography(office: str, number: str, filed: date, title: str) -> bytes:
    """Write an application's bibliographic data in the words of WIPO ST.96."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<pat:BibliographicData xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent" '
        'xmlns:com="http://www.wipo.int/standards/XMLSchema/ST96/Common" com:languageCode="en">'
        "<pat:ApplicationIdentification>"
        f"<com:IPOfficeCode>{office}</com:IPOfficeCode>"
        f"<com:ApplicationNumber><com:ApplicationNumberText>{number}</com:ApplicationNumberText></com:ApplicationNumber>"
        f"<pat:FilingDate>{filed.isoformat()}</pat:FilingDate>"
        "</pat:ApplicationIdentification>"
        f"<pat:InventionTitle>{title}</pat:InventionTitle>"
        "</pat:BibliographicData>\n"
    ).encode()
