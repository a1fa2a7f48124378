"""A log is good only if every byte that its checkpoint vouches for is what was signed."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_logs import KEY, leaves_of, signed, tree_hash

from gateway.evidence.findings import EvidenceVerdict
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from pki.note_keys import generate_note_key
from pki.verdict import Indication

Writes = Callable[..., Path]

ENTRIES = [b"entry %d" % number for number in range(700)]
#: More than a full tile of level 1 needs, so that there are three levels.
MANY = [b"%d" % number for number in range(65_536 + 300)]


async def verify(folder: Path) -> EvidenceVerdict:
    return await verify_log(FolderSource(folder), [KEY.verifier])


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 700])
async def test_good_log_is_good(write_log: Writes, size: int) -> None:
    verdict = await verify(write_log(ENTRIES[:size]))
    assert (verdict.indication, verdict.place) == (Indication.PASSED, None)
    assert (verdict.origin, verdict.size) == (KEY.name, size)
    assert verdict.root == tree_hash(leaves_of(ENTRIES[:size]))
    assert verdict.remarks == ()


async def test_log_of_three_levels_is_good_and_each_level_is_looked_at(write_log: Writes) -> None:
    folder = write_log(MANY)
    assert (await verify(folder)).holds
    assert (folder / "tile/2/000.p/1").exists()
    for path in ("tile/2/000.p/1", "tile/1/000", "tile/1/001.p/1"):
        file = folder / path
        good = file.read_bytes()
        file.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        verdict = await verify(folder)
        assert verdict.indication is Indication.FAILED
        assert verdict.place is not None and verdict.place.partition("/")[0] == "tile"
        file.write_bytes(good)


async def test_first_bad_entry_is_named(write_log: Writes) -> None:
    folder = write_log(ENTRIES)
    file = folder / "tile/entries/001"
    file.write_bytes(file.read_bytes().replace(b"entry 300", b"entry 3OO").replace(b"entry 400", b"entry 4OO"))
    verdict = await verify(folder)
    assert verdict.place == "tile/0/001"
    assert verdict.explanation == "its hash of entry 300 is not that of the entry"


async def test_history_rewritten_with_all_its_tiles_is_found_by_the_root(write_log: Writes) -> None:
    folder = write_log([b"forged", *ENTRIES[1:]], name="forged")
    (folder / "checkpoint").write_bytes(signed(ENTRIES))
    (folder / "checkpoint.700").unlink()
    verdict = await verify(folder)
    assert verdict.indication is Indication.FAILED
    assert verdict.place == "checkpoint"
    assert verdict.explanation == "its root is not that of the first 700 entries"


async def test_fork_is_found_by_an_earlier_checkpoint(write_log: Writes) -> None:
    """Both checkpoints are signed by the log itself: it told two histories."""
    folder = write_log(ENTRIES)
    (folder / "checkpoint.10").write_bytes(signed([b"another", *ENTRIES[1:10]]))
    verdict = await verify(folder)
    assert (verdict.indication, verdict.place) == (Indication.FAILED, "checkpoint.10")


async def test_newest_of_all_kept_checkpoints_counts(write_log: Writes) -> None:
    """A rollback of `checkpoint` alone does not hide what was signed later."""
    folder = write_log(ENTRIES, also=(300,))
    shutil.copy(folder / "checkpoint.300", folder / "checkpoint")
    assert (await verify(folder)).holds
    file = folder / "tile/entries/002.p/188"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert (await verify(folder)).indication is Indication.FAILED


async def test_exchanged_earlier_checkpoints_are_found(write_log: Writes) -> None:
    folder = write_log(ENTRIES, also=(3, 300))
    shutil.copy(folder / "checkpoint.300", folder / "checkpoint.3")
    verdict = await verify(folder)
    assert (verdict.place, verdict.explanation) == ("checkpoint.3", "is the checkpoint of size 300")


async def test_random_mutations_are_all_found(write_log: Writes, tmp_path: Path) -> None:
    """Flip, delete, reorder, truncate, append: no file can be touched unseen."""
    chance = random.Random(4)
    folder = write_log(ENTRIES[:270], also=(5, 256))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(files) > 10
    for _ in range(120):
        file = chance.choice(files)
        good = file.read_bytes()
        place = chance.randrange(len(good))
        bad = chance.choice(
            [
                good[:place] + bytes([good[place] ^ 1 << chance.randrange(8)]) + good[place + 1 :],
                good[:place] + good[place + 1 :],
                good[:place],
                good + bytes([chance.randrange(256)]),
                good[:place] + good[place:][::-1],
                good[place:] + good[:place],
            ]
        )
        if bad == good:
            continue
        file.write_bytes(bad)
        verdict = await verify(folder)
        assert verdict.indication is Indication.FAILED, (file, place, verdict)
        file.write_bytes(good)
    assert (await verify(folder)).holds


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/002.p/188", "tile/1/000.p/2"])
async def test_missing_file_cannot_be_told_and_is_named(write_log: Writes, path: str) -> None:
    folder = write_log(ENTRIES)
    (folder / path).unlink()
    verdict = await verify(folder)
    assert (verdict.indication, verdict.place) == (Indication.INDETERMINATE, path)


async def test_what_is_missing_hides_nothing_that_is_bad(write_log: Writes) -> None:
    folder = write_log(ENTRIES)
    (folder / "tile/entries/000").unlink()
    file = folder / "tile/0/000"
    file.write_bytes(bytes(32) + file.read_bytes()[32:])
    assert (await verify(folder)).indication is Indication.FAILED
    file.unlink()
    verdict = await verify(folder)
    assert (verdict.indication, verdict.explanation) == (Indication.INDETERMINATE, "is not there, nor is its tile")


async def test_grown_tile_stands_for_a_partial_one(write_log: Writes) -> None:
    folder = write_log(ENTRIES, also=(300,))
    shutil.copy(folder / "checkpoint.300", folder / "checkpoint")
    for path in ("checkpoint.700", "tile/0/001.p/44", "tile/entries/001.p/44"):
        (folder / path).unlink()
    verdict = await verify(folder)
    assert (verdict.indication, verdict.size) == (Indication.PASSED, 300)
    assert "tile/entries/002.p/188 reaches beyond" in "".join(verdict.remarks)


async def test_no_checkpoint_cannot_be_told(tmp_path: Path) -> None:
    verdict = await verify(tmp_path)
    assert (verdict.indication, verdict.place) == (Indication.INDETERMINATE, "checkpoint")


async def test_checkpoint_of_another_key_or_log_is_refused(write_log: Writes) -> None:
    folder = write_log(ENTRIES[:9])
    (folder / "checkpoint").write_bytes(signed(ENTRIES[:9], generate_note_key(KEY.name)))
    assert "there is no signature of log.example/xa+" in (await verify(folder)).explanation
    (folder / "checkpoint").write_bytes(signed(ENTRIES[:9], origin="log.example/xb"))
    verdict = await verify(folder)
    assert (verdict.indication, verdict.size) == (Indication.FAILED, None)
    assert "another log, 'log.example/xb'" in verdict.explanation
    (folder / "checkpoint.9").unlink()
    assert (await verify_log(FolderSource(folder), [KEY.verifier], origin="log.example/xb")).holds


async def test_files_that_are_too_large_or_no_files_are_not_read(write_log: Writes) -> None:
    folder = write_log(ENTRIES[:9])
    (folder / "tile/0/000.p/9").write_bytes(bytes(9000))
    verdict = await verify(folder)
    assert (verdict.place, verdict.indication) == ("tile/0/000.p/9", Indication.FAILED)
    (folder / "tile/0/000.p/9").unlink()
    (folder / "tile/0/000.p/9").symlink_to(folder / "checkpoint")
    assert (await verify(folder)).indication is Indication.INDETERMINATE
    (folder / "tile/0/000.p/9").unlink()
    (folder / "tile/0/000.p/9").mkdir()
    assert (await verify(folder)).explanation == "is not a file"
