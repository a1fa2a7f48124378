"""The key file: made once, private, checked when loaded, rotated without losing a key."""

import pytest

from gateway.store.key_file import KeyFileRefused, create_key_file, load_key_file, rotate_key_file
from gateway.store.sealing import new_key


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "wrapping.key"
    create_key_file(path)
    return path


def test_a_new_key_file_is_private_and_wraps(key_file):
    assert key_file.stat().st_mode & 0o777 == 0o600
    document_key = new_key()
    wrapped = load_key_file(key_file).wrap(document_key)
    assert load_key_file(key_file).unwrap(wrapped) == document_key


def test_a_key_file_is_never_overwritten(key_file):
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        create_key_file(key_file)
    assert key_file.read_bytes() == before
    assert [path.name for path in key_file.parent.iterdir()] == ["wrapping.key"]


def test_rotation_puts_a_fresh_key_first_and_keeps_the_former(key_file):
    document_key = new_key()
    wrapped = load_key_file(key_file).wrap(document_key)
    rotate_key_file(key_file)
    keys = load_key_file(key_file)
    assert keys.needs_rewrap(wrapped)
    assert keys.unwrap(wrapped) == document_key
    assert key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused_with_the_remedy(key_file, mode):
    key_file.chmod(mode)
    with pytest.raises(KeyFileRefused, match="chmod 600"):
        load_key_file(key_file)


def test_a_missing_key_file_is_refused(tmp_path):
    with pytest.raises(KeyFileRefused, match="cannot be read"):
        load_key_file(tmp_path / "none")


def test_a_damaged_key_is_refused_by_line_and_never_shown(key_file):
    lines = key_file.read_text().splitlines()
    name, key = lines[1].split(" ")
    changed = ("A" if key[0] != "A" else "B") + key[1:]
    for damaged in (f"{name} {changed}", f"{name} {key[:-4]}", f"{name} ###", name):
        key_file.write_text(f"{lines[0]}\n{damaged}\n")
        with pytest.raises(KeyFileRefused, match="damaged in line 2") as refused:
            load_key_file(key_file)
        assert key[1:] not in str(refused.value)


def test_an_empty_key_file_is_refused(key_file):
    key_file.write_text("# nothing\n\n")
    with pytest.raises(KeyFileRefused, match="holds no key"):
        load_key_file(key_file)
