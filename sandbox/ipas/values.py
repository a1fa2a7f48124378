"""Elements to plain Python values and back, after the shapes: strict about names, order, kinds and whole numbers.

Rules: numbers and dates travel in wrappers (`doubleValue`, `dateValue`); a number that is not whole, and a date
without offset, are refused as IPAS refuses them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lxml import etree

from sandbox.ipas.faults import ClientFault, IpasFault
from sandbox.ipas.shapes import BASIC, TYPES, Field

__all__ = ["read_fields", "write_field"]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

#: Whole numbers beyond this are no longer exact in a double.
_EXACT = 2**53


def read_fields(element: etree._Element, fields: Sequence[Field]) -> dict[str, Any]:
    """Read the children of an element: {name: value}, lists for fields that may stand often, absent ones left out.

    Raises ClientFault for anything the shape does not allow, IpasFault for values IPAS cannot take.
    """
    values: dict[str, Any] = {}
    place = 0
    for child in element:
        if not isinstance(child.tag, str):
            continue
        while place < len(fields) and fields[place].name != child.tag:
            place += 1
        if place == len(fields):
            raise ClientFault(f"Unexpected element {child.tag} in {etree.QName(element).localname}")
        field = fields[place]
        if not field.many:
            if field.name in values:
                raise ClientFault(f"Element {field.name} stands twice")
            values[field.name] = _read(child, field)
        elif (value := _read(child, field)) is not None:
            values.setdefault(field.name, []).append(value)
    if missing := [field.name for field in fields if field.required and field.name not in values]:
        raise ClientFault(f"Missing element {missing[0]}")
    return values


def _read(element: etree._Element, field: Field) -> Any:
    if element.get(_NIL) in ("true", "1"):
        if not field.nillable:
            raise ClientFault(f"Element {field.name} is not nillable")
        return None
    kind = field.kind
    if kind not in BASIC:
        return read_fields(element, TYPES[kind])
    if kind == "integer":
        return _whole(_wrapped(element, "doubleValue"))
    if kind == "instant":
        return _instant(_wrapped(element, "dateValue"))
    if len(element):
        raise ClientFault(f"Element {field.name} holds no elements")
    text = element.text or ""
    if kind == "text":
        return text
    try:
        return _READERS[kind](text.strip())
    except (ValueError, KeyError, binascii.Error):
        raise ClientFault(f"Element {field.name} is not a {kind}") from None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: _BOOLEANS[text],
    "double": float,
    "long": int,
    "base64": lambda text: base64.b64decode("".join(text.split()), validate=True),
}


def _wrapped(element: etree._Element, name: str) -> str:
    children = [child for child in element if isinstance(child.tag, str)]
    if len(children) != 1 or children[0].tag != name or len(children[0]):
        raise ClientFault(f"Element {element.tag} holds one {name}")
    return (children[0].text or "").strip()


def _whole(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        raise ClientFault("doubleValue is not a double") from None
    if not value.is_integer() or abs(value) > _EXACT:  # NaN and the infinities are not integers either
        raise IpasFault(f"The value {text} is not an integer")
    return int(value)


def _instant(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ClientFault("dateValue is not a dateTime") from None
    if value.tzinfo is None or "T" not in text:
        raise IpasFault("A date without time zone cannot be placed")
    return value


def write_field(parent: etree._Element, field: Field, value: Any, *, odd: bool = False, nil: bool = False) -> None:
    """Append a value; None appends nothing. `odd` writes numbers in exponents, `nil` puts a nil entry into lists."""
    if field.many:
        if nil and field.nillable:
            etree.SubElement(parent, field.name, {_NIL: "true"})
        for item in value or ():
            _write(parent, field, item, odd=odd, nil=nil)
    elif value is not None:
        _write(parent, field, value, odd=odd, nil=nil)


def _write(parent: etree._Element, field: Field, value: Any, *, odd: bool, nil: bool) -> None:
    element = etree.SubElement(parent, field.name)
    kind = field.kind
    if kind not in BASIC:
        _write_type(element, kind, value, odd=odd, nil=nil)
    elif kind == "integer":
        # Java writes doubles as 456.0; the exponent form is as legal (XML Schema part 2, 3.2.5)
        etree.SubElement(element, "doubleValue").text = f"{value:.15E}" if odd else f"{float(value)}"
    elif kind == "instant":
        etree.SubElement(element, "dateValue").text = value.isoformat()
    elif kind == "boolean":
        element.text = "true" if value else "false"
    elif kind == "base64":
        element.text = base64.b64encode(value).decode("ascii")
    else:
        element.text = str(value)


def _write_type(element: etree._Element, kind: str, values: Mapping[str, Any], *, odd: bool, nil: bool) -> None:
    fields: Iterable[Field] = TYPES[kind]
    if unknown := values.keys() - {field.name for field in fields}:
        raise ValueError(f"{kind} has no {sorted(unknown)}")
    for field in fields:
        write_field(element, field, values.get(field.name), odd=odd, nil=nil)
