"""Official schemas that an office has installed: whole archives, known by their digest, used and enforced by namespace.

Rules: an archive is installed by the SHA-256 that its publisher or a colleague told, never by trust in a download; each
file is compared with what was installed at each start. Nothing outside of its own folder is read, nothing is fetched.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from lxml import etree

from gateway.core.reason import Reason, Refused
from gateway.wire import xml
from gateway.wire.archive import open_archive
from gateway.wire.digests import digests_of

if TYPE_CHECKING:
    from xmlschema import XMLSchema10

__all__ = ["InstalledSchemas", "WrongDigest"]

_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
_CATALOG: Final = "catalog.json"
_LIMITS: Final = xml.XmlLimits(size=8 * 1024 * 1024, tags=400_000, attributes=400_000)


class WrongDigest(Exception):
    """An archive is not the one whose digest was told."""


class InstalledSchemas:
    """The schemas below a folder. Only `add` changes it; `load` comes before the questions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._schemas: dict[tuple[str, str], XMLSchema10] = {}

    def add(self, archive: BinaryIO, sha256: str) -> tuple[str, ...]:
        """Install an archive of XSD files; gives their namespaces.

        WrongDigest; Refused by the archive and XML readers, or with SCHEMA_VIOLATION if no schema in it can be used.
        """
        digest = digests_of(archive, ["sha256"])["sha256"].hex()
        if digest != sha256.lower():
            raise WrongDigest(f"its SHA-256 is {digest}")
        opened = open_archive(archive)
        place = self._folder / digest
        rows: list[dict[str, Any]] = []
        contents = {name: opened.read(name) for name in opened.names if name.lower().endswith(".xsd")}
        for name, content in contents.items():
            root = xml.parse_packaged(content, limits=_LIMITS)
            roots = [str(each.get("name")) for each in root.iterchildren(f"{_XSD}element")]
            if root.tag == f"{_XSD}schema" and roots:
                rows.append({"file": name, "namespace": root.get("targetNamespace") or "", "roots": roots})
        if not rows:
            raise Refused(Reason.SCHEMA_VIOLATION, "no schema with an element of its own")
        place.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        (place / _CATALOG).write_text(json.dumps({"schemas": rows, "files": digests}, indent=1))
        return tuple(sorted({row["namespace"] for row in rows}))

    def load(self) -> None:
        """Compile everything that is installed; WrongDigest if a file is not what it was."""
        for catalog in sorted(self._folder.glob(f"*/{_CATALOG}")):
            told = json.loads(catalog.read_text())
            for name, digest in told["files"].items():
                if hashlib.sha256((catalog.parent / name).read_bytes()).hexdigest() != digest:
                    raise WrongDigest(f"{catalog.parent / name} is not the file that was installed")
            for row in told["schemas"]:
                schema = self._compiled(catalog.parent / row["file"])
                if schema is not None:
                    self._schemas |= {(row["namespace"], name): schema for name in row["roots"]}

    @staticmethod
    def _compiled(path: Path) -> "XMLSchema10 | None":
        from xmlschema import XMLSchema10, XMLSchemaException  # heavy to import, and most offices install nothing

        try:
            return XMLSchema10(str(path), allow="sandbox", use_location_hints=False)
        except XMLSchemaException:
            return None  # a part of a schema that only another file makes whole

    def knows(self, root: etree._Element) -> bool:
        """Whether a schema for this element is installed."""
        return (xml.namespace_of(root), xml.local_name(root)) in self._schemas

    def violations(self, root: etree._Element, *, most: int = 20) -> Iterator[str]:
        """The places at which a document does not follow its schema; nothing if none is installed for it."""
        schema = self._schemas.get((xml.namespace_of(root), xml.local_name(root)))
        if schema is None:
            return
        from xmlschema import XMLResource  # no longer heavy: there is a schema

        errors: Iterator[Any] = schema.iter_errors(XMLResource(root, allow="none"), use_location_hints=False)
        for number, error in enumerate(errors):
            if number == most:
                return
            yield xml.place_of(error.elem if isinstance(error.elem, etree._Element) else root)
