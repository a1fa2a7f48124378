"""The EPO's and EPN's electronic priority document: an inner ZIP of documents, and a signed PDF that states its hash.

Rules: the PDF's own signature is the certification (pdf_seal.py); it certifies the inner package only through the hash
that its text states. Where the text cannot be read or states none, that is told, and nothing is bound to the signature.
Sources: EPN common practice on electronic priority documents; OJ EPO 2025, A8 (its technical annex was not obtained, so
names of files are not enforced).
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import pypdfium2  # type: ignore[import-untyped]

from gateway.core.finding import Code, Finding, Form, found
from gateway.packages.entries import ZIP_TYPES, inspect_entry
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.wire.digests import TRUSTED, digests_of

__all__ = ["EpoDocument", "stated_text"]

_PAGES: Final = 20
_TEXT: Final = 200_000
#: Name for hashlib -> length in hexadecimal; longest first, since a shorter one could be part of a longer.
_ALGORITHMS: Final = (("sha512", 128), ("sha384", 96), ("sha256", 64), ("sha1", 40), ("md5", 32))
_HEX: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32,128}(?![0-9a-f])")


class EpoDocument:
    """An archive of exactly one archive and one PDF."""

    form = Form.EPO
    media_types = ZIP_TYPES

    def recognises(self, look: Look) -> bool:
        ends = sorted(name.rpartition(".")[2].lower() for name in look.names)
        return ends == ["pdf", "zip"]

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        archive = subject.look.archive
        assert archive is not None, "recognised by its names"
        inner, certificate = sorted(archive.names, key=lambda name: not name.lower().endswith(".zip"))
        files = {name: inspect_entry(archive, name, setting, learnt) for name in (inner, certificate)}
        learnt.certification = files[certificate].report.certification
        for each in files.values():
            yield from each.told()
        if learnt.certification is None:
            yield found(Code.PDF_SEAL_MISSING, certificate)
        yield from _bind(files[inner].content, files[certificate].content, certificate)


def _bind(inner: BinaryIO, certificate: BinaryIO, place: str) -> Iterator[Finding]:
    """Hold the digests of the inner package against those that the PDF's text states."""
    stated = stated_text(certificate).lower()
    text = re.sub(r"[\s:\-]", "", stated)
    digests = digests_of(inner, [algorithm for algorithm, _ in _ALGORITHMS])
    # Without white space a digest may touch the letters around it, so ours are looked for as they are.
    agreed = next((algorithm for algorithm, _ in _ALGORITHMS if digests[algorithm].hex() in text), None)
    if agreed is not None:
        if agreed not in TRUSTED:
            yield found(Code.EPO_ALGORITHM, place, agreed)
        return
    states_another = any(len(each[0]) in {length for _, length in _ALGORITHMS} for each in _HEX.finditer(stated))
    yield found(Code.EPO_DIGEST if states_another else Code.EPO_STATEMENT_MISSING, place)


def stated_text(source: BinaryIO) -> str:
    """The text of a PDF's first pages, empty where it has none or cannot be read."""
    source.seek(0)
    pieces: list[str] = []
    try:
        with pypdfium2.PdfDocument(source.read()) as pdf:
            for page in (pdf[number] for number in range(min(len(pdf), _PAGES))):
                pieces.append(page.get_textpage().get_text_bounded())
                if sum(map(len, pieces)) > _TEXT:
                    break
    except pypdfium2.PdfiumError:
        return ""
    return "\n".join(pieces)[:_TEXT]
