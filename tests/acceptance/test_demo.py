"""The story as a test: `pouch demo --once` on an empty machine, once for all tests here."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The run: the folder it was given, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    run = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", "--once", "--json", "--data", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return folder, run


@pytest.fixture(scope="module")
def steps(demo):
    _, run = demo
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(run.stdout)
    assert told["verified"] is True
    return {step["step"]: "\n".join(step["checks"]) for step in told["steps"]}


def test_every_step_is_played_and_verified(steps):
    assert list(steps) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(steps.values())


@pytest.mark.parametrize(
    ("step", "checks"),
    [
        (1, ["the receipt is signed by gateway XA", "SHA-256 of each document", "and that they are held"]),
        (2, ["the Bureau has not been called at all", "still held", "released by the agreement's standing rule"]),
        (3, ["hosting: office", "hosting: bureau", "drawn by gateway XA", "mailed to the applicant", "certificate"]),
        (4, ["asked XA's DAS-shaped door once", "XA was notified at its endpoint", "XB has no endpoint"]),
        (5, ["lost on the way", "two user documents for two hand-overs", "passed over", "neither opened nor closed"]),
        (6, ["signed by gateway XB", "byte for byte", "do not come again", "took it from its library"]),
        (7, ["told: changed", "versions of one exchange", "withdrawn, with the reason", "the same receipt"]),
        (7, ["refused: obtain: 5008", "held for a person", "the stop is lifted", "no expected code in 5 logs"]),
        (8, ["the dossier of XA holds", "the dossier of XB holds", "no access code is in it", "the change is found"]),
        (8, ["witnessed by 'xb.pouch.example/witness'"]),
    ],
)
def test_what_was_checked(steps, step, checks):
    assert [check for check in checks if check not in steps[step]] == []


def test_the_timeline_says_who_called_whom(demo, steps):
    _, run = demo
    for line in (
        "XA's system → gateway XA",
        "gateway XA → Bureau",
        "Bureau → gateway XA",
        "gateway XB → IPAS of XB",
        "SOAP 1.1 by zeep",
        "as an MTOM part",
        "anybody → xb-dossier.zip",
        "The story is told",
    ):
        assert line in run.stderr


def test_the_run_has_a_folder_of_its_own_and_no_program_is_left(demo, steps):
    folder, _ = demo
    assert [run.name[:2] for run in folder.iterdir()] == ["20"]
    running = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(folder).encode() in read(path)]
    assert running == [] and list(folder.rglob("postmaster.pid")) == []


@pytest.mark.debian("xmlsec1")
@pytest.mark.parametrize("office", ["xa", "xb"])
def test_the_dossiers_verify_by_the_auditors_recipe_too(demo, steps, office, tmp_path):
    """With notifications, and SOAP 1.2; time-stamps have a test of their own (integration/dossier/test_recipe.py)."""
    folder, _ = demo
    [run] = folder.iterdir()
    given = {
        "dossier.zip": run / "dossiers" / f"{office}-dossier.zip",
        "office-signing.pem": run / office / "keys" / "signing.pem",
        "sender.pem": run / office / "keys" / "system.pem",
        "ledger.vkey": run / office / "keys" / "ledger.vkey",
    }
    for name, file in given.items():
        shutil.copyfile(file, tmp_path / name)
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    whole, soap, _ = (
        block for block in RECIPE.findall((ROOT / "docs" / "auditors.md").read_text()) if "dossier" in block
    )
    said = typed(whole, tmp_path)
    assert "All of this holds." in said and said.count("SignedInfo References (ok/all): 1/1") >= 7
    if office == "xa":
        soap_12 = soap.replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
        assert typed(soap_12, tmp_path).count("SignedInfo References (ok/all): 2/2") == 1


def typed(text, place):
    words = ["bash", "-e", "-o", "pipefail", "-c", text]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def read(path):
    try:
        return path.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""
