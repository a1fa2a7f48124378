"""The engine: a file is looked at, given to the form that recognises it, and what is found becomes a Report.

    look -> recognise -> declared type against the bytes -> the form's own inspection -> judgement

Rules: refusals of the readers below become findings with their place; a bug stays an exception. Who inspects what
comes from outside does so in a confined process (confining.py), since a form may use libraries that know no bounds.
"""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from typing import BinaryIO, Final, cast

from cryptography.x509 import Certificate

from gateway.core.finding import Code, Finding, Form, Report, found, judged
from gateway.core.reason import Reason, Refused
from gateway.packages.entries import ZIP_TYPES
from gateway.packages.form import Declared, FormReader, Inspected, Look, Setting, Subject
from gateway.packages.forms import FORMS
from gateway.packages.looking import look_at
from gateway.wire.archive import Archive
from gateway.wire.digests import digests_of
from gateway.wire.installed import InstalledSchemas

__all__ = ["finding_of", "inspect"]

#: How many findings a report holds; what comes after them is not worth a clerk's time.
_MOST_FINDINGS: Final = 200
#: How deep packages are opened inside each other; the archive reader has its own bound for archives.
_DEPTH: Final = 4
#: Work files that one level of packages has open at once.
_WORKS: Final = 2

_FINDINGS: Final = {
    Reason.ARCHIVE_MALFORMED: Code.ARCHIVE_MALFORMED,
    Reason.ARCHIVE_CONTRADICTION: Code.ARCHIVE_CONTRADICTION,
    Reason.ARCHIVE_NAME: Code.ARCHIVE_NAME,
    Reason.ARCHIVE_LINK: Code.ARCHIVE_LINK,
    Reason.ARCHIVE_ENCRYPTED: Code.ARCHIVE_ENCRYPTED,
    Reason.ARCHIVE_METHOD: Code.ARCHIVE_METHOD,
    Reason.ARCHIVE_LIMIT: Code.ARCHIVE_LIMIT,
    Reason.ARCHIVE_DAMAGED: Code.ARCHIVE_DAMAGED,
    Reason.NOT_XML: Code.XML_MALFORMED,
    Reason.DOCTYPE_FORBIDDEN: Code.XML_DOCTYPE,
    Reason.XML_LIMIT: Code.XML_LIMIT,
    Reason.BODY_TOO_LARGE: Code.XML_LIMIT,
}
#: Types whose files begin in one way only.
_FIRM: Final = ZIP_TYPES | {"application/pdf"}
#: Declared types that say nothing of the form.
_SILENT: Final = frozenset({None, "", "application/octet-stream"})


def inspect(
    source: BinaryIO | bytes,
    *,
    name: str,
    at: datetime,
    roots: Sequence[Certificate] = (),
    declared: Declared | None = None,
    schemas: InstalledSchemas | None = None,
) -> Report:
    """Inspect one file and give its report; `name` stands for the file in places and digests, `at` is now.

    `roots` are the authorities, or the signers themselves, whose signatures on documents are agreed; `schemas` official
    schemas, loaded, that are enforced.
    """
    with ExitStack() as open_files:
        setting = _Setting(at=at, roots=tuple(roots), schemas=schemas, open_files=open_files, depth=1)
        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        return setting.inside(opened, name, declared)


def finding_of(refused: Refused) -> Finding:
    """The finding that a refusal by the archive or XML reader is; raises it again if no reader refuses so."""
    code = _FINDINGS.get(refused.reason)
    if code is None:
        raise refused
    return found(code, refused.place)


class _Setting:
    """What one level of an inspection lends its form; `outer` is the archive in which the thing lies."""

    def __init__(
        self,
        *,
        at: datetime,
        roots: tuple[Certificate, ...],
        schemas: InstalledSchemas | None,
        open_files: ExitStack,
        depth: int,
    ) -> None:
        self._at, self._roots, self._schemas = at, roots, schemas
        self._open_files, self._depth = open_files, depth
        self.outer: Archive | None = None
        self._works: list[BinaryIO] = []

    @property
    def at(self) -> datetime:
        return self._at

    @property
    def roots(self) -> tuple[Certificate, ...]:
        return self._roots

    @property
    def schemas(self) -> InstalledSchemas | None:
        return self._schemas

    def work(self) -> BinaryIO:
        while len(self._works) >= _WORKS:
            self._works.pop(0).close()  # a package of a thousand large files must not keep a thousand files open
        made = cast(BinaryIO, self._open_files.enter_context(tempfile.TemporaryFile()))  # noqa: SIM115 - the stack has it
        self._works.append(made)
        return made

    def inside(self, source: BinaryIO, name: str, declared: Declared | None = None) -> Report:
        if self._depth > _DEPTH:
            raise Refused(Reason.ARCHIVE_LIMIT, name)
        inner = _Setting(
            at=self._at,
            roots=self._roots,
            schemas=self._schemas,
            open_files=self._open_files,
            depth=self._depth + 1,
        )
        inner.outer = self.outer
        return _report(source, name, declared or Declared(), inner)


def _report(source: BinaryIO, name: str, declared: Declared, setting: _Setting) -> Report:
    learnt = Inspected(digests={name: declared.known_sha256 or digests_of(source, ["sha256"])["sha256"].hex()})
    form, findings = Form.UNKNOWN, list[Finding]()
    try:
        look = look_at(source, setting.outer)
        setting.outer = look.archive or setting.outer
        reader = next((each for each in FORMS if each.recognises(look)), None)
        form = reader.form if reader is not None else Form.UNKNOWN
        subject = Subject(source=source, name=name, look=look, declared=declared)
        for each in islice(_inspected(reader, subject, setting, learnt), _MOST_FINDINGS):
            findings.append(each)  # one by one: what was found before a refusal stays found
    except Refused as refused:
        form = Form.ARCHIVE if form is Form.UNKNOWN and refused.reason.name.startswith("ARCHIVE") else form
        findings.append(finding_of(refused))
    return Report(
        form=form,
        name=name,
        judgement=judged(findings),
        findings=tuple(findings),
        digests=learnt.digests,
        certification=learnt.certification,
        references=tuple(learnt.references),
    )


def _inspected(reader: FormReader | None, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
    if subject.look.size == 0:
        yield found(Code.EMPTY)
        return
    if _contradicts(reader, subject.look, subject.declared.media_type):
        yield found(Code.TYPE_MISMATCH, None, f"declared {subject.declared.media_type}")
    if reader is None:
        yield found(Code.FORM_UNKNOWN)
        return
    yield from reader.inspect(subject, setting, learnt)


def _contradicts(reader: FormReader | None, look: Look, media_type: str | None) -> bool:
    """Whether a type that some form here bears was declared, and the bytes are not of a form that bears it."""
    if media_type in _SILENT:
        return False
    bears = reader.media_types if reader is not None else frozenset[str]()
    if media_type in bears or not any(media_type in each.media_types for each in FORMS):
        return False
    return reader is not None or media_type in _FIRM  # other XML than we recognise is still XML
