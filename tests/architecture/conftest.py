"""The source tree as the architecture tests see it: every module of ours, parsed once."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "adapters", "pki", "monitoring", "sandbox", "schemas", "wsdl")


@dataclass(frozen=True)
class Import:
    """One imported module, in full, and the line where it stands."""

    module: str
    line: int


@dataclass(frozen=True)
class Source:
    """One of our modules: dotted name, path from the root, text."""

    name: str
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    def within(self, *names: str) -> bool:
        """Whether this is one of these modules, or below one of these packages."""
        return any(self.name == name or self.name.startswith(name + ".") for name in names)

    def imports(self) -> Iterator[Import]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{self.path}:{node.lineno}: imports are absolute here"
                yield Import(node.module or "", node.lineno)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Give every call whose function is a plain dotted name, with local names resolved to what they import."""
        names = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {
                    alias.asname or alias.name.partition(".")[0]: (alias.asname and alias.name)
                    or alias.name.partition(".")[0]
                    for alias in node.names
                }
            elif isinstance(node, ast.ImportFrom):
                names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                first, _, rest = _dotted(node.func).partition(".")
                yield ".".join(filter(None, (names.get(first, first), rest))), node.lineno


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return "?"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="session")
def sources() -> list[Source]:
    """Every Python module of ours outside tests."""
    found = []
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        relative = path.relative_to(ROOT)
        parts = relative.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Source(name, str(relative), path.read_text()))
    return found


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file under version control that is there, or every file where there is no repository (a release)."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
        return [path for path in paths if path.is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
