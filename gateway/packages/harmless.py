"""Which small files may be inspected in the gateway's own process: those that cannot cost or hide anything.

A confined process costs three times what it takes to look into a page or two, and nearly every deposit is such a file.

Rules (each makes one kind of cost impossible; whoever is not sure is confined):
- At most 64 KiB, so that objects, recursion and content are few.
- A PDF with one plain cross-reference table at the place it names and nothing after it: then no reader looks for object
  streams, and nothing is inflated by the library (ISO 32000-2, 7.5.4, 7.5.7). Names written with "#" are not read here.
- XML goes through the same bounded parser as every message at the doors. Archives and anything else are confined.
"""

import io
from typing import Final

from gateway.packages.looking import is_archive
from gateway.packages.pdf_raw import HEADER, TAIL, has_one_plain_table

__all__ = ["SMALL", "is_harmless"]

#: Bytes up to which a file may be inspected in the gateway's own process.
SMALL: Final = 64 * 1024


def is_harmless(content: bytes) -> bool:
    """Whether a whole file may be inspected without a confined process."""
    if len(content) > SMALL or is_archive(content):
        return False
    if not content.startswith(HEADER):
        return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return has_one_plain_table(io.BytesIO(content), len(content), content[-TAIL:])
