"""Package headers, package data and receipts of PCT Annex F: read, and as far as they are known written.

Rules: names and first-level children are those of the DTDs as they were seen; nested models that were not obtained are
not invented. How `wad-message-digest` is written was not found: hexadecimal and base64 of any listed digest are taken.
Sources: PCT/AI/ANF/5, 4; PCT/AI/DTD/13 and /14.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from gateway.core.office import Application
from gateway.wire.traced import Traced
from gateway.wire.xml import local_name

__all__ = [
    "DIGESTS",
    "HeaderFacts",
    "ListedFile",
    "is_annexf_name",
    "is_header_name",
    "matching_digest",
    "package_contents",
    "package_header",
    "read_header",
]

#: Algorithms that a digest in a header may be of; the first are trusted, SHA-1 only reported.
DIGESTS: Final = ("sha256", "sha384", "sha512", "sha1")
#: pkgh and pkda by the rule of names, and the names that the EPO's software gives.
_HEADER: Final = re.compile(r"(?:.*-)?(?:pkgh|pkgheader|package-header|pkda|package-data)\.xml", re.IGNORECASE)
#: <applicant's id>-<document code>[-NNNNNN | -<image letter>NNNNNN].<ext> (ANF, 4.3)
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,32}-[a-z]{4}(?:-[SDFIPC]?\d{6})?\.[A-Za-z0-9]{2,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """One line of a file list; `size` in bytes if it is told."""

    name: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFacts:
    """What a package header, package data or receipt says: its root's name, the digest as written, the files."""

    kind: str
    digest: str | None
    files: tuple[ListedFile, ...]


def is_header_name(name: str) -> bool:
    """Whether an entry of an archive is named as a package header or package data."""
    return _HEADER.fullmatch(name.rpartition("/")[2]) is not None


def is_annexf_name(name: str) -> bool:
    """Whether a file is named by the rule of Annex F."""
    return _NAME.fullmatch(name.rpartition("/")[2]) is not None


def read_header(root: etree._Element) -> HeaderFacts:
    """Read pkgheader, package-data or xmit-receipt; other roots have neither digest nor files."""
    traced = Traced(root)
    files = []
    for element in root.iter("*"):
        name = traced.attribute(element, "file-name" if local_name(element) == "file-content" else "file")
        if name is not None and element is not root:
            size = traced.attribute(element, "size") or ""
            files.append(ListedFile(name=name, size=int(size) if size.isascii() and size.isdigit() else None))
    return HeaderFacts(kind=local_name(root), digest=traced.text(root, "wad-message-digest"), files=tuple(files))


def matching_digest(written: str, digests: Mapping[str, bytes]) -> str | None:
    """The algorithm whose digest is written so, in hexadecimal or base64; None if it is none of them."""
    text = "".join(written.split())
    for algorithm, digest in digests.items():
        if text.lower() == digest.hex() or _from_base64(text) == digest:
            return algorithm
    return None


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def package_header(application: Application, files: Mapping[str, int], *, software: str) -> bytes:
    """Write a pkgheader (1.4) over files by name and size in bytes."""
    root = etree.Element("pkgheader", {"lang": "en", "dtd-version": "1.4", "status": ""})
    transmittal = etree.SubElement(root, "transmittal-info")
    to = etree.SubElement(etree.SubElement(transmittal, "new-application"), "to")
    etree.SubElement(to, "country").text = application.office
    etree.SubElement(root, "ip-type").text = application.right.value
    listed = etree.SubElement(root, "filelist")
    for name, size in files.items():
        etree.SubElement(listed, "file-content", {"doc-name": "other", "file-name": name, "size": str(size)})
    made = etree.SubElement(root, "application-software")
    etree.SubElement(made, "software-name").text = software
    return _written(root, "-//WIPO//DTD PKGHEADER 1.4//EN", "pkgheader-v1-4.dtd")


def package_contents(application: Application, priority_documents: Mapping[str, str]) -> bytes:
    """Write package-data (1.7) that names priority documents: file by name, with its language."""
    root = etree.Element(
        "package-data", {"lang": "en", "dtd-version": "1.7", "produced-by": "RO", "country": application.office}
    )
    for name, language in priority_documents.items():
        etree.SubElement(root, "priority-document", {"file": name, "lang": language})
    return _written(root, "-//WIPO//DTD PACKAGE DATA 1.7//EN", "package-data-v1-7.dtd")


def _written(root: etree._Element, public: str, system: str) -> bytes:
    doctype = f'<!DOCTYPE {root.tag} PUBLIC "{public}" "{system}">'
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, doctype=doctype)
