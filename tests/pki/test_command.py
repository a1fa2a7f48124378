"""`python -m pki verify`: exit codes and what a person reads."""

import subprocess
import sys

import pytest

from pki import __main__ as command
from pki.keys import write_certificate


@pytest.fixture
def files(tmp_path, receipt, signer, stranger):
    (tmp_path / "receipt.xml").write_bytes(receipt)
    (tmp_path / "changed.xml").write_bytes(receipt.replace(b">XA<", b">XC<"))
    (tmp_path / "plain.xml").write_bytes(b"<a/>")
    write_certificate(tmp_path / "xa.pem", signer.certificate)
    write_certificate(tmp_path / "other.pem", stranger.certificate)
    (tmp_path / "not.pem").write_text("x")
    return tmp_path


AT = ["--at", "2026-11-22T09:00:00Z"]


@pytest.mark.parametrize(
    ("file", "pem", "code", "says"),
    [
        ("receipt.xml", "xa.pem", 0, "PASSED"),
        ("changed.xml", "xa.pem", 1, "HASH_FAILURE"),
        ("plain.xml", "xa.pem", 1, "NO_SIGNATURE"),
        ("receipt.xml", "other.pem", 3, "NO_CERTIFICATE_CHAIN_FOUND"),
        ("receipt.xml", None, 3, "--certificate"),
        ("changed.xml", None, 1, "HASH_FAILURE"),
    ],
)
def test_the_verdict_is_printed_and_is_the_exit_code(files, capsys, file, pem, code, says):
    options = [] if pem is None else ["--certificate", str(files / pem)]
    assert command.main(["verify", str(files / file), *AT, *options]) == code
    assert says in capsys.readouterr().out


def test_a_person_is_told_who_signed(files, capsys, signer):
    command.main(["verify", str(files / "receipt.xml"), *AT, "--certificate", str(files / "xa.pem")])
    printed = capsys.readouterr().out
    assert "CN=XA signer" in printed
    assert signer.thumbprint in printed
    assert "Receipt" in printed


def test_an_expired_certificate_cannot_be_told(files, capsys):
    options = ["--at", "2036-01-01T00:00:00+00:00", "--certificate", str(files / "xa.pem")]
    assert command.main(["verify", str(files / "receipt.xml"), *options]) == 3
    assert "--at" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["verify"],
        ["verify", "no-such-file"],
        ["sign", "x"],
        ["verify", "x", "--at", "noon"],
        ["verify", "x", "--at", "2026-01-01"],
    ],
)
def test_wrong_usage_is_2(capsys, arguments):
    assert command.main(arguments) == 2
    assert capsys.readouterr().err


def test_a_file_that_is_no_certificate_is_wrong_usage(files, capsys):
    assert command.main(["verify", str(files / "receipt.xml"), "--certificate", str(files / "not.pem")]) == 2
    assert "not.pem" in capsys.readouterr().err


def test_it_runs_alone_and_without_the_gateway(files):
    """As a program of its own; and nothing of the gateway is loaded for it."""
    probe = (
        "import sys, runpy; sys.argv = ['pki', 'verify', sys.argv[1], '--certificate', sys.argv[2], *sys.argv[3:]]\n"
        "try:\n    runpy.run_module('pki', run_name='__main__')\n"
        "except SystemExit as stop:\n    assert stop.code == 0, stop.code\n"
        "assert not {'gateway', 'aiohttp', 'asyncpg', 'zeep', 'msgspec'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, str(files / "receipt.xml"), str(files / "xa.pem"), *AT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "PASSED" in done.stdout
