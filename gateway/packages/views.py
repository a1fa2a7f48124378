"""Views of a package for partners that cannot take packages: its core PDF, with a page in front that says what it is.

Rules: a view is derived and never certified; its cover and title say so, and the certified bytes stay where they are.
Source: WIPO ST.92 and DAS practice (a merged PDF of cover page and core PDF for legacy users).
"""

from datetime import datetime
from io import BytesIO
from typing import BinaryIO, Final

import pikepdf
from fpdf import FPDF

from gateway.core.reason import Reason, Refused
from gateway.wire.archive import open_archive
from gateway.wire.pddp import names, read_index
from gateway.wire.xml import PACKAGED, parse_packaged

__all__ = ["NOT_CERTIFIED", "core_view"]

NOT_CERTIFIED: Final = "VIEW - NOT CERTIFIED"


def core_view(package: BinaryIO, *, digest: str, at: datetime) -> bytes:
    """Make a PDF of a cover page and the core PDF of a PDDP, marked as not certified on the cover and in its title.

    `digest` is the SHA-256 of the package in hexadecimal. Refused by the archive reader, or with SCHEMA_VIOLATION if
    there is no core PDF that can be opened.
    """
    archive, mapping = open_archive(package), names()
    core = [name for name in archive.names if name.startswith(mapping.core) and name.lower().endswith(".pdf")]
    if len(core) != 1:
        raise Refused(Reason.SCHEMA_VIOLATION, mapping.core)
    index = read_index(parse_packaged(archive.read(mapping.index, limit=PACKAGED.size)))
    lines = (
        f"Application: {index.office or '?'} {index.number or '?'}, filed {index.filed or '?'}",
        f"Made on {at.date().isoformat()} from a priority document data package (WIPO ST.92).",
        "The package itself is the certified document. Its SHA-256:",
        digest,
    )
    try:
        with pikepdf.open(BytesIO(_cover(lines, at))) as view, pikepdf.open(archive.unfold(core[0])) as pages:
            view.pages.extend(pages.pages)
            view.docinfo["/Title"] = NOT_CERTIFIED
            sink = BytesIO()
            view.save(sink, deterministic_id=True)
    except pikepdf.PdfError:
        raise Refused(Reason.SCHEMA_VIOLATION, core[0]) from None
    return sink.getvalue()


def _cover(lines: tuple[str, ...], at: datetime) -> bytes:
    document = FPDF()
    document.set_creation_date(at)
    document.add_page()
    document.set_font("helvetica", style="B", size=20)
    document.cell(text=NOT_CERTIFIED, new_x="LMARGIN", new_y="NEXT")
    document.set_font("helvetica", size=11)
    for line in lines:
        document.multi_cell(
            w=0, text=line.encode("latin-1", "replace").decode("latin-1"), new_x="LMARGIN", new_y="NEXT"
        )
    return bytes(document.output())
