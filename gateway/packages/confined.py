"""The confined process: inspects one file after the other for a parent, within bounds that the kernel enforces.

    python -m gateway.packages.confined [SCHEMAS]      speaks on the socket that is its standard input

Rules:
- It is handed open files, never paths, and has no work but this; what it costs ends it, not the gateway.
- Memory is bounded over what it began with; processor time per file, counted by the kernel also inside libraries.
- A job that ran out of memory is answered, and then the process ends, since nothing can be said of its heap.
Frames both ways: 4 bytes of length, then JSON; a job's frame carries the file as one descriptor (SCM_RIGHTS).
"""

import json
import os
import signal
import socket
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, cast

from cryptography.x509 import load_der_x509_certificate

from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.form import Declared
from gateway.packages.inspecting import inspect
from gateway.wire.installed import InstalledSchemas

__all__ = ["FRAME", "OUT_OF_MEMORY", "main", "seconds_for"]

FRAME: Final = 4
#: The process's exit status when memory ran out.
OUT_OF_MEMORY: Final = 3
_FRAME_LIMIT: Final = 4 * 1024 * 1024
#: Bytes a file may cost in memory: private writable memory over what the process began with.
_MEMORY: Final = 48 * 1024 * 1024
#: Seconds of processor: for a file of up to 10 MB, and for each further megabyte.
_SECONDS: Final = 1.0
_SECONDS_PER_MB: Final = 0.05
_MB: Final = 1_000_000


def seconds_for(size: int) -> float:
    """How much processor time a file of `size` bytes may cost."""
    return _SECONDS + max(0, size - 10 * _MB) / _MB * _SECONDS_PER_MB


def main() -> None:
    """Serve until the parent closes the socket, or memory runs out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is over
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    parent = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    schemas = _installed(sys.argv[1:])  # before the bounds: what an office installs is its own
    _bound_memory()
    while (job := _receive(parent)) is not None:
        told, descriptor = job
        answer, ended = _do(told, descriptor, schemas)
        encoded = json.dumps(answer).encode()
        parent.sendall(len(encoded).to_bytes(FRAME, "big") + encoded)
        if ended:
            sys.exit(OUT_OF_MEMORY)


def _installed(folders: list[str]) -> InstalledSchemas | None:
    if not folders:
        return None
    schemas = InstalledSchemas(Path(folders[0]))
    schemas.load()
    return schemas


def _do(told: dict[str, Any], descriptor: int, schemas: InstalledSchemas | None) -> tuple[dict[str, Any], bool]:
    size = os.fstat(descriptor).st_size
    signal.setitimer(signal.ITIMER_PROF, seconds_for(size))
    try:
        with os.fdopen(descriptor, "rb") as source:
            report = inspect(
                source,
                name=told["name"],
                at=datetime.fromisoformat(told["at"]),
                roots=[load_der_x509_certificate(bytes.fromhex(each)) for each in told["roots"]],
                declared=_declared(told["declared"]),
                schemas=schemas,
            )
        return {"report": report.told()}, False
    except MemoryError:
        return {"costly": "memory"}, True
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _declared(told: dict[str, Any]) -> Declared:
    application = None
    if (said := told.get("application")) is not None:
        application = Application(
            office=OfficeCode(said["office"]),
            right=Right(said["right"]),
            number=said["number"],
            normal=said["normal"],
            filing_date=date.fromisoformat(said["filing_date"]),
        )
    return Declared(
        media_type=told.get("media_type"),
        application=application,
        is_digitally_signed=bool(told.get("is_digitally_signed")),
        digests=told.get("digests") or {},
        known_sha256=told.get("known_sha256"),
    )


def _receive(parent: socket.socket) -> tuple[dict[str, Any], int] | None:
    first, descriptors, _, _ = socket.recv_fds(parent, FRAME, 1)
    if len(first) < FRAME or len(descriptors) != 1:
        return None
    length = int.from_bytes(first, "big")
    if length > _FRAME_LIMIT:
        return None
    body = bytearray()
    while len(body) < length:
        piece = parent.recv(length - len(body))
        if not piece:
            return None
        body += piece
    return cast(dict[str, Any], json.loads(bytes(body))), descriptors[0]


def _bound_memory() -> None:
    """Bound private writable memory (RLIMIT_DATA, Linux 4.7 and later); elsewhere there is no such bound."""
    try:
        import resource

        begun = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData"))
        most = int(begun.split()[1]) * 1024 + _MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, StopIteration, ValueError):
        return


if __name__ == "__main__":
    main()
