"""The priority document data package of WIPO ST.92: its index, read and written by the names of one mapping.

Rules: every name of folders, files and elements is in schemas/pddp.toml, which is provisional until the official schema
is at hand; nothing here spells one out.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lxml import etree

from gateway.core.office import Application
from gateway.wire.traced import Traced
from gateway.wire.xml import local_name

__all__ = ["Index", "IndexedFile", "Names", "names", "read_index", "render_index"]

_TEXTS: Final = ("document_kind", "office", "right", "number", "filing_date", "name", "size", "digest", "origin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Folders and files of a package, and the names in its index, from schemas/pddp.toml."""

    index: str
    core: str
    mandatory: str
    supplementary: str
    namespace: str
    root: str
    elements: dict[str, str]
    priority_document: str
    digest_algorithm: str
    filed: str
    made_by_office: str


@cache
def names() -> Names:
    """The mapping as it is shipped."""
    rows: dict[str, Any] = tomllib.loads(files("schemas").joinpath("pddp.toml").read_text("utf-8"))
    package, index = rows["package"], rows["index"]
    return Names(
        index=package["index"],
        core=package["core"],
        mandatory=package["mandatory"],
        supplementary=package["supplementary"],
        namespace=index["namespace"],
        root=index["root"],
        elements={name: index[name] for name in (*_TEXTS, "files", "file")},
        priority_document=index["priority_document"],
        digest_algorithm=index["digest_algorithm"].replace("-", "").lower(),
        filed=rows["origins"]["filed"],
        made_by_office=rows["origins"]["office"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """One line of an index: path in the package, size in bytes and digest as far as they are told, origin."""

    name: str
    size: int | None
    digest: bytes | None
    as_filed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index as read; `left` the places of what the mapping does not know."""

    known: bool
    document_kind: str | None
    office: str | None
    number: str | None
    filed: date | None
    files: tuple[IndexedFile, ...]
    malformed: tuple[str, ...]
    left: tuple[str, ...]


def read_index(root: etree._Element) -> Index:
    """Read an index; `known` is False where its root is not the one of the mapping."""
    mapping, traced = names(), Traced(root)
    element = mapping.elements
    listed = []
    for each in traced.all(root, f"{element['files']}/{element['file']}"):
        name = traced.text(each, element["name"])
        size, digest = traced.text(each, element["size"]), traced.text(each, element["digest"])
        origin = traced.text(each, element["origin"])
        if name is not None:
            listed.append(
                IndexedFile(
                    name=name,
                    size=int(size) if size and size.isascii() and size.isdigit() else None,
                    digest=_hex(digest),
                    as_filed=None if origin is None else origin == mapping.filed,
                )
            )
    traced.text(root, element["right"])
    return Index(
        known=local_name(root) == mapping.root,
        document_kind=traced.text(root, element["document_kind"]),
        office=traced.text(root, element["office"]),
        number=traced.text(root, element["number"]),
        filed=traced.day(root, element["filing_date"]),
        files=tuple(listed),
        malformed=tuple(traced.malformed),
        left=traced.left(),
    )


def _hex(text: str | None) -> bytes | None:
    try:
        return bytes.fromhex(text) if text else None
    except ValueError:
        return None


def render_index(application: Application, listed: Iterable[IndexedFile]) -> bytes:
    """Write the index of a priority document's package; every file with its size and digest."""
    mapping = names()
    element = mapping.elements

    def add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
        child = etree.SubElement(parent, f"{{{mapping.namespace}}}{element[name]}")
        child.text = text or None
        return child

    root = etree.Element(f"{{{mapping.namespace}}}{mapping.root}", nsmap={None: mapping.namespace})  # type: ignore[dict-item]
    add(root, "document_kind", mapping.priority_document)
    add(root, "office", application.office)
    add(root, "right", application.right.value)
    add(root, "number", application.number)
    add(root, "filing_date", application.filing_date.isoformat())
    bag = add(root, "files")
    for each in listed:
        line = add(bag, "file")
        add(line, "name", each.name)
        add(line, "size", str(each.size or 0))
        add(line, "digest", (each.digest or b"").hex())
        add(line, "origin", mapping.filed if each.as_filed else mapping.made_by_office)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
