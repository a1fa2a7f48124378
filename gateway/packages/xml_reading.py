"""Reading an XML file of a package within the bounds, and what it refers to beside itself."""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from gateway.core.finding import Code, Finding, found
from gateway.packages.form import Subject
from gateway.wire.xml import PACKAGED, local_name, parse_packaged, place_of

__all__ = ["XML_TYPES", "read_root", "references_of"]

XML_TYPES: Final = frozenset({"application/xml", "text/xml"})
#: ST.36: img, doc-page and whatever else has a file; ST.96: names of files of images and documents.
_FILE_ATTRIBUTES: Final = frozenset({"img", "doc-page", "figure", "chemistry", "maths", "table-external-doc"})
_FILE_ELEMENTS: Final = frozenset({"FileName", "ImageFileName", "DocumentFileName"})
_MOST: Final = 5000


def read_root(subject: Subject) -> Iterator[Finding | etree._Element]:
    """Give the root, or the finding that the file is too large to be looked into; Refused by the one parser."""
    if subject.look.size > PACKAGED.size:
        yield found(Code.XML_TOO_LARGE)
        return
    subject.source.seek(0)
    yield parse_packaged(subject.source.read(PACKAGED.size + 1))


def references_of(root: etree._Element) -> list[tuple[str, str]]:
    """The files that a document refers to, as (place, name); addresses are no files, and never fetched."""
    found_: list[tuple[str, str]] = []
    for element in root.iter("*"):
        name = local_name(element)
        file = element.get("file") if name in _FILE_ATTRIBUTES else element.text if name in _FILE_ELEMENTS else None
        if file and file.strip() and "://" not in file:
            found_.append((place_of(element) if len(found_) < 50 else name, file.strip()))
        if len(found_) >= _MOST:
            break
    return found_
