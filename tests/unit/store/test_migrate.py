"""The names of migrations: a folder is refused as a whole when one is out of order."""

import hashlib

import pytest

from gateway.store.migrate import MigrationRefused, list_migrations


def test_migrations_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("0010_post_drop.sql", "0002_pre_add.sql", "0001_pre_start.sql"):
        (tmp_path / name).write_text(f"SELECT '{name}'")
    (tmp_path / "README.md").write_text("no migration")
    migrations = list_migrations(tmp_path)
    assert [each.name for each in migrations] == ["0001_pre_start.sql", "0002_pre_add.sql", "0010_post_drop.sql"]
    assert [each.half for each in migrations] == ["pre", "pre", "post"]
    assert migrations[0].sha256 == hashlib.sha256(b"SELECT '0001_pre_start.sql'").digest()


@pytest.mark.parametrize(
    "name", ["1_pre_start.sql", "0001_start.sql", "0001_mid_start.sql", "0001_pre_.sql", "0001_pre_Start.sql"]
)
def test_a_name_out_of_order_is_refused(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(MigrationRefused, match="is not named"):
        list_migrations(tmp_path)


def test_a_number_is_used_once(tmp_path):
    for name in ("0001_pre_start.sql", "0001_post_start.sql"):
        (tmp_path / name).touch()
    with pytest.raises(MigrationRefused, match="has the number of"):
        list_migrations(tmp_path)


def test_the_gateways_own_migrations_begin_with_a_pre():
    first, *_ = list_migrations()
    assert (first.name[:4], first.half) == ("0001", "pre")
