"""Where files come from: vendored and generated ones are what their catalogue says, none is copied from outside,
and the locks hold what the project declares.
"""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

#: Files of a catalogued folder that are not wares but its own furniture.
FURNITURE = {"__init__.py", "catalog.toml", "README.md"}


def catalogues(root: Path) -> list[Path]:
    return sorted(path for folder in ("schemas", "wsdl") for path in (root / folder).rglob("catalog.toml"))


def rows(catalogue: Path) -> list[dict[str, Any]]:
    tables = tomllib.loads(catalogue.read_text())
    return [row for table in tables.values() if isinstance(table, list) for row in table]


def test_catalogued_files_are_what_their_catalogue_says(root: Path) -> None:
    found = catalogues(root)
    assert {path.parent.name for path in found} >= {"schemas"}
    for catalogue in found:
        for row in rows(catalogue):
            assert {"file", "source", "date", "sha256"} <= set(row), f"{catalogue}: {row}"
            digest = hashlib.sha256((catalogue.parent / row["file"]).read_bytes()).hexdigest()
            assert digest == row["sha256"], f"{row['file']} is not the file that {catalogue} describes"


def test_every_schema_and_contract_is_catalogued(root: Path, tracked: list[Path]) -> None:
    listed = {(catalogue.parent / row["file"]).resolve() for catalogue in catalogues(root) for row in rows(catalogue)}
    wares = [
        path
        for path in tracked
        if path.relative_to(root).parts[0] in {"schemas", "wsdl"}
        and path.name not in FURNITURE
        and path.suffix in {".xsd", ".wsdl", ".json", ".csv", ".dtd"}
    ]
    assert [str(path.relative_to(root)) for path in wares if path.resolve() not in listed] == []


def test_nothing_is_copied_from_third_parties_material(root: Path, tracked: list[Path]) -> None:
    shared = root.parent / "shared"
    if not shared.is_dir():
        pytest.skip("../shared is not there")
    theirs = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("data", "vectors")
        for path in (shared / folder).rglob("*")
        if path.is_file() and path.stat().st_size > 1024
    }
    assert theirs
    ours = [path for path in tracked if path.name != "LICENSE"]  # that text is the same everywhere
    copied = [path for path in ours if hashlib.sha256(path.read_bytes()).hexdigest() in theirs]
    assert [str(path.relative_to(root)) for path in copied] == []


def pins(lock: Path) -> dict[str, tuple[Version, int]]:
    """{package: (version, how many hashes)} of a lock file."""
    found: dict[str, tuple[Version, int]] = {}
    name = ""
    for line in lock.read_text().splitlines():
        if start := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line):
            name = canonicalize_name(start[1])
            assert name not in found, f"{name} is locked twice"
            found[name] = (Version(start[2]), 0)
        elif re.match(r"\s+--hash=sha256:[0-9a-f]{64}", line):
            found[name] = (found[name][0], found[name][1] + 1)
    return found


def test_the_lock_pins_by_hash_what_the_project_declares(root: Path, project: dict[str, Any]) -> None:
    locked = pins(root / "requirements.lock")
    assert [name for name, (_, hashes) in locked.items() if not hashes] == []
    optional = project["project"]["optional-dependencies"]
    for text in [*project["project"]["dependencies"], *(text for extra in optional.values() for text in extra)]:
        wanted = Requirement(text)
        name = canonicalize_name(wanted.name)
        assert name in locked and wanted.specifier.contains(locked[name][0]), f"{text}: make lock"


def test_the_images_lock_is_the_same_without_test_tools(root: Path, project: dict[str, Any]) -> None:
    locked, slim = pins(root / "requirements.lock"), pins(root / "requirements.runtime.lock")
    assert {name: pin for name, pin in locked.items() if name in slim} == slim
    needed = {canonicalize_name(Requirement(text).name) for text in project["project"]["dependencies"]}
    assert needed | {"setuptools"} <= set(slim)
    assert not {"pytest", "mypy", "ruff", "hypothesis", "schemathesis"} & set(slim)


def test_no_registry_is_written_into_the_locks(root: Path) -> None:
    for lock in root.glob("requirements*.lock"):
        assert not re.search(r"^--|://", lock.read_text(), re.MULTILINE)


def test_the_licence_is_the_one_that_is_declared(root: Path, project: dict[str, Any]) -> None:
    assert project["project"]["license"] == "Apache-2.0"
    text = (root / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text
