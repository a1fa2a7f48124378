"""adapters/README.md, "Add an office in five steps": carried out in a copy, and what it names is there."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from contract_subjects import ROOT

from gateway.core.errand import Errand
from gateway.ports import AdapterKit
from gateway.settings import AgreementSettings, CounterpartSettings

README = (ROOT / "adapters" / "README.md").read_text()
#: What the copy needs beside the template; everything else comes from the installed packages.
NEEDED = ("adapters/__init__.py", "adapters/_skeleton", "tests/contract", "pyproject.toml")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def five_steps(tmp_path_factory):
    """A copy of the tree in which the commands of the README were run; gives it and the last command's output."""
    tree = tmp_path_factory.mktemp("five-steps")
    for name in NEEDED:
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns(
                "__pycache__", "subject_das*", "subject_ipas*", "das_examples", "test_das*"
            )
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for commands in blocks("sh"):
        done = subprocess.run(
            ["sh", "-e", "-c", commands], cwd=tree, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return tree, done.stdout


def test_the_steps_lead_to_an_adapter_that_keeps_the_contract(five_steps):
    _, said = five_steps
    assert re.search(r"\b[1-9]\d* passed", said)
    assert "failed" not in said and "skipped" not in said


def test_nothing_of_the_template_is_left_in_the_copy(five_steps):
    tree, _ = five_steps
    copied = [*(tree / "adapters" / "mars").glob("*.py"), tree / "tests" / "contract" / "subject_mars.py"]
    assert len(copied) > 6
    assert [file.name for file in copied if re.search("skeleton", file.read_text(), re.IGNORECASE)] == []


def test_the_settings_of_the_steps_are_settings():
    entry_points, settings = (tomllib.loads(block) for block in blocks("toml"))
    assert entry_points["project"]["entry-points"]["gateway.adapters"] == {"mars": "adapters.mars:adapter"}
    read = {Path: lambda text: Path(text)}
    (connection,) = settings["counterpart"]
    (agreement,) = settings["agreement"]
    hook = {"dec_hook": lambda wanted, text: read[wanted](text)}
    assert msgspec.convert(connection, CounterpartSettings, **hook).adapter == "mars"
    assert msgspec.convert(agreement, AgreementSettings).adapter == "mars"


def test_there_are_five_steps_and_all_that_they_name_is_there():
    assert re.findall(r"^### (\d)\. ", README, re.MULTILINE) == list("12345")
    named = {name for name in re.findall(r"`([a-z_]+(?:/[a-z_.]+)+)`", README) if "mars" not in name}
    assert len(named) > 3
    for name in named:
        places = (ROOT / name, ROOT / "adapters" / name)
        assert any(place.exists() for place in places), name
    for name in re.findall(r"`(\w+\.py)`", README):
        assert "mars" in name or (ROOT / "adapters" / "_skeleton" / name).exists(), name


def test_every_adapter_and_every_part_of_the_kit_is_in_the_tables():
    folders = {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}
    assert folders <= set(re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE))
    rows = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    assert {part for part in AdapterKit.__dataclass_fields__ if f"`{part}" not in rows} == set()
    assert len(Errand.__args__) == 8  # registers, corrects, replaces, withdraws, obtains, looks, hands over, answers
