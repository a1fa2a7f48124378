"""XML of no special form: it must be well-formed within the bounds, and that is all that can be said of it."""

from collections.abc import Iterator

from gateway.core.finding import Code, Finding, Form, found
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.packages.xml_reading import XML_TYPES, read_root

__all__ = ["PlainXml"]


class PlainXml:
    """Whatever begins like XML and is recognised by no form of ours."""

    form = Form.XML
    media_types = XML_TYPES

    def recognises(self, look: Look) -> bool:
        return look.root is not None

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        for each in read_root(subject):
            yield each if isinstance(each, Finding) else found(Code.FORM_UNKNOWN)
