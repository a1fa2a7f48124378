"""The readers as they are fuzzed: what may come out of each, and what may not happen while it reads.

Rules: a refusal (Refused), a Report, a Verdict; nothing else may be raised. No socket, no process, nothing opened for
writing outside the work area, nothing removed: an audit hook of the interpreter sees what no reader can hide.
"""

import asyncio
import io
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from honest_files import CONTENT_TYPE, DETACHED
from lxml import etree
from signed_things import AT, BEGUN

from gateway.core.finding import Report
from gateway.core.reason import Refused
from gateway.packages.inspecting import inspect
from gateway.wire.archive import open_archive
from gateway.wire.media import SoapMedia
from gateway.wire.mtom import read_message
from gateway.wire.soap_envelope import operation_in, read_envelope
from gateway.wire.soap_requests import read_request
from gateway.wire.st36 import find_bibliography, read_bibliography
from gateway.wire.st96 import find_st96_bibliography, read_st96_bibliography
from gateway.wire.xml import parse, parse_packaged
from pki import wss
from pki.certificates import issue_ca
from pki.cms import Signed, verify_signed
from pki.trust import TrustList
from pki.xmldsig import verify_enveloped
from pki.xmldsig_detached import verify_files

Reader = Callable[[bytes], None]

#: An authority that signed nothing here: chains are looked for, and none may be found.
STRANGER = issue_ca("Nobody's authority", now=BEGUN).certificate
NOBODY = TrustList([])

_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.rename")
_FORBIDDEN += (
    "os.mkdir",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
    "shutil.",
    "urllib.",
    "ftplib.",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_watched: list[list[str]] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if not _watched:
        return
    if event == "open":
        path, mode, flags = (*arguments, None, None, None)[:3]
        for_writing = isinstance(flags, int) and bool(flags & _WRITING)
        by_mode = isinstance(mode, str) and bool(set(mode) & set("wax+"))
        if (for_writing or by_mode) and not str(path).startswith(tempfile.gettempdir()) and not isinstance(path, int):
            _watched[-1].append(f"open {path!r} {mode} {flags}")
    elif event.startswith(_FORBIDDEN) and not event.startswith("socket.__new__"):
        _watched[-1].append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_audit)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is done while this is open that no reader may do; a hook cannot be removed, so it is only heeded here."""
    seen: list[str] = []
    _watched.append(seen)
    try:
        yield seen
    finally:
        _watched.remove(seen)


def _report(octets: bytes) -> Report:
    report = inspect(octets, name="thing", at=AT, roots=[STRANGER])
    assert isinstance(report, Report)
    return report


def read_xml(octets: bytes) -> None:
    """At the doors, in packages, as bibliographic data, as a signed document, and by the engine."""
    for reading in (parse, parse_packaged):
        try:
            root = reading(octets)
        except Refused:
            continue
        verify_enveloped(root)
        verify_files(root, {"a": [b"1"]}.get, roots=[STRANGER], at=AT)
        assert not wss.verify(root, trust=NOBODY, now=AT).verdict.passed
        _read_message(root)
        for find, read in (
            (find_bibliography, read_bibliography),
            (find_st96_bibliography, read_st96_bibliography),
        ):
            try:
                found = find(root)
                if found is not None:
                    read(found)
            except Refused:
                continue
    _report(octets)


def _read_message(root: etree._Element) -> None:
    """As a request at the SOAP door, its signature aside."""
    try:
        operation = operation_in(read_envelope(root, SoapMedia(multipart=False, version=None, action=None)).body)
        read_request(operation)
    except Refused:
        return


def read_zip(octets: bytes) -> None:
    """What opens can be read to its end or is refused; two readings of a content are one."""
    _report(octets)
    try:
        archive = open_archive(octets)
        for name in archive.names:
            content = archive.read(name)
            assert archive.unfold(name).read() == content
            assert len(content) == archive.entry(name).size
    except Refused:
        return


def read_mime(octets: bytes) -> None:
    """In one piece and in small ones: both ways the same is read, or both are refused."""
    whole = asyncio.run(_parts(octets, len(octets) or 1))
    assert asyncio.run(_parts(octets, 7)) == whole


async def _parts(octets: bytes, piece: int) -> list[tuple[str | None, bytes]] | None:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(octets), piece):
            yield octets[at : at + piece]

    try:
        message = await read_message(CONTENT_TYPE, chunks())
        found: list[tuple[str | None, bytes]] = [(message.head.content_id, message.root)]
        async for part in message.parts():
            found.append((part.head.content_id, b"".join([each async for each in part.chunks()])))
    except Refused:
        return None
    return found


def read_cms(octets: bytes) -> None:
    """Attached, detached, and as a package."""
    for content in (None, io.BytesIO(DETACHED)):
        signed = verify_signed(io.BytesIO(octets), len(octets), roots=[STRANGER], at=AT, content=content)
        assert isinstance(signed, Signed) and not signed.verdict.passed
    _report(octets)


def read_any(octets: bytes) -> None:
    _report(octets)


READERS: dict[str, Reader] = {"xml": read_xml, "zip": read_zip, "mime": read_mime, "cms": read_cms, "pdf": read_any}
