"""XML of no special form: it must be well-formed within the bounds, and that is all that can be said of it."""

from collections.abc import Iterator
from typing import Final

from gateway.core.finding import Code, Finding, Form, found
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.wire.xml import XmlLimits, parse

__all__ = ["DOCUMENT", "PlainXml"]

#: For XML documents inside packages.
DOCUMENT: Final = XmlLimits(size=8 * 1024 * 1024, tags=100_000, attributes=100_000)


class PlainXml:
    """Whatever begins like XML and is recognised by no form of ours."""

    form = Form.XML
    media_types = frozenset({"application/xml", "text/xml"})

    def recognises(self, look: Look) -> bool:
        return look.root is not None

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        subject.source.seek(0)
        parse(subject.source.read(DOCUMENT.size + 1), limits=DOCUMENT)
        yield found(Code.FORM_UNKNOWN)
