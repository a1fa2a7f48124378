"""An archive of no special form: every entry is read to its end and inspected by its own form."""

from collections.abc import Iterator

from gateway.core.finding import Code, Finding, Form, found
from gateway.packages.entries import ZIP_TYPES, dangling, inspect_entry
from gateway.packages.form import Inspected, Look, Setting, Subject

__all__ = ["PlainArchive"]


class PlainArchive:
    """ZIP files that no package form recognises: what is inside is checked, how it belongs together is not known."""

    form = Form.ARCHIVE
    media_types = ZIP_TYPES

    def recognises(self, look: Look) -> bool:
        return look.archive is not None

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        archive = subject.look.archive
        assert archive is not None, "recognised by its archive"
        if not archive.names:
            yield found(Code.EMPTY)
        references: list[tuple[str, str, str]] = []
        for name in archive.names:
            inner = inspect_entry(archive, name, setting, learnt)
            yield from inner.told()
            references.extend(inner.references())
        yield from dangling(references, archive.names)
