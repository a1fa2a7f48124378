"""Packages of PCT Annex F: WAD, a ZIP of documents; WASP, a CMS signature over it; SEP, both encrypted.

Rules: algorithms are policy (pki.cms): a SHA-1 package is reported, and never taken for signed. What was not found of
Annex F (the digest's algorithm and writing, codes of documents) is not enforced.
Sources: PCT/AI/ANF/5, 3.2, 4 and 4.3; RFC 5652.
"""

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from gateway.core.finding import Code, Finding, Form, Severity, found
from gateway.packages.entries import ZIP_TYPES, dangling, inspect_entry
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.packages.seal import certification_of, seal_finding
from gateway.wire.annexf import DIGESTS, HeaderFacts, is_annexf_name, is_header_name, matching_digest, read_header
from gateway.wire.archive import Archive
from gateway.wire.digests import TRUSTED, digests_of
from gateway.wire.xml import PACKAGED, parse_packaged
from pki.cms import verify_signed

__all__ = ["Sep", "Wad", "Wasp", "check_receipt"]

#: Headers that are compared with the files: a package has two or three.
_HEADERS_MOST: Final = 20
_PIECE: Final = 1 << 20
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_ENVELOPED_DATA: Final = bytes.fromhex("06092a864886f70d010703")
#: Where the content type stands after the headers of ContentInfo, whose length takes up to nine bytes.
_OID_WITHIN: Final = 24


class Wad:
    """Wrapped application documents: an archive with a package header or package data."""

    form = Form.WAD
    media_types = ZIP_TYPES

    def recognises(self, look: Look) -> bool:
        return any(is_header_name(name) for name in look.names)

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        archive = subject.look.archive
        assert archive is not None, "recognised by its names"
        headers: list[tuple[str, HeaderFacts]] = []
        references: list[tuple[str, str, str]] = []
        for name in archive.names:
            inner = inspect_entry(archive, name, setting, learnt)
            yield from inner.told()
            if is_header_name(name) and inner.report.of(Severity.ERROR) == ():
                inner.content.seek(0)
                headers.append((name, read_header(parse_packaged(inner.content.read(PACKAGED.size + 1)))))
            else:
                references.extend(inner.references())
        by_name = {name.rpartition("/")[2].casefold(): name for name in archive.names}
        for name, facts in headers[:_HEADERS_MOST]:
            yield from _compare(name, facts, by_name, archive)
        yield from dangling(references, archive.names)
        if not all(is_annexf_name(name) for name in archive.names):
            yield found(Code.WAD_FILE_NAME)


def _compare(header: str, facts: HeaderFacts, by_name: Mapping[str, str], archive: Archive) -> Iterator[Finding]:
    """The files that a header lists against those in the archive, by their bare names."""
    listed = {header.rpartition("/")[2].casefold()}
    for file in facts.files:
        key = file.name.replace("\\", "/").rpartition("/")[2].casefold()
        listed.add(key)
        if key not in by_name:
            yield found(Code.INDEX_MISSING_ENTRY, header, file.name)
        elif file.size is not None and archive.entry(by_name[key]).size != file.size:
            yield found(Code.INDEX_SIZE, by_name[key], f"{archive.entry(by_name[key]).size}, listed {file.size}")
    if facts.kind == "pkgheader" and facts.files:
        for key, name in by_name.items():
            if key not in listed and not is_header_name(name):
                yield found(Code.INDEX_EXTRA_ENTRY, name)


def check_receipt(receipt: bytes, package: BinaryIO) -> Iterator[Finding]:
    """Yield a finding unless a header or receipt that came beside a package names the digest of exactly its bytes.

    Refused by the XML reader; WAD_DIGEST also where no digest is named, SEAL_WEAK where only SHA-1 is.
    """
    facts = read_header(parse_packaged(receipt))
    algorithm = matching_digest(facts.digest or "", digests_of(package, DIGESTS))
    if algorithm is None:
        yield found(Code.WAD_DIGEST, f"/{facts.kind}/wad-message-digest")
    elif algorithm not in TRUSTED:
        yield found(Code.SEAL_WEAK, f"/{facts.kind}/wad-message-digest", algorithm)


class Wasp:
    """Wrapped and signed: a CMS SignedData whose content is a WAD; its signature is verified before it is opened."""

    form = Form.WASP
    media_types = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/cms"})

    def recognises(self, look: Look) -> bool:
        return look.first[:1] == b"\x30" and _SIGNED_DATA in look.first[: _OID_WITHIN + len(_SIGNED_DATA)]

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        signed = verify_signed(subject.source, subject.look.size, roots=setting.roots, at=setting.at)
        learnt.certification = certification_of(signed.verdict, covers_all=True)
        yield seal_finding(signed.verdict)
        if not signed.spans:
            return
        content = setting.work()
        for span in signed.spans:
            subject.source.seek(span.offset)
            left = span.length
            while left and (piece := subject.source.read(min(left, _PIECE))):
                content.write(piece)
                left -= len(piece)
        report = setting.inside(content, "content", subject.declared.of_content())
        learnt.digests |= report.digests
        yield from (each.within("content") for each in report.findings)


class Sep:
    """Signed and encrypted: a CMS EnvelopedData; only its recipient can look inside."""

    form = Form.SEP
    media_types = Wasp.media_types

    def recognises(self, look: Look) -> bool:
        return look.first[:1] == b"\x30" and _ENVELOPED_DATA in look.first[: _OID_WITHIN + len(_ENVELOPED_DATA)]

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        yield found(Code.PACKAGE_CLOSED)
