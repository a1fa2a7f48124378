"""The first glance at a file: what its first bytes announce, before any parser sees them.

Rules: bounded to 4 KiB at each end; nothing is decided here but what a form may ask (form.py, Look).
"""

import io
import re
from typing import BinaryIO, Final

from gateway.packages.form import Look
from gateway.wire.archive import Archive, open_archive

__all__ = ["FIRST", "is_archive", "look_at"]

FIRST: Final = 4096

_MARK: Final = b"\xef\xbb\xbf"
_SPACE: Final = rb"[ \t\r\n]*"
#: Declaration, comments and instructions before DOCTYPE and root; possessive, so that no text makes it slow.
_PROLOGUE: Final = re.compile(rb"(?>(?>[ \t\r\n]+)|<\?(?>[^?]|\?(?!>))*+\?>|<!--(?>[^-]|-(?!-))*+-->)*+")
_DOCTYPE: Final = re.compile(
    rb"<!DOCTYPE[ \t\r\n]+[^ \t\r\n\[>]{1,200}"
    + _SPACE
    + rb"(?:PUBLIC"
    + _SPACE
    + rb"""(?P<public>"[^"]{0,500}"|'[^']{0,500}')"""
    rb"|SYSTEM)?"
    + _SPACE
    + rb"""(?P<system>"[^"]{0,500}"|'[^']{0,500}')?[^\[>]{0,20}(?:\[[^\]]{0,2000}\])?[^>]{0,20}>"""
)
#: Names need not be ASCII; which other letters may be in them the parser knows.
_ROOT: Final = re.compile(
    rb"<(?:(?P<prefix>[A-Za-z_\x80-\xff][\w.\x80-\xff-]{0,60}):)?"
    rb"(?P<name>[A-Za-z_\x80-\xff][\w.\x80-\xff-]{0,200})(?P<rest>[^<>]*)"
)


def look_at(source: BinaryIO, outer: Archive | None = None) -> Look:
    """Look at a seekable source; an archive is opened, inside its `outer` one, which may be Refused by its reader."""
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    first = source.read(FIRST)
    source.seek(max(0, size - FIRST))
    last = source.read(FIRST)
    archive: Archive | None = open_archive(source, outer=outer) if is_archive(first) else None
    root, doctype = _root_of(first)
    return Look(size=size, first=first, last=last, root=root, doctype=doctype, archive=archive)


def is_archive(first: bytes) -> bool:
    """Whether bytes begin as a ZIP archive does, with an entry or, if it is empty, with its end."""
    return first.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _root_of(first: bytes) -> tuple[tuple[str, str] | None, tuple[str, ...] | None]:
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        first = first.decode("utf-16", "ignore").encode()
    at = len(_MARK) if first.startswith(_MARK) else 0
    begin = at
    doctype: tuple[str, ...] | None = None
    at = _after_prologue(first, at)
    if found := _DOCTYPE.match(first, at):
        literals = (found["public"], found["system"])
        doctype = tuple(each[1:-1].decode("utf-8", "replace") for each in literals if each)
        at = _after_prologue(first, found.end())
    root = _ROOT.match(first, at)
    if root is None:  # what announces itself as XML is XML, even if its root comes late
        return (("", "") if first.startswith((b"<?xml", b"<!DOCTYPE"), begin) else None), doctype
    prefix = b":" + root["prefix"] if root["prefix"] else b""
    declared = re.search(
        rb"xmlns" + re.escape(prefix) + rb"""[ \t\r\n]*=[ \t\r\n]*["']([^"']{0,500})["']""", root["rest"]
    )
    namespace = declared[1].decode("utf-8", "replace") if declared else ""
    return (root["name"].decode("utf-8", "replace"), namespace), doctype


def _after_prologue(first: bytes, at: int) -> int:
    found = _PROLOGUE.match(first, at)
    return found.end() if found else at
