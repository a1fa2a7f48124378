"""An archive of no special form: every entry is read to its end and inspected by its own form."""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.core.finding import Code, Finding, Form, Severity, found
from gateway.packages.form import Inspected, Look, Setting, Subject

__all__ = ["PlainArchive", "dangling"]

#: Bytes of an entry that are held in memory; a larger one is unfolded into a file of the work area.
_HELD: Final = 1024 * 1024


class PlainArchive:
    """ZIP files that no package form recognises: what is inside is checked, how it belongs together is not known."""

    form = Form.ARCHIVE
    media_types = frozenset({"application/zip", "application/x-zip-compressed"})

    def recognises(self, look: Look) -> bool:
        return look.archive is not None

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        archive = subject.look.archive
        assert archive is not None, "recognised by its archive"
        if not archive.names:
            yield found(Code.EMPTY)
        references: list[tuple[str, str, str]] = []
        for entry in archive.entries:
            if entry.is_folder:
                continue
            unfolded = archive.unfold(entry.name, None if entry.size <= _HELD else setting.work())
            report = setting.inside(unfolded, entry.name)
            learnt.digests |= {name: digest for name, digest in report.digests.items() if name == entry.name}
            # of a plain file in a plain archive nothing is expected: only what is wrong is told
            for each in report.findings:
                if each.severity is not Severity.NOTE and each.code not in (Code.FORM_UNKNOWN, Code.EMPTY):
                    yield each.within(entry.name)
            references.extend((entry.name, place, name) for place, name in report.references)
        yield from dangling(references, archive.names)


def dangling(references: Iterable[tuple[str, str, str]], names: Iterable[str]) -> Iterator[Finding]:
    """Yield what is referred to as (entry, place, name of a file) and is not there; letters' case does not matter.

    A file is looked for beside the entry that refers to it and anywhere by its bare name, since tools move files.
    """
    there = {name.casefold() for name in names}
    there |= {name.rpartition("/")[2] for name in there}
    told = set()
    for entry, place, name in references:
        bare = name.replace("\\", "/").rpartition("/")[2].casefold()
        if bare not in there and (entry, bare) not in told:
            told.add((entry, bare))
            yield found(Code.REFERENCE_DANGLING, place, name).within(entry)
