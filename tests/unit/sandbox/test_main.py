"""`python -m sandbox`: one counterpart as a process of its own, from its JSON line to SIGTERM."""

import asyncio
import json
import os
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.__main__ import main


@pytest.fixture
def bureau_file(tmp_path):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "xa.pem").write_bytes(public.public_bytes(serialization.Encoding.PEM, form))
    file = tmp_path / "ib.toml"
    file.write_text('folder = "ib"\n[[office]]\ncode = "XA"\nclient_id = "xa"\ncertificate = "xa.pem"\n')
    return file


async def test_it_announces_itself_in_one_line_and_stops_on_a_signal(bureau_file):
    words = ["-m", "sandbox", "ib", "--config", str(bureau_file), "--hostile", "42"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        line = json.loads(await process.stdout.readline())
        assert line["listening"].startswith("http://127.0.0.1:") and line["seed"] == 42
    finally:
        process.terminate()
        rest, errors = await process.communicate()
    assert (process.returncode, rest, errors) == (0, b"", b"")


@pytest.mark.parametrize("supervised", [True, False])
async def test_one_that_is_part_of_something_ends_with_it(bureau_file, supervised):
    """By hand its standard input says nothing: a shell's job may have none."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "ib", "--config", str(bureau_file)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "POUCH_SUPERVISED": "1" if supervised else ""},
    )
    await process.stdout.readline()
    process.stdin.close()
    if not supervised:
        process.terminate()
        assert await process.wait() == 0
    else:
        assert await asyncio.wait_for(process.wait(), 60) == 0


def test_a_configuration_that_cannot_be_used_is_said_and_not_started(bureau_file, capsys):
    bureau_file.write_text('folder = "ib"\nsurprise = 1\n')
    assert main(["ib", "--config", str(bureau_file)]) == 1
    assert "surprise" in capsys.readouterr().err
    assert main(["ib", "--config", str(bureau_file.parent / "missing.toml")]) == 1


@pytest.mark.parametrize("words", [[], ["nobody"], ["ib"], ["ib", "--config"]])
def test_wrong_usage_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ib", "office"])
def test_help_shows_an_example_of_the_configuration(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert "example of a configuration" in capsys.readouterr().out
