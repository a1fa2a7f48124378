"""The priority document data package (PDDP) of WIPO ST.92: core PDF, mandatory and supplementary files, index.

Rules: the index is held against the files, the files against the index, both against the application it is sent for.
Until the official schema is installed (pouch schemas add), what the index writes unusually is a warning.
Source: WIPO ST.92; names by schemas/pddp.toml, provisional.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from gateway.core.finding import Code, Finding, Form, found
from gateway.packages.bibliographic import Facts, check
from gateway.packages.entries import ZIP_TYPES, dangling, inspect_entry
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.wire.archive import Archive
from gateway.wire.pddp import Index, names, read_index
from gateway.wire.xml import PACKAGED, parse_packaged

__all__ = ["Pddp"]

#: The algorithm of the digests that the engine takes of every file it inspects.
_OWN_DIGEST: Final = "sha256"
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class Pddp:
    """An archive with the index and the core folder of ST.92."""

    form = Form.PDDP
    media_types = ZIP_TYPES

    def recognises(self, look: Look) -> bool:
        mapping = names()
        return mapping.index in look.names and any(name.startswith(mapping.core) for name in look.names)

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        archive = subject.look.archive
        assert archive is not None, "recognised by its names"
        mapping = names()
        root = parse_packaged(archive.read(mapping.index, limit=PACKAGED.size))
        if setting.schemas is not None:
            for place in setting.schemas.violations(root):
                yield found(Code.INDEX_SCHEMA, place).within(mapping.index)
        index = read_index(root)
        if not index.known or index.left:
            yield found(Code.INDEX_UNUSUAL, mapping.index, ", ".join(index.left[:3]) or None)
        if index.document_kind is not None and index.document_kind != mapping.priority_document:
            yield found(Code.KIND_MISMATCH, mapping.index, index.document_kind)
        for each in check(_facts(index), subject.declared.application, setting.at):
            yield each.within(mapping.index)
        yield from _compare(index, archive)
        yield from _look_at_places(archive)
        references: list[tuple[str, str, str]] = []
        listed = defaultdict[str, set[str]](set)
        for file in index.files:
            if file.digest is not None and mapping.digest_algorithm == _OWN_DIGEST:
                listed[file.name].add(file.digest.hex())
        if mapping.digest_algorithm != _OWN_DIGEST:
            yield from _compare_digests(index, archive, mapping.digest_algorithm)
        for name in archive.names:
            if name == mapping.index:
                continue
            mandatory = name.startswith((mapping.core, mapping.mandatory))
            declared = subject.declared.of_content() if mandatory else None
            inner = inspect_entry(archive, name, setting, learnt, declared)
            if name.startswith(mapping.core):
                learnt.certification = inner.report.certification
            if listed[name] - {learnt.digests[name]}:
                yield found(Code.INDEX_DIGEST, name)
            yield from inner.told()
            references.extend(inner.references())
        yield from dangling(references, archive.names)


def _facts(index: Index) -> Facts:
    return Facts(
        place=f"/{names().root}",
        office=index.office,
        number=index.number,
        filed=index.filed,
        malformed=index.malformed,
    )


def _compare(index: Index, archive: Archive) -> Iterator[Finding]:
    mapping, listed = names(), set[str]()
    for file in index.files:
        listed.add(file.name)
        if file.name not in archive:
            yield found(Code.INDEX_MISSING_ENTRY, mapping.index, file.name)
            continue
        size = archive.entry(file.name).size
        if file.size is not None and file.size != size:
            yield found(Code.INDEX_SIZE, file.name, f"{size}, listed {file.size}")
    for name in archive.names:
        if name not in listed and name != mapping.index:
            yield found(Code.INDEX_EXTRA_ENTRY, name)


def _compare_digests(index: Index, archive: Archive, algorithm: str) -> Iterator[Finding]:
    """Digests by another algorithm than the engine's own, which costs one more pass over the files."""
    for file in index.files:
        if file.digest is not None and file.name in archive:
            digest = hashlib.new(algorithm)
            for piece in archive.stream(file.name):
                digest.update(piece)
            if file.digest != digest.digest():
                yield found(Code.INDEX_DIGEST, file.name)


def _look_at_places(archive: Archive) -> Iterator[Finding]:
    mapping = names()
    core = [name for name in archive.names if name.startswith(mapping.core)]
    if len(core) != 1 or not core[0].lower().endswith(".pdf"):
        yield found(Code.PDDP_CORE_MISSING, mapping.core, len(core))
    for name in archive.names:
        if name.startswith(mapping.mandatory):
            begin = next(archive.stream(name), b"")[:4096]
            if not begin.startswith(_PNG) and b"ST26SequenceListing" not in begin:
                yield found(Code.PDDP_MANDATORY_TYPE, name)
