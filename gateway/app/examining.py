"""Examining documents for the line: one confined process for each process of the gateway, one document at a time.

Rules:
- What is small and cannot cost or hide anything (packages/harmless.py) is inspected here: a confined process would cost
  three times as much, and nearly every deposit is of that kind.
- The plain bytes lie in nameless memory while they are examined, never on a disk, and one document at a time, so that
  this costs at most the settings' `largest` of memory.
- Whatever goes wrong here is NOT_EXAMINED, a warning: a document is never refused for a fault of ours.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from cryptography.x509 import Certificate, load_pem_x509_certificates

from gateway.core.document import CertificationForm, ListedDocument
from gateway.core.finding import Code, Form, Judgement, Report, found
from gateway.core.office import Application
from gateway.packages.confining import ConfinedInspector
from gateway.packages.form import Declared
from gateway.packages.harmless import SMALL, is_harmless
from gateway.packages.inspecting import inspect
from gateway.settings import SettingsError
from gateway.settings_packages import PackageSettings
from monitoring.log import logger

__all__ = ["ConfinedExaminer", "make_examiner"]

_log = logger("examiner")


class _Clock(Protocol):
    def now(self) -> datetime: ...


class ConfinedExaminer:
    """The line's examiner. Close it when the gateway closes."""

    def __init__(self, settings: PackageSettings, clock: _Clock, roots: tuple[Certificate, ...]) -> None:
        self._settings = settings
        self._clock = clock
        self._roots = roots
        self._inspector = ConfinedInspector(roots, schemas=settings.schemas)
        self._turn = asyncio.Lock()

    @property
    def refuses_unreadable(self) -> bool:
        """As the settings say."""
        return self._settings.refuse_unreadable

    def close(self) -> None:
        """End the confined process."""
        self._inspector.close()

    async def examine(
        self, listed: ListedDocument, application: Application | None, content: AsyncIterator[bytes]
    ) -> Report:
        """Examine a document; see ports.Examiner."""
        if listed.size > self._settings.largest:
            return _unexamined(listed.content_id, "larger than is examined here")
        certification = listed.certification
        declared = Declared(
            media_type=listed.media_type,
            application=application,
            is_digitally_signed=certification is not None and certification.form is CertificationForm.DIGITALLY_SIGNED,
            known_sha256=listed.sha256.hex(),  # compared when it came
        )
        try:
            if listed.size <= SMALL:
                whole = b"".join([piece async for piece in content])
                if is_harmless(whole):
                    return inspect(
                        whole, name=listed.content_id, at=self._clock.now(), roots=self._roots, declared=declared
                    )
                content = _again(whole)
            async with self._turn:
                return await self._inspect(listed.content_id, declared, content)
        except Exception as bug:  # a document is not refused for a fault of ours
            _log.error("a document could not be examined", error=type(bug).__name__)
            return _unexamined(listed.content_id, type(bug).__name__)

    async def _inspect(self, name: str, declared: Declared, content: AsyncIterator[bytes]) -> Report:
        descriptor = os.memfd_create("document", os.MFD_CLOEXEC)
        try:
            async for piece in content:
                left = memoryview(piece)
                while left:
                    left = left[os.write(descriptor, left) :]
            return await asyncio.to_thread(
                self._inspector.inspect, descriptor, name=name, at=self._clock.now(), declared=declared
            )
        finally:
            os.close(descriptor)


async def _again(whole: bytes) -> AsyncIterator[bytes]:
    yield whole


def make_examiner(settings: PackageSettings, clock: _Clock) -> ConfinedExaminer | None:
    """Make the examiner of the settings, None if they want none; SettingsError if the roots cannot be read."""
    if not settings.examine:
        return None
    roots: tuple[Certificate, ...] = ()
    if settings.roots is not None:
        try:
            roots = tuple(load_pem_x509_certificates(settings.roots.read_bytes()))
        except (OSError, ValueError):
            raise SettingsError("packages.roots: holds no certificate in PEM form") from None
    return ConfinedExaminer(settings, clock, roots)


def _unexamined(name: str, cause: str) -> Report:
    finding = found(Code.NOT_EXAMINED, None, cause)
    return Report(form=Form.UNKNOWN, name=name, judgement=Judgement.INDETERMINATE, findings=(finding,))
