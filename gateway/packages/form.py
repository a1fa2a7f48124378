"""What a form is to the engine: a small Protocol, what it is shown of a file, and what it gives back.

How to add a form, as one file of its own beside this one:
1. `gateway/packages/<form>.py` with a class of a `form` (core.finding.Form), a `recognises` and an `inspect`;
2. its rows in `gateway/core/finding.py: Code` (then `python tests/docs/generated_pages.py`);
3. its name in `gateway/packages/forms.py: FORMS`, the special before the general.

Rules:
- `recognises` looks only at what it is shown: it neither seeks nor parses.
- `inspect` yields findings. A Refused of the archive or XML reader may pass through it: the engine makes it one.
- Nothing is written but into `work` files of the setting, nothing is fetched, and memory does not grow with the input.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from cryptography.x509 import Certificate

from gateway.core.finding import CertificationVerdict, Finding, Form, Report
from gateway.core.office import Application
from gateway.wire.archive import Archive
from gateway.wire.installed import InstalledSchemas

__all__ = ["Declared", "FormReader", "Inspected", "Look", "Setting", "Subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the first glance at a file tells: its first and last bytes (up to 4 KiB each), and what they announce.

    `root` is the local name and namespace of the root element if it begins like XML, `doctype` the external id's
    literals (public and system, one of them or both) of a DOCTYPE before it. `archive` is open if it is a ZIP file
    that the reader takes.
    """

    size: int
    first: bytes
    last: bytes = b""
    root: tuple[str, str] | None = None
    doctype: tuple[str, ...] | None = None
    archive: Archive | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files in the archive, none if it is no archive."""
        return self.archive.names if self.archive is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the sender says of the file, against which it is checked; None and empty for what he does not say.

    `known_sha256` is the file's own digest (hex) where who asks has computed it already.
    """

    media_type: str | None = None
    application: Application | None = None
    is_digitally_signed: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)
    known_sha256: str | None = None

    def of_content(self) -> "Declared":
        """What of it is said of the document inside a package as well: the application, and how it is certified."""
        return Declared(application=self.application, is_digitally_signed=self.is_digitally_signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The file under inspection: a seekable source, its name for places, the first glance, what was declared."""

    source: BinaryIO
    name: str
    look: Look
    declared: Declared


class Setting(Protocol):
    """What the engine lends a form while it inspects."""

    @property
    def at(self) -> datetime: ...

    @property
    def schemas(self) -> InstalledSchemas | None:
        """Official schemas that are installed here."""
        ...

    @property
    def roots(self) -> tuple[Certificate, ...]:
        """Authorities, or signers themselves, whose signatures on documents and packages are agreed."""
        ...

    def inside(self, source: BinaryIO, name: str, declared: Declared | None = None) -> Report:
        """Inspect a file inside the package by the same engine, one level deeper; places are the inner file's own.

        An archive inside shares the allowance of the one it lay in.
        """
        ...

    def work(self) -> BinaryIO:
        """Give an empty file of the work area; it is closed and gone when a form asks for the next but one."""
        ...


@dataclass(slots=True)
class Inspected:
    """What an inspection learns beside its findings; a form fills in what it has."""

    digests: dict[str, str] = field(default_factory=dict)
    certification: CertificationVerdict | None = None
    references: list[tuple[str, str]] = field(default_factory=list)


class FormReader(Protocol):
    """One form: recognises its files and inspects them."""

    @property
    def form(self) -> Form: ...

    @property
    def media_types(self) -> frozenset[str]:
        """The media types that may be declared for it."""
        ...

    def recognises(self, look: Look) -> bool: ...

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        """Yield what is found, in the order of the file; Refused of the readers below may pass through."""
        ...
