"""The server's settings: what must hold whatever else is set, and values that cannot break out of their quotes."""

import pytest

from gateway.store.embedded_settings import ACCESS, render_settings


@pytest.mark.parametrize(
    "line",
    [
        "listen_addresses = ''",
        "fsync = 'on'",
        "synchronous_commit = 'on'",
        "password_encryption = 'scram-sha-256'",
        "log_statement = 'none'",
        "log_parameter_max_length_on_error = '0'",
    ],
)
def test_the_server_is_durable_private_and_silent(line):
    assert line in render_settings({}).splitlines()


def test_own_settings_replace_ours_once():
    lines = render_settings({"max_connections": "7"}).splitlines()
    assert [line for line in lines if line.startswith("max_connections")] == ["max_connections = '7'"]


def test_a_value_stays_within_its_quotes():
    assert "x = 'a''" in render_settings({"x": "a'b"})


def test_every_way_in_asks_for_a_password():
    assert all(line.split()[0] == "local" and line.split()[-1] == "scram-sha-256" for line in ACCESS.splitlines())
