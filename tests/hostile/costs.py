"""What files cost in the confined process: processor time and memory of each, the dearest last.

    python tests/hostile/costs.py [FOLDER ...]     those in the folders, mutants of them, and files made to be costly

Time is what the kernel counted for the process (schedstat), memory its peak over what was resident before. A file that
ended the process counts as one that was stopped at its bound.
"""

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from breaking import BREAKING
from costly_files import COSTLY, SIZE, archive_of
from honest_files import PDF
from signed_things import AT

from gateway.bench.processes import forget_peaks, memory_of
from gateway.core.finding import Code, Form
from gateway.packages.confining import ConfinedInspector
from gateway.packages.form import Declared

MUTANTS = 3


@dataclass(frozen=True)
class Cost:
    name: str
    size: int
    seconds: float
    growth_mib: float
    stopped: bool


def measure(inspector: ConfinedInspector, name: str, content: bytes) -> Cost:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        process = _warmed_up(inspector)
        forget_peaks([process.pid])
        before, resident = _spent(process.pid), memory_of([process.pid])[process.pid].now
        report = inspector.inspect(file.fileno(), name="f", at=AT, declared=Declared())
        ended = (Code.NOT_EXAMINED, Code.TOO_COSTLY)
        stopped = report.form is Form.UNKNOWN and any(each.code in ended for each in report.findings)
        after = _spent(process.pid)
        peak = memory_of([process.pid])[process.pid].peak if after is not None else None
    seconds = after - before if after is not None and before is not None else float("nan")
    return Cost(name, len(content), seconds, peak - resident if peak is not None else float("nan"), stopped)


def _warmed_up(inspector: ConfinedInspector) -> "subprocess.Popen[bytes]":
    """The process, which has loaded everything that it loads at the first file of a kind."""
    before = inspector._process
    inspector.start()
    process = inspector._process
    assert process is not None
    if process is not before:
        package = archive_of({"a.xml": b"<bibliographic-data/>", "b.bin": bytes(2_000_000)})
        for content in (b"<a/>", PDF, package):
            with tempfile.TemporaryFile() as file:
                file.write(content)
                file.flush()
                inspector.inspect(file.fileno(), name="f", at=AT, declared=Declared())
    return process


def _spent(process: int) -> float | None:
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        return None


def files(folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file of the folders of 10 MB or less with its mutants, then those made to be costly."""
    chance = random.Random(1)
    for folder in folders:
        for path in sorted(each for each in folder.rglob("*") if each.is_file() and each.stat().st_size <= SIZE):
            content = path.read_bytes()
            yield str(path.relative_to(folder)), content
            kind = "zip" if content.startswith(b"PK") else "xml"
            for number in range(MUTANTS):
                yield f"{path.name} mutant {number}", BREAKING[kind](content, chance)
    for kind, made in COSTLY.items():
        for name, content in made():
            yield f"{kind}: {name}", content


def main(folders: list[Path]) -> None:
    with ConfinedInspector() as inspector:
        measure(inspector, "warm-up", b"<a/>")
        costs = [measure(inspector, name, content) for name, content in files(folders)]
    kept = [each for each in costs if each.seconds == each.seconds]
    for each in sorted(kept, key=lambda each: each.seconds)[-25:]:
        print(f"{each.seconds:7.3f} s {each.growth_mib:6.1f} MiB {each.size:9} {each.name}")
    for each in costs:
        if each.stopped or each.seconds != each.seconds:
            print(f"stopped at its bound: {each.name} ({each.size} bytes)")
    print(f"{len(costs)} files; most: {max(each.seconds for each in kept):.3f} s of processor, "
          f"{max(each.growth_mib for each in kept):.1f} MiB")  # fmt: skip


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
