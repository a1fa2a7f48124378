"""The play: from an empty folder to the last line of the story, and then, if wanted, on until somebody ends it."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import aiohttp

from gateway.client import CallFailed
from gateway.demo.acts.changes import change
from gateway.demo.acts.deposits import deposit
from gateway.demo.acts.dossiers import give_evidence
from gateway.demo.acts.fetches import collect
from gateway.demo.acts.handovers import hand_over
from gateway.demo.acts.refusals import refuse
from gateway.demo.acts.registrations import register
from gateway.demo.acts.releases import release
from gateway.demo.acts.retrievals import retrieve
from gateway.demo.addresses import tell_addresses
from gateway.demo.ground import prepare_ground
from gateway.demo.opening import open_stage
from gateway.demo.papers import write_bibliography, write_pdf
from gateway.demo.stage import Affair, Papers
from gateway.demo.timeline import StoryFailed, Timeline

__all__ = ["Programme", "play"]

_ACTS: Final = (deposit, release, register, retrieve, hand_over, collect, change, refuse, give_evidence)
#: Bytes of the large document: more than goes inline.
_LARGE: Final = 6 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What is to be played: on which documents, where its files go (None: a temporary folder), and how long."""

    once: bool
    folder: Path | None = None
    document: Path | None = None
    bibliography: Path | None = None


async def play(programme: Programme, timeline: Timeline) -> None:
    """Play the story; StoryFailed if a step did not end as it must. Without `once` it then runs until cancelled."""
    with _folder(programme) as folder:
        papers = _papers(folder, programme)
        timeline.say(f"Files of this run: {folder}", style="dim")
        ground = prepare_ground(folder, claimed={papers.hosted.number: date.fromisoformat(papers.hosted.filed)})
        async with open_stage(ground, timeline, papers) as stage:
            try:
                for act in _ACTS:
                    await act(stage)
            except CallFailed as failure:
                raise StoryFailed(str(failure), failure.remedy) from None
            except aiohttp.ClientError as error:
                raise StoryFailed(f"a call was cut off ({type(error).__name__})", stage.crew.advice()) from None
            except StoryFailed as failure:
                failure.remedy = failure.remedy or stage.crew.advice()
                raise
            timeline.end()
            if not programme.once:
                tell_addresses(stage)
                await asyncio.Event().wait()


@contextmanager
def _folder(programme: Programme) -> Iterator[Path]:
    """A fresh folder for each run; a temporary one is removed when the story was told, and kept when it failed."""
    if programme.folder is not None:
        programme.folder.mkdir(parents=True, exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = programme.folder / f"{stamp}-{secrets.token_hex(2)}"
        folder.mkdir()
        yield folder.resolve()
        return
    temporary = Path(tempfile.mkdtemp(prefix="pouch-demo-"))
    yield temporary
    shutil.rmtree(temporary, ignore_errors=True)


def _papers(folder: Path, programme: Programme) -> Papers:
    """The documents of the story, written unless they are given, as files below `folder`."""
    place = folder / "papers"
    place.mkdir()
    today = datetime.now(UTC).date()
    filed = [(today - timedelta(days=days)).isoformat() for days in (200, 150, 100)]
    numbers = [f"2026/{1000 + secrets.randbelow(9000)}{last}" for last in (1, 2, 3)]
    library = _affair("XA", numbers[0], filed[0], place / "certified-copy.pdf")
    hosted = _affair("XA", numbers[1], filed[1], place / "large-copy.pdf")
    returned = _affair("XB", numbers[2], filed[2], place / "returned-copy.pdf")
    corrected, bibliography = place / "corrected-copy.pdf", place / "bibliography.xml"
    for affair, title, size in (
        (library, "Folding umbrella", 0),
        (hosted, "Umbrella stand, with drawings", _LARGE),
        (returned, "Umbrella handle", 0),
    ):
        affair.paper.write_bytes(write_pdf(title, _text(affair, title), size=size))
    corrected.write_bytes(write_pdf("Folding umbrella", [*_text(library, "Folding umbrella"), "", "Page 2 of 2."]))
    bibliography.write_bytes(
        write_bibliography("XA", library.number, date.fromisoformat(library.filed), "Folding umbrella")
    )
    if programme.document:
        _copy(programme.document, library.paper)
    if programme.bibliography:
        _copy(programme.bibliography, bibliography)
    return Papers(library=library, hosted=hosted, returned=returned, bibliography=bibliography, corrected=corrected)


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise StoryFailed(f"{source} cannot be read: {error.strerror}") from None


def _affair(office: str, number: str, filed: str, paper: Path) -> Affair:
    message_id = f"demo-{office.lower()}-{secrets.token_hex(8)}"
    return Affair(office=office, number=number, filed=filed, paper=paper, message_id=message_id)


def _text(affair: Affair, title: str) -> list[str]:
    return [
        f"Certified copy of application {affair.office} {affair.number}",
        f"Office {affair.office}, filing date {affair.filed}",
        "",
        f"Title: {title}",
        "",
        "It is hereby certified that this is a true copy of the application as filed",
        "(Paris Convention for the Protection of Industrial Property, Article 4D(3)).",
        "",
        "Claim 1. An umbrella that is carried without being noticed.",
        "Claim 2. The umbrella of claim 1, found again where it was left.",
    ]
