"""The digital signature inside a PDF, judged as the office's certification of the copy (ISO 32000-2, 12.8).

Rules:
- A signature is over the whole file but for its own hexadecimal text: the gap is exactly that text between its angle
  brackets, at the place the ByteRange says, or the signature proves nothing.
- The CMS part goes through the one verifier of CMS here (pki/cms.py), so that one policy of algorithms holds; pyHanko
  is the signer and the referee of the tests.
- A signature that does not fit is an error. One that fits but leads to no agreed root is a warning: most offices'
  authorities are not agreed with anybody yet, and a viewer can still show who signed.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import pikepdf

from gateway.core.finding import CertificationVerdict, Code, Finding, Judgement, found
from gateway.packages.form import Inspected, Setting, Subject
from gateway.packages.pdf_word import word_of
from gateway.packages.seal import BROKEN, certification_of
from pki.cms import verify_signed
from pki.verdict import SubIndication, refused

__all__ = ["look_at_seals"]

_FIELDS: Final = 500
_SEALS: Final = 8
#: Hexadecimal text of one signature; certificates and revocation lists of a long chain fit into it.
_CONTENTS: Final = 2 * 1024 * 1024
_DETACHED: Final = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached"})
_TIMESTAMP: Final = "/ETSI.RFC3161"
_PIECE: Final = 64 * 1024
#: The worst first: what is said of the whole file.
_WORST: Final = (Judgement.FAILED, Judgement.INDETERMINATE, Judgement.PASSED)


def look_at_seals(pdf: pikepdf.Pdf, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
    """Yield a finding for each signature in the file; the verdict of the certification is learnt from all of them."""
    verdicts: list[CertificationVerdict] = []
    for number, signature in enumerate(_signatures(pdf), 1):
        verdict = _judge(signature, subject.source, subject.look.size, setting)
        verdicts.append(verdict)
        yield found(_code_of(verdict), f"signature {number}", verdict.explanation)
    if verdicts:
        learnt.certification = min(verdicts, key=lambda each: _WORST.index(each.judgement))
        if not any(each.covers_all for each in verdicts):
            yield found(Code.PDF_SEAL_PARTIAL)
    elif subject.declared.is_digitally_signed:
        yield found(Code.PDF_SEAL_MISSING)


def _code_of(verdict: CertificationVerdict) -> Code:
    if verdict.judgement is Judgement.PASSED:
        return Code.PDF_SEAL_GOOD
    return Code.PDF_SEAL_BROKEN if verdict.sub_indication in BROKEN else Code.PDF_SEAL_UNPROVEN


def _signatures(pdf: pikepdf.Pdf) -> list[Any]:
    """The signature dictionaries of the form's fields, time-stamps of the document left out."""
    form = pdf.Root.get("/AcroForm")
    fields = form.get("/Fields") if isinstance(form, pikepdf.Dictionary) else None
    waiting, signatures, seen = _items(fields), list[Any](), 0
    while waiting and seen < _FIELDS and len(signatures) < _SEALS:
        field, seen = waiting.pop(0), seen + 1
        waiting += _items(field.get("/Kids"))
        value = field.get("/V")
        is_signature = word_of(field.get("/FT")) == "/Sig" and isinstance(value, pikepdf.Dictionary)
        if is_signature and word_of(value.get("/SubFilter")) != _TIMESTAMP:
            signatures.append(value)
    return signatures


def _items(array: object) -> list[Any]:
    if not isinstance(array, pikepdf.Array):
        return []
    return [each for _, each in zip(range(_FIELDS), array, strict=False) if isinstance(each, pikepdf.Dictionary)]


def _judge(signature: Any, source: BinaryIO, size: int, setting: Setting) -> CertificationVerdict:
    ranges = _ranges_of(signature, size)
    contents = _contents(source, ranges) if ranges else None
    if ranges is None or contents is None:
        broken = refused(SubIndication.NOT_COVERED, "what the signature covers is not the file around it")
        return certification_of(broken, covers_all=False)
    first, gap_end, last = ranges
    covers_all = _ends_the_file(source, gap_end + last, size)
    if word_of(signature.get("/SubFilter")) not in _DETACHED:
        unknown = refused(SubIndication.SIG_CONSTRAINTS_FAILURE, "a kind of signature that is not verified here")
        return certification_of(unknown, covers_all=covers_all)
    content = io.BufferedReader(_Stretches(source, ((0, first), (gap_end, last))), _PIECE)
    result = verify_signed(io.BytesIO(contents), len(contents), roots=setting.roots, at=setting.at, content=content)
    return certification_of(result.verdict, covers_all=covers_all)


def _ranges_of(signature: Any, size: int) -> tuple[int, int, int] | None:
    """The length of the first stretch, and offset and length of the second; None if they cannot be."""
    said = signature.get("/ByteRange")
    if not isinstance(said, pikepdf.Array) or len(said) != 4:
        return None
    numbers = [each if isinstance(each, int) and not isinstance(each, bool) else -1 for each in said]
    start, first, gap_end, last = numbers
    if start != 0 or min(numbers) < 0 or not first < gap_end or gap_end + last > size:
        return None
    return (first, gap_end, last) if gap_end - first <= _CONTENTS else None


def _contents(source: BinaryIO, ranges: tuple[int, int, int]) -> bytes | None:
    """The CMS bytes from the gap, which must be one hexadecimal string; without the zeros that fill it up."""
    first, gap_end, _ = ranges
    source.seek(first)
    gap = source.read(gap_end - first)
    if not (gap.startswith(b"<") and gap.endswith(b">")):
        return None
    try:
        padded = bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError:
        return None
    return padded[: _der_length(padded)]


def _der_length(padded: bytes) -> int:
    """How long the first DER element is; all of it where the length is not said (BER) or does not fit."""
    if len(padded) < 2 or padded[1] == 0x80:
        return len(padded)
    if padded[1] < 0x80:
        return 2 + padded[1]
    octets = padded[1] & 0x7F
    length = 2 + octets + int.from_bytes(padded[2 : 2 + octets], "big")
    return min(length, len(padded))


def _ends_the_file(source: BinaryIO, end: int, size: int) -> bool:
    """Whether after the signed bytes there are line ends at most."""
    source.seek(end)
    return size - end <= 4 and not source.read(4).strip(b"\r\n")


class _Stretches(io.RawIOBase):
    """Stretches of a source, read one after the other as one content."""

    def __init__(self, source: BinaryIO, stretches: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self._source = source
        self._left = list(stretches)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while self._left:
            start, length = self._left[0]
            if not length:
                del self._left[0]
                continue
            self._source.seek(start)
            piece = self._source.read(min(length, len(buffer)))
            if not piece:
                return 0
            buffer[: len(piece)] = piece
            self._left[0] = (start + len(piece), length - len(piece))
            return len(piece)
        return 0
