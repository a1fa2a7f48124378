"""Package: how fast documents and packages are read and checked, and what that costs of memory.

Rules: each measurement is of one call that a gateway makes too, and fails unless its result is what it must be; seconds
are the clock's, with the processor's beside them, which do not depend on what else the machine does. Files are new
and in the system's cache, so that no disk is measured.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from gateway.bench.accept import Progress
from gateway.bench.messages import write_paper
from gateway.bench.plan import MIB, BenchFailed
from gateway.bench.processes import forget_peaks, memory_of
from gateway.core.bibliography import Bibliography, DocumentId, NameKind, Party, PartyName, PartyRole, Title
from gateway.core.finding import Form, Judgement
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.form import Declared
from gateway.packages.inspecting import inspect
from gateway.packages.making import PddpContent, make_pddp
from gateway.wire.archive_write import ArchiveWriter
from gateway.wire.st96_render import render_st96_bibliography
from pki.certificates import issue_signer
from pki.cms import sign_detached, verify_signed
from pki.keys import SigningKey, generate_key
from pki.xmldsig_detached import sign_files, verify_files

__all__ = ["Taken", "run_package", "write_document"]

_DOCUMENT: Final = 5000
_ROUNDS: Final = 300
_PIECE: Final = MIB
#: Parts of a package: larger ones would have to be held to be written as stored entries.
_PART: Final = 16 * MIB
_CORE: Final = MIB
_SPARE: Final = 1 << 30
_FILED: Final = date(2026, 3, 2)
_APPLICATION: Final = Application(
    office=OfficeCode("XA"), right=Right.PATENT, number="2026/123456", normal="2026123456", filing_date=_FILED
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one call took: seconds of the clock and of the processor, and MiB of memory over what was resident."""

    seconds: float
    cpu_seconds: float
    growth_mib: float

    def rate(self, size: int) -> dict[str, float]:
        """The figures for `size` bytes by name; MB are millions of bytes."""
        return {
            "seconds": round(self.seconds, 3),
            "mb_per_second": round(size / 1e6 / self.seconds, 1),
            "cpu_mb_per_second": round(size / 1e6 / max(self.cpu_seconds, 1e-9), 1),
            "growth_mib": round(self.growth_mib, 1),
        }


def run_package(size: int, folder: Path | None, tell: Progress) -> dict[str, Any]:
    """Measure everything with packages of `size` bytes, made in `folder` or in a temporary one that is removed."""
    at = datetime.now(UTC)
    key = issue_signer("XA bench", key=generate_key(), now=at - timedelta(days=1))
    with _place(folder, size) as place:
        part = place / "part.bin"
        _write_noise(part, size)
        tell("a document", 0, None)
        figures: dict[str, Any] = {"bench": "package", "size": size, "document": _measure_document(at)}
        for name, make in (("pddp", _pddp), ("archive", _archive)):
            tell(name, 0, None)
            path = place / f"{name}.zip"
            with path.open("wb") as sink:
                make(place, size, sink, at)
            figures[name] = _measure_package(path, at)
            path.unlink()
        for name, measure in (("xml_signature", _xml_signature), ("cms_signature", _cms_signature)):
            tell(name, 0, None)
            figures[name] = _measure_signature(part, measure(part, key, at))
    return figures | {"cores": os.cpu_count()}


def write_document(size: int) -> bytes:
    """Give an ST.96 document (pat:BibliographicData) of about `size` bytes: one more inventor until it is as large."""
    parties: list[Party] = []
    while True:
        role = PartyRole.INVENTOR if parties else PartyRole.APPLICANT
        name = PartyName(kind=NameKind.PERSON, first=f"Ana {len(parties)}", last="Muster")
        parties.append(Party(role=role, name=name, sequence=str(len(parties) + 1)))
        document, _ = render_st96_bibliography(
            Bibliography(
                application=DocumentId(office="XA", number=_APPLICATION.number, dated=_FILED),
                country="XA",
                titles=(Title(text="A valve", language="en"),),
                parties=tuple(parties),
            )
        )
        if len(document) >= size:
            return document


def _measure_document(at: datetime) -> dict[str, float]:
    document = write_document(_DOCUMENT)
    declared = Declared(application=_APPLICATION, media_type="application/xml")

    def read() -> None:
        report = inspect(document, name="document.xml", at=at, declared=declared)
        if (report.form, report.judgement) != (Form.ST96, Judgement.PASSED):
            raise BenchFailed(f"the document was not read as it must be: {report.form} {report.judgement}")

    read()
    seconds, cpu = [], []
    for _ in range(_ROUNDS):
        taken = _take(read, growth=False)
        seconds.append(taken.seconds)
        cpu.append(taken.cpu_seconds)
    return {
        "bytes": len(document),
        "ms_median": round(1000 * sorted(seconds)[_ROUNDS // 2], 4),
        "ms_least": round(1000 * min(seconds), 4),
        "cpu_ms_mean": round(1000 * sum(cpu) / _ROUNDS, 4),
    }


def _measure_package(path: Path, at: datetime) -> dict[str, float]:
    def read() -> None:
        with path.open("rb") as source:
            report = inspect(source, name=path.name, at=at, declared=Declared(application=_APPLICATION))
        if report.judgement is not Judgement.PASSED:
            raise BenchFailed(f"{path.name} was not read as it must be: {[each.code for each in report.findings]}")

    return _take(read).rate(path.stat().st_size)


def _measure_signature(part: Path, verify: Callable[[], bool]) -> dict[str, float]:
    """The time of a verification beside that of hashing the same bytes; `ratio` is of processor time, 1 is hashing."""

    def hashing() -> None:
        with part.open("rb") as source:
            hashlib.file_digest(source, "sha256")

    def verifying() -> None:
        if not verify():
            raise BenchFailed("the signature does not hold")

    size = part.stat().st_size
    hashed, taken = _take(hashing), _take(verifying)
    return taken.rate(size) | {
        "hashing_mb_per_second": hashed.rate(size)["mb_per_second"],
        "ratio": round(taken.cpu_seconds / max(hashed.cpu_seconds, 1e-9), 3),
    }


def _xml_signature(part: Path, key: SigningKey, at: datetime) -> Callable[[], bool]:
    signature = sign_files({part.name: _pieces(part)}, key=key)

    def verify() -> bool:
        roots = [key.certificate]
        return verify_files(signature, lambda name: _pieces(part.parent / name), roots=roots, at=at).verdict.passed

    return verify


def _cms_signature(part: Path, key: SigningKey, at: datetime) -> Callable[[], bool]:
    with part.open("rb") as content:
        signature = sign_detached(content, key=key, at=at)
    beside = part.with_suffix(".p7s")
    beside.write_bytes(signature)

    def verify() -> bool:
        with beside.open("rb") as source, part.open("rb") as content:
            signed = verify_signed(source, len(signature), roots=[key.certificate], at=at, content=content)
        return signed.verdict.passed

    return verify


def _pddp(place: Path, size: int, sink: BinaryIO, at: datetime) -> None:
    core = place / "copy.pdf"
    write_paper(core, min(_CORE, size))
    with core.open("ab") as paper:
        paper.write(b"\n%%EOF\n")
    parts = []
    for number, left in enumerate(_sizes(max(0, size - _CORE))):
        parts.append(place / f"supplement{number}.bin")
        _write_noise(parts[-1], left)
    make_pddp(_APPLICATION, PddpContent(core=core, supplementary=tuple(parts)), sink, at=at)
    for path in (core, *parts):
        path.unlink()


def _archive(place: Path, size: int, sink: BinaryIO, at: datetime) -> None:
    """Stored entries, which only a writer that holds each of them can write."""
    archive = ArchiveWriter(sink, at)
    for number, part in enumerate(_sizes(size)):
        archive.add(f"part{number}.bin", os.urandom(part), compress=False)
    archive.close()


def _sizes(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, _PART)
        size -= _PART


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _write_noise(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for piece in range(0, size, _PIECE):
            file.write(os.urandom(min(_PIECE, size - piece)))


def _take(call: Callable[[], None], *, growth: bool = True) -> Taken:
    own = os.getpid()
    if growth:
        forget_peaks([own])
    before = memory_of([own])[own].now if growth else 0.0
    started, spent = time.perf_counter(), time.process_time()
    call()
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    after = memory_of([own])[own].peak if growth else 0.0
    return Taken(seconds=seconds, cpu_seconds=cpu, growth_mib=max(0.0, after - before))


@contextmanager
def _place(folder: Path | None, size: int) -> Iterator[Path]:
    """A new folder for the files, in the one that is named or in the system's; removed in the end."""
    try:
        made = Path(tempfile.mkdtemp(prefix="pouch-bench-", dir=folder))
    except OSError as error:
        raise BenchFailed(f"{folder} cannot be used: {error.strerror}; name another place with --dir") from None
    try:
        if shutil.disk_usage(made).free < 4 * size + _SPARE:
            raise BenchFailed(f"{made.parent} has too little room; name another place with --dir")
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
