"""Files that are written once: whole or not under their name, read-only, never in place of another."""

import errno
import os
from datetime import UTC, date, datetime

import pytest

from gateway.store.export_folder import ExportFolder, write_once
from gateway.store.ledger_read import LedgerDamaged
from gateway.wire.tlog_checkpoint import Checkpoint, render_checkpoint

AT = datetime(2026, 11, 23, 2, 5, tzinfo=UTC)
HEAD = Checkpoint(origin="xa.example/ledger", size=3, root=b"r" * 32)


def note(head):
    return render_checkpoint(head).encode() + "\n\u2014 xa.example/ledger AAAAAAAA\n".encode()


def test_a_file_is_read_only_and_has_its_bytes(tmp_path):
    write_once(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o444
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_same_again_is_nothing_new_and_another_content_is_refused(tmp_path):
    write_once(tmp_path / "a", b"first")
    before = (tmp_path / "a").stat()
    write_once(tmp_path / "a", b"first")
    assert (tmp_path / "a").stat().st_mtime_ns == before.st_mtime_ns
    for other in (b"other", b"first and more", b"fir"):
        with pytest.raises(FileExistsError):
            write_once(tmp_path / "a", other)
    assert (tmp_path / "a").read_bytes() == b"first"


def test_what_a_dead_process_left_half_written_is_written_anew(tmp_path):
    (tmp_path / ".a.part").write_bytes(b"wh")
    write_once(tmp_path / "a", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    (tmp_path / "b").write_bytes(b"whole")  # it died between the name and the mode
    folder = ExportFolder(tmp_path)
    assert not folder.has("b")
    write_once(tmp_path / "b", b"whole")
    assert folder.has("b")


def test_it_dies_at_any_step_and_the_next_time_is_as_the_first(tmp_path, monkeypatch):
    """Every call that changes the disk fails once, after and before it was done."""
    for step in ("open", "fsync", "link", "unlink", "chmod"):
        for done in (False, True):
            path = tmp_path / f"{step}-{done}"
            original = getattr(os, step)

            def deadly(*arguments, original=original, done=done, **named):
                if done:
                    original(*arguments, **named)
                raise OSError(errno.ENOSPC, "No space left on device")

            with monkeypatch.context() as patched:
                patched.setattr(os, step, deadly)
                with pytest.raises(OSError, match="No space"):
                    write_once(path, b"whole")
            assert not path.exists() or path.read_bytes() == b"whole"
            write_once(path, b"whole")
            assert path.read_bytes() == b"whole" and path.stat().st_mode & 0o777 == 0o444
    assert not list(tmp_path.glob(".*"))


def test_storage_without_links_gets_the_file_by_renaming(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    write_once(tmp_path / "a", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "a").symlink_to(tmp_path / "target")
    folder = ExportFolder(tmp_path)
    with pytest.raises(OSError, match="no file"):
        folder.has("a")
    with pytest.raises(OSError, match="no file"):
        write_once(tmp_path / "a", b"precious")
    assert (tmp_path / "target").read_bytes() == b"precious"


def test_the_newest_checkpoint_is_the_greatest_whole_one(tmp_path):
    folder = ExportFolder(tmp_path / "xa")
    assert folder.newest() is None and folder.last_day() is None
    folder.finish_day(note(HEAD), AT)
    assert folder.newest() == HEAD
    assert folder.last_day() == (date(2026, 11, 23), AT)
    later = Checkpoint(origin=HEAD.origin, size=12, root=b"s" * 32)
    (tmp_path / "xa" / "checkpoint.12").write_bytes(note(later))  # not read-only: not finished
    assert folder.newest() == HEAD
    (tmp_path / "xa" / "checkpoint.12").chmod(0o444)
    assert folder.newest() == later


@pytest.mark.parametrize("content", [b"", b"\xff", b"nonsense\n\n- x\n", note(HEAD)])
def test_a_checkpoint_that_cannot_be_is_damage(tmp_path, content):
    write_once(tmp_path / "checkpoint.7", content)
    with pytest.raises(LedgerDamaged, match=r"checkpoint\.7"):
        ExportFolder(tmp_path).newest()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"finished": 1}', b'{"finished": "soon"}', b"x" * 5000])
def test_what_is_no_note_of_a_day_is_passed_over(tmp_path, content):
    folder = ExportFolder(tmp_path / "xa")
    folder.finish_day(note(HEAD), AT)
    write_once(tmp_path / "xa" / "days" / "2026-11-24.json", content)
    (tmp_path / "xa" / "days" / "notes.txt").touch()
    assert folder.last_day() == (date(2026, 11, 23), AT)


def test_nothing_is_written_where_the_folder_is_not(tmp_path):
    with pytest.raises(FileNotFoundError):
        ExportFolder(tmp_path / "not-mounted" / "xa").write("checkpoint.1", b"x")
    assert list(tmp_path.iterdir()) == []


def test_what_was_begun_is_known_until_it_is_finished(tmp_path):
    folder = ExportFolder(tmp_path / "xa")
    assert folder.begun() is None
    folder.begin(note(HEAD))
    assert ExportFolder(tmp_path / "xa").begun() == note(HEAD) and not (tmp_path / "xa").exists()
    folder.finish(note(HEAD))
    assert folder.begun() is None and folder.newest() == HEAD and folder.last_day() is None
    (tmp_path / ".xa.pending").write_bytes(b"torn")
    assert folder.begun() is None
