"""The certificate of a registration as a small PDF (call 9), made by hand.

Rules: PDF 1.4 (ISO 32000-1), one A4 page, a standard font, a true cross-reference table.
"""

from __future__ import annotations

from aiohttp import web

from sandbox.ib.auth import require
from sandbox.ib.bureau import BUREAU, moment
from sandbox.ib.lookup import check, find
from sandbox.ib.refusals import invalid
from sandbox.ib.shapes import iso_date, read_query
from sandbox.ib.state import Did, Registration

__all__ = ["render_pdf", "routes"]


async def get_certificate(request: web.Request) -> web.Response:
    """Call 9: the PDF, or 400 with -7, -12, -14."""
    bureau = request.app[BUREAU]
    office = require(request, "depositing")
    names = ("documentKindCategory", "documentNumber", "documentDate", "dasAccessCode")
    query = read_query(request, names)
    registration = find(bureau.memory, query["documentKindCategory"], query["documentNumber"])
    if registration is not None and registration.office != office.code:
        registration = None
    details = check(registration, iso_date(query["documentDate"]), query["dasAccessCode"])
    if details or registration is None:
        raise invalid(details=details)
    bureau.record.append(Did.CERTIFICATE_MADE, office=office.code, document=registration.number)
    return web.Response(body=render_pdf(_lines(registration)), content_type="application/pdf")


def routes(prefix: str) -> list[web.RouteDef]:
    """The certificate's path."""
    path = f"{prefix}/requests/registrations/certificates"
    return [web.get(path, get_certificate, name="certificate", allow_head=False)]


def render_pdf(lines: list[str]) -> bytes:
    """One A4 page with these lines of text; characters outside Latin-1 become question marks."""
    words = ["BT /F1 12 Tf 16 TL 72 770 Td"]
    for line in lines:
        escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        words.append(f"({escaped}) Tj T*")
    content = "\n".join([*words, "ET"]).encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    table = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, start=1):
        table.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n%s" % (len(table), b"".join(table))
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(table), start)
    return bytes(out)


def _lines(registration: Registration) -> list[str]:
    newest = registration.newest
    lines = [
        "WIPO DAS (sandbox): certificate of availability",
        f"Office: {registration.office}",
        f"Kind: {registration.kind}",
        f"Number: {registration.number}",
        f"Filing date: {newest.document_date.isoformat()}",
        f"Available since: {moment(newest.available_at)}",
    ]
    if registration.application_number is not None:
        lines.append(f"In the file of: {registration.application_number}")
    return lines
