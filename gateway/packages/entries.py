"""The files inside a package: each unfolded, inspected by its own form, and what counts of it told of the package."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from gateway.core.finding import Code, Finding, Report, Severity, found
from gateway.packages.form import Declared, Inspected, Setting
from gateway.wire.archive import Archive

__all__ = ["ZIP_TYPES", "Inner", "dangling", "inspect_entry"]

#: The media types that an archive may be declared with.
ZIP_TYPES: Final = frozenset({"application/zip", "application/x-zip-compressed"})
#: Bytes of an entry that are held in memory; a larger one is unfolded into a file of the work area.
_HELD: Final = 1024 * 1024
#: Of a plain file inside a package nothing is expected.
_UNTOLD: Final = frozenset({Code.FORM_UNKNOWN, Code.EMPTY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """One file inside a package: its content, seekable, and its own report."""

    name: str
    content: BinaryIO
    report: Report

    def told(self) -> Iterator[Finding]:
        """What is said of it where the package is judged: everything but notes and that it is of no form."""
        for each in self.report.findings:
            if each.severity is not Severity.NOTE and each.code not in _UNTOLD:
                yield each.within(self.name)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """What it refers to, as `dangling` takes it."""
        return ((self.name, place, file) for place, file in self.report.references)


def inspect_entry(
    archive: Archive, name: str, setting: Setting, learnt: Inspected, declared: Declared | None = None
) -> Inner:
    """Unfold one file of an archive and inspect it by its own form; its digest is learnt of the package."""
    content = archive.unfold(name, None if archive.entry(name).size <= _HELD else setting.work())
    report = setting.inside(content, name, declared)
    if name in report.digests:
        learnt.digests[name] = report.digests[name]
    return Inner(name=name, content=content, report=report)


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
