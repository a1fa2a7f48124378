"""Accept: what it needs before it begins, and that nothing of it stays behind."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.bench.accept import prepare
from gateway.bench.plan import BenchFailed, Plan, Size

PLAN = Plan(size=Size.LARGE, concurrency=1, workers=1, seconds=1.0)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def told(what: str, done: int, of: int | None) -> None:
    return None


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1 << 40, 1 << 40, 4 << 30))


def test_a_run_that_would_fill_the_disk_does_not_begin(full: None, tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match="--seconds"), prepare(PLAN, tmp_path / "ground", told):
        pass
    assert list((tmp_path / "ground").iterdir()) == []


def test_a_folder_of_its_own_is_removed_also_when_it_fails(
    full: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BenchFailed), prepare(PLAN, None, told):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchFailed, match="--dir"), prepare(PLAN, tmp_path / "file" / "below", told):
        pass


def test_what_is_prepared_fits_together(tmp_path: Path) -> None:
    plan = Plan(size=Size.MIDDLE, concurrency=1, workers=1, seconds=0.05)
    counts: list[tuple[int, int | None]] = []
    with prepare(plan, tmp_path, lambda what, done, of: counts.append((done, of))) as prepared:
        assert len(prepared.messages) == plan.messages == counts[-1][0] == counts[-1][1]
        message = prepared.messages[0]
        assert prepared.run in message.message_id
        assert prepared.ground.host.encode() in message.front
        assert len(prepared.paper) + len(message.back.partition(b"\r\n--")[0]) == plan.size.document
    assert prepared.ground.config.exists()
