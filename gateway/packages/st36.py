"""ST.36 and Annex F documents: bibliographic data, pages that are images, references to drawings."""

from collections.abc import Iterator

from lxml import etree

from gateway.core.finding import Code, Finding, Form, found
from gateway.core.reason import Refused
from gateway.packages.bibliographic import check, facts_of
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.packages.xml_reading import XML_TYPES, read_root, references_of
from gateway.wire.prologue import is_known_doctype
from gateway.wire.st36 import find_bibliography, read_bibliography
from gateway.wire.xml import local_name, place_of

__all__ = ["St36"]

#: Roots that national publications have without a DOCTYPE.
_ROOTS = frozenset(
    {
        *("ep-patent-document", "us-patent-application", "us-patent-grant", "jp-official-gazette", "patent-document"),
        *("bibliographic-data", "wo-bibliographic-data", "application-body", "pdoc-body", "search-report"),
        "Application-body",
    }
)


class St36:
    """Documents of the DTD standards: publications, bibliographic data, the documents of PCT Annex F."""

    form = Form.ST36
    media_types = XML_TYPES

    def recognises(self, look: Look) -> bool:
        if look.root is None or look.root[1]:
            return False
        public, system = ((*look.doctype, None, None) if look.doctype else (None, None))[:2]
        known = is_known_doctype(public, system) if system else is_known_doctype(None, public)
        return look.root[0] in _ROOTS or known

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        for each in read_root(subject):
            if isinstance(each, Finding):
                yield each
                continue
            learnt.references.extend(references_of(each))
            yield from self._inspect(each, subject, setting)

    def _inspect(self, root: etree._Element, subject: Subject, setting: Setting) -> Iterator[Finding]:
        if any(local_name(element) == "doc-page" for element in root.iter("*")):
            yield found(Code.PAGES_AS_IMAGES)
        element = find_bibliography(root)
        if element is None:
            return  # most documents of Annex F have none: a table of contents, a fee sheet
        try:
            read = read_bibliography(element)
        except Refused:
            yield found(Code.BIBLIOGRAPHY_MISSING, place_of(element))
            return
        place = place_of(element)
        claims = f"{place}/B300/B320" if local_name(element) == "SDOBI" else f"{place}/priority-claims/priority-claim"
        facts = facts_of(read.bibliography, place, claims, read.malformed)
        yield from check(facts, subject.declared.application, setting.at)
