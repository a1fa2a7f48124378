"""TLS of the front door: TLS 1.2 or newer, and certificates that are exchanged while the door is open.

Rules: a new certificate is loaded into a context of its own and tried there first; connections that begin from then
on get that context. What cannot be loaded changes nothing, so that a half-written file shuts nobody out.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Final

from monitoring.log import logger

__all__ = ["TlsFiles", "describe_fault"]

#: Seconds between two looks at the files.
_LOOK: Final = 30.0

_log = logger("door")


def describe_fault(certificate: Path, key: Path, error: OSError) -> str:
    """Say for an operator why loading the two failed with this error; the library's own text names neither file."""
    for path in (certificate, key):
        try:
            path.open("rb").close()
        except OSError as closed:
            return f"{path} cannot be read: {closed.strerror}"
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return f"{key} is not the key of {certificate}"
    return f"{certificate} or {key} is not PEM that can be read without a password"


class TlsFiles:
    """A certificate chain and its key, both PEM. OSError (ssl.SSLError too) if they cannot be used at the start."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._seen = self._look()
        self._current = _context(certificate, key)
        #: For the listening socket, for as long as it listens.
        self.context = _context(certificate, key)
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Called in every handshake, whether the caller names a server or not."""
        connection.context = self._current

    def reload(self) -> bool:
        """Take the files as they are now; False, and the log says why, if they cannot be used."""
        seen = self._look()
        try:
            self._current = _context(self._certificate, self._key)
        except OSError as error:
            fault = describe_fault(self._certificate, self._key, error)
            _log.error("the door's certificate cannot be loaded, the former one stays", fault=fault)
            return False
        self._seen = seen
        _log.info("the door's certificate is loaded")
        return True

    def reload_if_changed(self) -> bool:
        """Reload if a file was written since the last time; whether it was, and could be used."""
        return self._look() != self._seen and self.reload()

    async def watch(self, look: float = _LOOK) -> None:
        """Reload whenever the files change, until cancelled."""
        while True:
            await asyncio.sleep(look)
            self.reload_if_changed()

    def _look(self) -> tuple[tuple[int, int, int], ...]:
        return tuple(_stamp(path) for path in (self._certificate, self._key))


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    # TLS 1.3 has no weaker suites; of TLS 1.2 only those with forward secrecy and authenticated encryption
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context
