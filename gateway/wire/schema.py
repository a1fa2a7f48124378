"""Our schemas: loaded once from package data, checked by digest, used to validate and to explain.

Rules:
- lxml validates on the hot path; xmlschema, 30 to 100 times slower, only explains to a person what is wrong.
- Nothing is fetched: schemas are handed over as parsed trees or text, and location hints are not followed.
- A refusal holds the place and nothing of the value. Where a value of one element has a Reason of its own (a date,
  a number), the caller's `finer` table names it, so that both doors refuse the same thing with the same code.
"""

import hashlib
import re
import threading
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from gateway.core.reason import Reason, Refused
from gateway.wire import xml

if TYPE_CHECKING:
    from xmlschema import XMLSchema10

__all__ = ["EXCHANGE", "NOTIFICATION", "RECEIPT", "Finding", "explain", "read_catalog", "schema_text", "validate"]

EXCHANGE: Final = "urn:pouch:exchange:1"
RECEIPT: Final = "urn:pouch:receipt:1"
NOTIFICATION: Final = "urn:pouch:notification:1"

_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
_EXPECTED_CONTENT: Final = "{http://www.w3.org/2005/05/xmlmime}expectedContentTypes"
_BINARY_OR_INCLUDE: Final = (
    b'<xs:complexType xmlns:xs="http://www.w3.org/2001/XMLSchema" name="BinaryOrInclude" mixed="true"><xs:sequence>'
    b'<xs:any namespace="http://www.w3.org/2004/08/xop/include" processContents="skip" minOccurs="0"/>'
    b"</xs:sequence></xs:complexType>"
)
#: libxml2's error numbers for "the text of this element is not of its type" (SCHEMAV_CVC_DATATYPE_VALID_1_2_1 to
#: SCHEMAV_CVC_ENUMERATION_VALID, without the structural SCHEMAV_CVC_TYPE_* at 1827 and 1828).
_VALUE_ERRORS: Final = frozenset(range(1824, 1841)) - {1827, 1828}
_STEP: Final = re.compile(r"(\*|[^\[\]]+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a document, for a person: an XPath, and a sentence that may quote the document."""

    place: str
    text: str


def read_catalog() -> Mapping[str, Mapping[str, str]]:
    """Give schemas/catalog.toml as {namespace: {file, source, date, sha256}}."""
    rows = tomllib.loads(files("schemas").joinpath("catalog.toml").read_text("utf-8"))["schema"]
    return {row["namespace"]: row for row in rows}


@cache
def schema_text(namespace: str) -> bytes:
    """Give the XSD of a namespace; RuntimeError if it is not the one the catalogue names, KeyError if there is none."""
    row = read_catalog()[namespace]
    text = files("schemas").joinpath(row["file"]).read_bytes()
    if hashlib.sha256(text).hexdigest() != row["sha256"]:
        raise RuntimeError(f"schemas/{row['file']} is not the file that schemas/catalog.toml describes")
    return text


@cache
def _compiled(namespace: str) -> tuple[etree.XMLSchema, threading.Lock]:
    tree = xml.parse(schema_text(namespace))
    # XOP 1.0 validates the rebuilt infoset; we validate what came, so binary content may be an xop:Include instead.
    # Its text is left to the strict base64 reader, since libxml2 skips characters that are no base64.
    binary = [element for element in tree.iter(_XSD + "element") if element.get(_EXPECTED_CONTENT) is not None]
    for element in binary:
        element.set("type", "BinaryOrInclude")
    if binary:
        tree.append(xml.parse(_BINARY_OR_INCLUDE))
    # The lock keeps another thread's errors out of the schema object's one error log.
    return etree.XMLSchema(tree), threading.Lock()


def validate(element: etree._Element, namespace: str, *, finer: Mapping[str, Reason] | None = None) -> None:
    """Check an element, wherever in its tree, against the schema of `namespace`.

    Refused(WRONG_NAMESPACE) if the schema has no such element, else Refused(SCHEMA_VIOLATION) with the XPath of the
    first violation, or the Reason `finer` has for a bad value of an element of that local name.
    """
    schema, lock = _compiled(namespace)
    with lock:
        if schema.validate(element):
            return
        errors: Any = schema.error_log  # the stubs do not know that it is a sequence
        error = errors[0]
    if error.type_name == "SCHEMAV_CVC_ELT_1":
        raise Refused(Reason.WRONG_NAMESPACE, xml.place_of(element))
    found = _follow(element, error.path or "")
    reason = Reason.SCHEMA_VIOLATION
    if finer and error.type in _VALUE_ERRORS:
        reason = finer.get(xml.local_name(found), reason)
    raise Refused(reason, xml.place_of(found))


def _follow(top: etree._Element, path: str) -> etree._Element:
    """Go from `top` along libxml2's node path (`/p:a/*[2]/p:b[3]`: "*" counts all elements, a name its like)."""
    node = top
    for step in path.split("/")[2:]:
        parts = _STEP.fullmatch(step)
        if parts is None:  # an attribute or a text: its element is place enough
            break
        name, position = parts[1], int(parts[2] or 1)
        children = [child for child in node if isinstance(child.tag, str) and name in ("*", _prefixed(child))]
        if len(children) < position:
            break
        node = children[position - 1]
    return node


def _prefixed(element: etree._Element) -> str:
    name = xml.local_name(element)
    return f"{element.prefix}:{name}" if element.prefix else name


@cache
def _explaining(namespace: str) -> "XMLSchema10":
    from xmlschema import XMLSchema10  # heavy to import, and a gateway never needs it

    return XMLSchema10(schema_text(namespace).decode(), allow="none", use_location_hints=False)


def explain(element: etree._Element, namespace: str, *, most: int = 20) -> Iterator[Finding]:
    """Say in sentences what is wrong with an element, at most `most` findings; nothing if it is valid.

    For `pouch validate` and for people: slow, and the sentences may quote the document.
    """
    errors: Iterator[Any] = _explaining(namespace).iter_errors(element, use_location_hints=False, allow_empty=False)
    for number, error in enumerate(errors):
        if number == most:
            return
        found = error.elem if isinstance(error.elem, etree._Element) else element
        yield Finding(place=xml.place_of(found), text=_sentence(error.reason))


def _sentence(reason: str | None) -> str:
    text = " ".join((reason or "it does not follow the schema").split())
    return text[:500] + ("" if text.endswith(".") else ".")
