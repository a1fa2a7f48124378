"""Addresses of databases: another database or role on the same server, and nothing shown."""

import pytest

from gateway.core.secret import Secret
from gateway.store.roles import Dsns, dsn_for, new_passwords


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("postgresql://root:pw@db.example:5433/postgres?sslmode=verify-full",
         "postgresql://root:pw@db.example:5433/pouch?sslmode=verify-full"),
        ("postgresql://root:pw@/postgres?host=%2Frun%2Fpg&port=5432",
         "postgresql://root:pw@/pouch?host=%2Frun%2Fpg&port=5432"),
        ("postgresql:///postgres?host=/run/pg", "postgresql:///pouch?host=/run/pg"),
        ("postgres://[::1]:5432", "postgres://[::1]:5432/pouch"),
    ],
)  # fmt: skip
def test_another_database_of_the_same_server(server, expected):
    assert dsn_for(Secret(server), database="pouch").reveal() == expected


def test_another_role_takes_the_place_of_the_one_named():
    server = Secret("postgresql://root:p%40w@db.example/postgres")
    changed = dsn_for(server, database="a/b", user="pouch_app", password=Secret("p:@/?w"))
    assert changed.reveal() == "postgresql://pouch_app:p%3A%40%2F%3Fw@db.example/a%2Fb"


def test_neither_passwords_nor_addresses_are_shown():
    passwords = new_passwords()
    values = {each.reveal() for each in (passwords.superuser, passwords.owner, passwords.app)}
    assert len(values) == 3
    assert min(map(len, values)) >= 43
    dsns = Dsns(superuser=passwords.superuser, owner=passwords.owner, app=passwords.app)
    assert not any(value in repr(shown) for value in values for shown in (passwords, dsns))
