"""The line's examiner: small plain files here, others in a confined process, the longest not at all."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.app.examining import ConfinedExaminer, make_examiner
from gateway.core.document import Certification, CertificationForm, ListedDocument, Role
from gateway.core.finding import Code, Judgement
from gateway.core.office import OfficeCode
from gateway.demo.papers import write_pdf
from gateway.settings import SettingsError
from gateway.settings_packages import PackageSettings

SMALL = write_pdf("Certified copy", ["one line"])
LARGE = write_pdf("Certified copy", ["one line"], size=200_000)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def examiner():
    made = make_examiner(PackageSettings(largest=1 << 20), Clock())
    assert made is not None
    yield made
    made.close()


def described(content: bytes, *, signed: bool = False, size: int | None = None) -> ListedDocument:
    certification = Certification(
        certified_by=OfficeCode("XA"),
        form=CertificationForm.DIGITALLY_SIGNED,
        certified_on=date(2026, 3, 2),
        filing_date_certified=True,
    )
    return ListedDocument(
        content_id="certified-copy",
        size=len(content) if size is None else size,
        sha256=hashlib.sha256(content).digest(),
        role=Role.CERTIFIED_COPY,
        media_type="application/pdf",
        certification=certification if signed else None,
    )


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 70_000):
        yield content[at : at + 70_000]


async def test_small_and_large_are_examined_alike(examiner: ConfinedExaminer) -> None:
    small = await examiner.examine(described(SMALL), None, pieces(SMALL))
    assert examiner._inspector._process is None, "a small plain file needs no process"
    large = await examiner.examine(described(LARGE), None, pieces(LARGE))
    assert small.judgement is large.judgement is Judgement.PASSED
    assert [each.code for each in small.findings] == [each.code for each in large.findings]
    assert large.digests == {"certified-copy": hashlib.sha256(LARGE).hexdigest()}


async def test_what_could_unfold_is_confined_however_small_it_is(examiner: ConfinedExaminer) -> None:
    cut = SMALL[:-50]
    report = await examiner.examine(described(cut), None, pieces(cut))
    assert examiner._inspector._process is not None
    assert report.judgement is Judgement.FAILED


@pytest.mark.parametrize("content", [SMALL, LARGE])
async def test_the_declared_form_of_certification_is_looked_for(examiner: ConfinedExaminer, content: bytes) -> None:
    report = await examiner.examine(described(content, signed=True), None, pieces(content))
    assert Code.PDF_SEAL_MISSING in [each.code for each in report.findings]


async def test_the_longest_are_taken_unseen_and_that_is_said(examiner: ConfinedExaminer) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("it is not even read")
        yield b""

    report = await examiner.examine(described(SMALL, size=(1 << 20) + 1), None, never())
    assert [each.code for each in report.findings] == [Code.NOT_EXAMINED]
    assert report.judgement is Judgement.INDETERMINATE


def test_the_settings_decide(tmp_path: Path) -> None:
    assert make_examiner(PackageSettings(examine=False), Clock()) is None
    roots = tmp_path / "roots.pem"
    roots.write_text("nothing")
    with pytest.raises(SettingsError, match=r"packages\.roots"):
        make_examiner(PackageSettings(roots=roots), Clock())
