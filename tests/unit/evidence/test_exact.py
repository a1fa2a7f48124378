"""A folder is exact if it holds all that its checkpoints imply and nothing else; each missing file is missed."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from evidence_logs import KEY

from gateway.__main__ import main
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from pki.verdict import Indication

ENTRIES = [b"entry %d" % number for number in range(700)]
MANY = [b"%d" % number for number in range(65_536 + 300)]


async def exact(folder: Path):
    return await verify_log(FolderSource(folder), [KEY.verifier], exact=True)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700])
async def test_a_log_as_it_is_written_is_exact(write_log, size) -> None:
    assert (await exact(write_log(ENTRIES[:size]))).holds


async def test_earlier_checkpoints_imply_their_own_partial_tiles(write_log) -> None:
    folder = write_log(ENTRIES, also=(300, 400, 512))
    assert (await exact(folder)).holds
    (folder / "checkpoint.300").unlink()
    verdict = await exact(folder)
    assert verdict.indication is Indication.FAILED
    assert verdict.place in {"tile/entries/001.p/44", "tile/0/001.p/44", "tile/1/000.p/1"}


@pytest.mark.parametrize("entries", [ENTRIES, MANY], ids=["two levels", "three levels"])
async def test_every_single_file_that_is_taken_out_is_missed(write_log, entries) -> None:
    folder = write_log(entries)
    (folder / f"checkpoint.{len(entries)}").unlink()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files if len(files) < 50 else [*files[:3], *files[250:260], *files[-3:]]:
        content = path.read_bytes()
        path.unlink()
        verdict = await exact(folder)
        assert verdict.indication is Indication.INDETERMINATE
        assert verdict.place == path.relative_to(folder).as_posix()
        path.write_bytes(content)
    assert (await exact(folder)).holds


@pytest.mark.parametrize(
    "path", ["readme", "tile/0/003", "tile/0/000.p/9", "tile/0/002.p/188.bak", "tile/9/000.p/1", "checkpoint.part"]
)
async def test_what_no_checkpoint_implies_is_too_much(write_log, path) -> None:
    folder = write_log(ENTRIES)
    first = (folder / "tile/0/000").read_bytes()
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(first[: 9 * 32] if path.endswith("/9") else first)
    verdict = await exact(folder)
    assert verdict.indication is Indication.FAILED


async def test_a_link_is_no_file(write_log, tmp_path) -> None:
    folder = write_log(ENTRIES)
    (folder / "stamps").symlink_to(tmp_path)
    assert (await exact(folder)).place == "stamps"


async def test_stamps_and_days_are_known_by_their_names(write_log) -> None:
    folder = write_log(ENTRIES)
    for name in ("stamps/7-authority.tst", "stamps/7-authority.note", "days/2026-11-23.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"{}")
    assert (await exact(folder)).holds
    (folder / "days" / "notes.txt").touch()
    assert not (await exact(folder)).holds


def test_the_command_says_so(write_log, tmp_path) -> None:
    folder = write_log(ENTRIES)
    vkey = tmp_path / "vkey"
    vkey.write_text(KEY.verifier.vkey)
    words = ["ledger", "verify", "--dir", str(folder), "--vkey", str(vkey)]
    assert CliRunner().invoke(main, [*words, "--exact"]).exit_code == 0
    (folder / "more").touch()
    assert CliRunner().invoke(main, words).exit_code == 0
    assert CliRunner().invoke(main, [*words, "--exact"]).exit_code == 1
    (folder / "more").unlink()
    (folder / "tile/0/002.p/188").unlink()
    assert CliRunner().invoke(main, [*words, "--exact"]).exit_code == 3
    assert CliRunner().invoke(main, ["ledger", "verify", "--url", "https://x.example", "--exact"]).exit_code == 2
