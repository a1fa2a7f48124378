"""A coverage-guided run over one reader: `make fuzz ARGS='zip 60'`; kinds: xml, zip, mime, cms, pdf.

    python tests/hostile/guided.py [KIND] [SECONDS] [SEED]        all kinds and 60 seconds each, if not told

A file that reaches a step from line to line of our readers that none reached before is kept and broken further. What
raises, costs more than a second of processor or 50 MB of memory, or ends the process, is written to build/fuzz/KIND/;
once mended it goes into tests/golden/fuzz/KIND/, where a test reads it for ever.

Rules: our own loop over the interpreter's trace function, not atheris: it needs no compiled package for the Python at
hand, and files that are broken by structure reach further than bytes turned by chance. A child process does the work,
so that whatever ends it leaves its last file behind.
"""

import hashlib
import mmap
import random
import resource
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from breaking import BREAKING
from honest_files import GOLDEN, honest_files
from readers_under_test import READERS, watched

from pki.certificates import issue_signer
from pki.keys import generate_key

ROOT = Path(__file__).parents[2]
FOUND = ROOT / "build" / "fuzz"
OURS = tuple(str(ROOT / part) + "/" for part in ("gateway/packages", "gateway/wire", "pki"))
SECONDS_MOST = 1.0
MEMORY_MOST = 50 * 1024  # KiB
#: A file that is not read within this is one that hangs.
PATIENCE = 30
LAST_MOST = 1 << 20
#: What cryptography says of certificates that it reads all the same.
LENIENT = ("-W", "ignore:Attribute's length must be:UserWarning", "-W", "ignore:Parsed a serial number:UserWarning")


class Steps:
    """The steps from one line to another of our readers that were ever taken."""

    def __init__(self) -> None:
        self._known: set[tuple[CodeType, int, int]] = set()
        self._ours: dict[CodeType, bool] = {}
        self._new = 0

    def __len__(self) -> int:
        return len(self._known)

    def taken_by(self, kind: str, file: bytes) -> int:
        """Read the file and give how many steps were new; whatever is raised comes through."""
        self._new = 0
        sys.settrace(self._enter)
        try:
            READERS[kind](file)
        finally:
            sys.settrace(None)
        return self._new

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in self._ours:
            self._ours[code] = code.co_filename.startswith(OURS)
        if not self._ours[code]:
            return None
        before = 0
        known = self._known

        def step(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal before
            if event == "line":
                edge = (code, before, frame.f_lineno)
                if edge not in known:
                    known.add(edge)
                    self._new += 1
                before = frame.f_lineno
            return step

        return step


def run(kind: str, seconds: float, seed: int) -> int:
    """Fuzz one reader in this process; gives the number of files found."""
    chance = random.Random(seed)
    key = issue_signer("XA", key=generate_key("P-256"), now=datetime(2026, 11, 1, tzinfo=UTC))
    corpus = honest_files(kind, key) + [path.read_bytes() for path in sorted((GOLDEN / kind).glob("*"))]
    steps, found, tried, slowest = Steps(), set[str](), 0, 0.0
    last = _last_file(kind)
    for file in list(corpus):
        steps.taken_by(kind, file)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        file = corpus[-1 - int(len(corpus) * chance.random() ** 2)] if chance.random() < 0.7 else chance.choice(corpus)
        for _ in range(chance.choice([1, 1, 2, 3, 6])):
            file = BREAKING[kind](file, chance)
        tried += 1
        last[:8] = len(file[: LAST_MOST - 8]).to_bytes(8)
        last[8 : 8 + len(file)] = file[: LAST_MOST - 8]
        new, cost, fault = _tried(kind, file, steps)
        slowest = max(slowest, cost)
        if new:
            corpus.append(file)
        if fault and fault.splitlines()[-1] not in found:
            found.add(fault.splitlines()[-1])
            print(f"{kind}: {_kept(kind, file)}\n{fault}", flush=True)
    print(f"{kind}: {tried} files, {len(steps)} steps, {len(corpus)} kept, slowest {slowest:.3f} s, {len(found)} found")
    return len(found)


def _tried(kind: str, file: bytes, steps: Steps) -> tuple[int, float, str]:
    """New steps, seconds of processor (traced, so many times the true ones), and what was wrong with the reading."""
    memory, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    new, fault = 0, ""
    try:
        with watched() as seen:
            new = steps.taken_by(kind, file)
        if seen:
            fault = f"not allowed: {seen[0]}"
    except Exception:
        fault = traceback.format_exc()
    cost = time.process_time() - started
    if cost > SECONDS_MOST:  # traced; what counts is the time without
        started = time.process_time()
        READERS[kind](file)
        cost = time.process_time() - started
        if cost > SECONDS_MOST:
            fault = fault or f"slow: more than {SECONDS_MOST} s of processor"
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory > MEMORY_MOST:
        fault = fault or "large: more than 50 MB of memory"
    return new, cost, fault


def _last_file(kind: str) -> mmap.mmap:
    """The file being read, where the parent finds it whatever happens to this process."""
    FOUND.mkdir(parents=True, exist_ok=True)
    with (FOUND / f"{kind}.last").open("w+b") as file:
        file.truncate(LAST_MOST)
        return mmap.mmap(file.fileno(), LAST_MOST)


def _kept(kind: str, file: bytes) -> Path:
    path = FOUND / kind / hashlib.sha256(file).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file)
    return path


def supervise(kinds: list[str], seconds: float, seed: int) -> int:
    """Run each kind in a process of its own; 1 if anything was found."""
    status = 0
    for kind in kinds:
        command = [sys.executable, "-W", "error", *LENIENT, __file__, kind, str(seconds), str(seed), "--child"]
        try:
            ended = subprocess.run(command, check=False, timeout=seconds + PATIENCE).returncode
        except subprocess.TimeoutExpired:
            ended = -1
        if ended not in (0, 1):
            last = (FOUND / f"{kind}.last").read_bytes()
            file = last[8 : 8 + int.from_bytes(last[:8])]
            print(f"{kind}: {_kept(kind, file)}\nthe process hung or died ({ended}) on this file")
        status = status or int(ended != 0)
    return status


def main(words: list[str]) -> int:
    """See the module; 2 for a kind that is none."""
    child = "--child" in words
    words = [word for word in words if word != "--child"]
    kinds = [words[0]] if words else sorted(BREAKING)
    if kinds[0] not in BREAKING:
        print(f"kinds: {', '.join(sorted(BREAKING))}; then seconds and a seed", file=sys.stderr)
        return 2
    seconds = float(words[1]) if len(words) > 1 else 60.0
    seed = int(words[2]) if len(words) > 2 else int(time.time())
    if child:
        return int(bool(run(kinds[0], seconds, seed)))
    print(f"seed {seed}", flush=True)
    return supervise(kinds, seconds, seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
