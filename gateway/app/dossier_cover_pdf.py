"""The cover of a dossier as a PDF, to be printed and put into a file of paper.

Rules: standard fonts only, so what is not in Latin-1 stands as "?", and a long text is cut; the page says so, and where
all is whole. The same content gives the same bytes.
"""

from datetime import datetime
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from gateway.app.dossier_cover import Section

__all__ = ["render_cover_pdf"]

_FONT: Final = "Helvetica"
_GREY: Final = 235
#: Millimetres that a heading and what begins below it want on one page.
_TOGETHER: Final = 35
#: Characters of one cell: a row has to fit on a page.
_CELL: Final = 300
_NOTE: Final = "Letters that this page cannot show stand as ?, and long texts are cut. All is whole in cover.html."


class _Cover(FPDF):
    """Pages with their number below."""

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        self.set_y(-15)
        self.set_font(_FONT, size=8)
        self.cell(0, 8, f"{self.page_no()}", align="C")


def render_cover_pdf(title: str, sections: tuple[Section, ...], made_at: datetime) -> bytes:
    """Write the cover on A4 pages."""
    pdf = _Cover(format="A4")
    pdf.set_creation_date(made_at)
    pdf.set_title(_latin(title))
    pdf.set_auto_page_break(True, margin=20)
    pdf.add_page()
    _write(pdf, title, size=15, bold=True)
    for section in sections:
        pdf.ln(4)
        if pdf.will_page_break(_TOGETHER):
            pdf.add_page()
        _write(pdf, section.heading, size=11, bold=True)
        if section.text:
            _write(pdf, section.text, size=9)
        if section.rows:
            _write_table(pdf, section)
        elif section.columns:
            _write(pdf, "Nothing.", size=9)
    cells = [cell for section in sections for row in section.rows for cell in row]
    if _latin(title) != title or any(_cell(text) != text for text in cells):
        pdf.ln(4)
        _write(pdf, _NOTE, size=9)
    return bytes(pdf.output())


def _write(pdf: FPDF, text: str, *, size: int, bold: bool = False) -> None:
    pdf.set_font(_FONT, style="B" if bold else "", size=size)
    pdf.multi_cell(0, size * 0.5, _latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _write_table(pdf: FPDF, section: Section) -> None:
    pdf.set_font(_FONT, size=8)
    headed = bool(section.columns[0])
    rows = ([section.columns] if headed else []) + list(section.rows)
    with pdf.table(
        first_row_as_headings=headed,
        line_height=4,
        headings_style=FontFace(emphasis="BOLD", fill_color=_GREY),
        text_align="LEFT",
        padding=1,
    ) as table:
        for row in rows:
            table.row([_cell(cell) for cell in row])


def _cell(text: str) -> str:
    return _latin(text if len(text) <= _CELL else f"{text[: _CELL - 4]} ...")


def _latin(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")
