"""XML-signed packages: a document with its signature inside, or an archive with a signature over its files.

Rules: what is inspected and used is only what was signed; what nothing signs is told. A signature that fits but leads
to no agreed root is a warning, since most offices' authorities are agreed with nobody yet.
Sources: W3C XML Signature Syntax and Processing 1.1, 8.1; META-INF/signatures.xml as ETSI EN 319 162-1, A.2 places it.
"""

import io
import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from gateway.core.finding import Code, Finding, Form, Severity, found
from gateway.packages.entries import ZIP_TYPES, inspect_entry
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.packages.seal import certification_of, seal_finding
from gateway.packages.seal_shape import is_customary
from gateway.packages.xml_reading import XML_TYPES
from gateway.wire.xml import PACKAGED, parse
from pki.chains import check_signer
from pki.verdict import Refusal, SubIndication, Verdict
from pki.xmldsig import verify_enveloped
from pki.xmldsig_detached import verify_files

__all__ = ["SIGNATURE_ENTRY", "SignedArchive", "SignedXml"]

SIGNATURE_ENTRY: Final = "META-INF/signatures.xml"
_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_SIGNATURE: Final = re.compile(rb"</?(?:[\w.\-]{1,60}:)?Signature[ \t\r\n>]")


class SignedXml:
    """An XML document whose root holds an enveloped signature, or that is itself a signature."""

    form = Form.SIGNED_XML
    media_types = XML_TYPES

    def recognises(self, look: Look) -> bool:
        if look.root is None:
            return False
        near = _SIGNATURE.search(look.first) or _SIGNATURE.search(look.last)
        return near is not None and _DSIG.encode() in look.first + look.last

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        subject.source.seek(0)
        root = parse(subject.source.read(PACKAGED.size + 1), limits=PACKAGED)
        if root.tag == f"{{{_DSIG}}}Signature":  # one over files has its place in an archive
            yield found(Code.SEAL_UNPROVEN, None, "a signature alone: what it signs is not inside it")
            return
        verdict, signed = _verify(root, setting)
        learnt.certification = certification_of(verdict, covers_all=verdict.passed)
        sealed = seal_finding(verdict, customary=signed is not None or is_customary(root))
        yield sealed
        if signed is None:
            if sealed.severity is not Severity.ERROR:
                yield found(Code.NOT_EXAMINED, None, "its signature does not say what is signed")
            return
        written = etree.tostring(signed, encoding="UTF-8")  # names of elements need not be ASCII
        inner = setting.inside(io.BytesIO(written), subject.name, subject.declared.of_content())
        learnt.references.extend(inner.references)
        yield from (each for each in inner.findings if each.code is not Code.FORM_UNKNOWN)


def _verify(root: etree._Element, setting: Setting) -> tuple[Verdict, etree._Element | None]:
    """The verdict and the signed tree: also where only the chain is missing, since that says who, not what."""
    verdict, _ = verify_enveloped(root)
    certificate = verdict.certificate
    if verdict.sub_indication is not SubIndication.NO_CERTIFICATE_CHAIN_FOUND or certificate is None:
        return verdict, None
    proven, signed = verify_enveloped(root, certificate=certificate, now=setting.at)
    if proven.passed:
        try:
            check_signer(certificate, (), setting.roots, setting.at)
        except Refusal as refusal:
            return refusal.verdict, signed
    return proven, signed


class SignedArchive:
    """An archive with META-INF/signatures.xml: one detached signature over its files."""

    form = Form.SIGNED_XML
    media_types = ZIP_TYPES | {"application/vnd.etsi.asic-e+zip"}

    def recognises(self, look: Look) -> bool:
        return SIGNATURE_ENTRY in look.names

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        archive = subject.look.archive
        assert archive is not None, "recognised by its names"
        files = [name for name in archive.names if name != SIGNATURE_ENTRY]
        signature = parse(archive.read(SIGNATURE_ENTRY), limits=PACKAGED)
        result = verify_files(
            signature,
            lambda name: archive.stream(name) if name != SIGNATURE_ENTRY and name in archive else None,
            roots=setting.roots,
            at=setting.at,
        )
        covered = set(result.names)
        learnt.certification = certification_of(result.verdict, covers_all=covered >= set(files))
        lost = result.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
        yield seal_finding(result.verdict, SIGNATURE_ENTRY, customary=not lost and is_customary(signature))
        for name in files:
            if result.verdict.passed and name not in covered:
                yield found(Code.SEAL_PARTIAL, name)
            declared = subject.declared.of_content() if len(files) == 1 else None
            yield from inspect_entry(archive, name, setting, learnt, declared).told()
