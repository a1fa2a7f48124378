"""Inspecting what strangers send: in another process, which may die of it.

Rules:
- The same engine for everybody: the gateway, `pouch validate` and `pouch send` ask a confined process of their own.
- What the process cannot do within its bounds (confined.py) is not refused for it: NOT_EXAMINED, a warning, since an
  honest file may be large. What the engine itself recognises as a bomb is refused by a finding of its own.
- A process serves many files, one at a time, and is made anew when it died or has served for long.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

import gateway
from gateway.core.finding import Code, Form, Judgement, Report, found, read_report
from gateway.packages.confined import FRAME, seconds_for
from gateway.packages.form import Declared

__all__ = ["ConfinedInspector"]

#: Files after which a process is made anew, since memory that was once used stays with it.
_SERVED_MOST: Final = 1000
#: Variables of the environment that a Python needs to start; settings and secrets of the gateway are not among them.
_TOLD_ON: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR", "VIRTUAL_ENV")
#: A process that waits for processor or disk longer than this is given up: so many times its processor time.
_PATIENCE: Final = 20.0


class ConfinedInspector:
    """Asks one confined process; calls from several threads wait for each other. Close it when done.

    `work` is the folder in which it may make nameless files while it unfolds a large package; None for the system's.
    `schemas` is the folder of official schemas that are installed (gateway/wire/installed.py).
    """

    def __init__(
        self, roots: Sequence[Certificate] = (), *, work: Path | None = None, schemas: Path | None = None
    ) -> None:
        self._environment = _environment(work)
        self._roots = [each.public_bytes(Encoding.DER).hex() for each in roots]
        self._schemas = [str(schemas)] if schemas is not None else []
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._served = 0

    def __enter__(self) -> "ConfinedInspector":
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def start(self) -> None:
        """Start the process before it is needed, so that the first file does not wait for it."""
        with self._lock:
            self._connected()

    def inspect(self, descriptor: int, *, name: str, at: datetime, declared: Declared) -> Report:
        """Inspect the open file behind a descriptor, which stays the caller's; never raises for what is in it."""
        job = {"name": name, "at": at.isoformat(), "roots": self._roots, "declared": _told(declared)}
        encoded = json.dumps(job).encode()
        size = os.fstat(descriptor).st_size
        with self._lock:
            try:
                connection = self._connected()
                connection.settimeout(_PATIENCE * seconds_for(size))
                socket.send_fds(connection, [len(encoded).to_bytes(FRAME, "big")], [descriptor])
                connection.sendall(encoded)
                answer = _receive(connection)
            except OSError:
                answer = None
            self._served += 1
            is_spent = answer is None or "report" not in answer or self._served >= _SERVED_MOST
            cause = self._end() if is_spent else ""
        if answer is not None and "report" in answer:
            return read_report(answer["report"])
        return _unexamined(name, "memory" if answer is not None else cause)

    def _connected(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._end()  # it died while it had nothing to do: no file is to blame
        if self._socket is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "gateway.packages.confined", *self._schemas],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=self._environment,
                    start_new_session=True,
                )
            self._socket, self._served = ours, 0
        return self._socket

    def _end(self) -> str:
        """End the process, and say what it died of if it had died already."""
        process, connection = self._process, self._socket
        self._process = self._socket = None
        if connection is not None:
            connection.close()
        if process is None:
            return "no process"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        if process.poll() is None:
            process.kill()
            process.wait()
        return "processor time" if process.returncode == -signal.SIGPROF else "no answer"


def _environment(work: Path | None) -> dict[str, str]:
    """What the process is told of ours: where to find code, never a secret, and no code beside a stranger's file."""
    told = {name: os.environ[name] for name in _TOLD_ON if name in os.environ}
    ours = str(Path(gateway.__file__).resolve().parents[1])
    told["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))
    return told | ({"TMPDIR": str(work)} if work is not None else {})


def _unexamined(name: str, cause: str) -> Report:
    finding = found(Code.NOT_EXAMINED, None, cause)
    return Report(form=Form.UNKNOWN, name=name, judgement=Judgement.INDETERMINATE, findings=(finding,))


def _receive(connection: socket.socket) -> dict[str, Any] | None:
    body = bytearray()
    needed = FRAME
    while len(body) < needed:
        piece = connection.recv(65536)
        if not piece:
            return None
        body += piece
        if len(body) >= FRAME:
            needed = FRAME + int.from_bytes(body[:FRAME], "big")
    answer: dict[str, Any] = json.loads(bytes(body[FRAME:]))
    return answer


def _told(declared: Declared) -> dict[str, Any]:
    application = declared.application
    return {
        "media_type": declared.media_type,
        "is_digitally_signed": declared.is_digitally_signed,
        "digests": dict(declared.digests),
        "known_sha256": declared.known_sha256,
        "application": None
        if application is None
        else {
            "office": application.office,
            "right": application.right.value,
            "number": application.number,
            "normal": application.normal,
            "filing_date": application.filing_date.isoformat(),
        },
    }
