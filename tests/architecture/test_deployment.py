"""Image, compose file and systemd unit name only what exists: paths, commands, options, ports, settings, users.

No engine is at hand when tests run, so each file is read and compared with the project.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
import yaml

from gateway import settings as settings_module
from gateway.__main__ import main as pouch

UNIT = "monitoring/pouch.service"
DEPLOYMENT = ("Dockerfile", "compose.yaml", UNIT, "monitoring/prometheus.yml")


def port(listen: str) -> int:
    return int(listen.rpartition(":")[2])


FRONT_DOOR = port(settings_module.FrontDoorSettings().listen)
OPS = port(settings_module.OpsSettings().listen)


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> list[tuple[str, str]]:
    """(instruction, rest) of each line, continuations joined, comments left out."""
    text = re.sub(r"\\\n", " ", (root / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], " ".join(line.split()[1:])) for line in lines]


@pytest.fixture(scope="module")
def compose(root: Path) -> Any:
    return yaml.safe_load((root / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def unit(root: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (root / UNIT).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            found.setdefault(line.partition("=")[0], []).append(line.partition("=")[2])
    return found


def check_command(words: list[str]) -> None:
    """Let click itself read the words of a `pouch` command as far as its options go; UsageError if it cannot."""
    assert isinstance(pouch, click.Group)
    command = pouch.get_command(click.Context(pouch), words[0])
    assert command is not None, f"pouch has no command {words[0]}"
    context = click.Context(command, info_name=words[0])
    command.make_parser(context).parse_args(words[1:])


def all_commands(root: Path) -> list[str]:
    """Every `pouch ...` that stands anywhere in the deployment files, comments included."""
    text = "\n".join((root / name).read_text() for name in DEPLOYMENT)
    shell = re.findall(r"(?:bin/|run --rm --no-deps )(?:pouch|gateway) ([a-z]+(?: [^\s#&]+)*)", text)
    lists = [
        " ".join(json.loads(found))
        for found in re.findall(r'(?:command: |^CMD )(\["[a-z]+", "-c".*\])', text, re.MULTILINE)
    ]
    return shell + lists


def test_every_command_and_option_exists(root: Path) -> None:
    commands = all_commands(root)
    assert {command.split()[0] for command in commands} == {"init", "migrate", "serve"}
    for command in commands:
        check_command(shlex.split(command))


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        check_command(["launch"])
    with pytest.raises(click.UsageError):
        check_command(["serve", "--threads", "2"])


def test_what_the_image_copies_is_there_and_is_all_of_ours(
    dockerfile: list[tuple[str, str]], root: Path, project: dict[str, Any]
) -> None:
    copied = [
        word for name, rest in dockerfile if name == "COPY" and "--from" not in rest for word in rest.split()[:-1]
    ]
    assert [path for path in copied if not (root / path).exists()] == []
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= set(copied)
    assert project["project"]["readme"] in copied


def test_the_image_installs_by_hash_and_runs_as_nobody_special(dockerfile: list[tuple[str, str]]) -> None:
    runs = [rest for name, rest in dockerfile if name == "RUN"]
    installs = [run for run in runs if "pip install" in run]
    assert all("--require-hashes" in run or "--no-deps --no-build-isolation" in run for run in installs)
    last_stage = dockerfile[max(place for place, (name, _) in enumerate(dockerfile) if name == "FROM") :]
    [user] = [rest for name, rest in last_stage if name == "USER"]
    assert user not in {"root", "0"} and any(f" {user}" in rest for name, rest in last_stage if name == "RUN")
    images = {rest.split()[0] for name, rest in dockerfile if name == "FROM"}
    assert len(images) == 1, "built with another Python than it runs with"


def test_the_image_runs_a_python_that_we_support(dockerfile: list[tuple[str, str]], project: dict[str, Any]) -> None:
    [(major, minor)] = {re.findall(r"python:(\d+)\.(\d+)", rest)[0] for name, rest in dockerfile if name == "FROM"}
    low, high = re.findall(r"\d+", project["project"]["requires-python"])[:2]
    assert (int(major), int(minor)) >= (int(low), int(high))


def test_ports_are_the_defaults_of_the_settings(dockerfile: list[tuple[str, str]], compose: Any, root: Path) -> None:
    [exposed] = [rest for name, rest in dockerfile if name == "EXPOSE"]
    assert exposed.split() == [str(FRONT_DOOR), str(OPS)]
    [health] = [rest for name, rest in dockerfile if name == "HEALTHCHECK"]
    assert f":{OPS}/healthz" in health
    assert compose["services"]["gateway"]["ports"] == [f"{FRONT_DOOR}:{FRONT_DOOR}"], "the ops port stays inside"
    prometheus = yaml.safe_load((root / "monitoring/prometheus.yml").read_text())
    assert prometheus["scrape_configs"][0]["static_configs"][0]["targets"] == [f"gateway:{OPS}"]
    for name in DEPLOYMENT:
        for number in re.findall(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|gateway):(\d+)", (root / name).read_text()):
            assert int(number) in {FRONT_DOOR, OPS, 9090}, f"{name} names port {number}"


def test_services_and_volumes_fit_together(compose: Any, root: Path) -> None:
    services = compose["services"]
    assert set(services) == {"database", "migrate", "gateway", "prometheus"}
    for service in services.values():
        assert set(service.get("depends_on", [])) <= set(services)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and source != "./office":  # made by `pouch init`
                assert (root / source).is_file(), source
            elif not source.startswith("./"):
                assert source in compose["volumes"]
    assert services["gateway"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert int(re.findall(r"postgres:(\d+)", services["database"]["image"])[0]) >= 15
    assert "@database:5432/" in services["gateway"]["environment"]["POUCH_DATABASE_DSN"]
    prometheus = yaml.safe_load((root / "monitoring/prometheus.yml").read_text())
    mounted = {volume.split(":")[1] for volume in services["prometheus"]["volumes"]}
    assert {f"/etc/prometheus/{name}" for name in prometheus["rule_files"]} <= mounted


def test_no_password_is_written_down(compose: Any) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "DSN" in name:
                assert "${POUCH_DATABASE_PASSWORD:?" in value


def test_environment_variables_are_ones_the_settings_read(root: Path) -> None:
    text = "\n".join((root / name).read_text() for name in DEPLOYMENT)
    named = set(re.findall(r"\b(POUCH_[A-Z_]+)\b", text))
    of_compose = {"POUCH_DATABASE_PASSWORD", "POUCH_UID", "POUCH_GID"}
    assert named - of_compose == {"POUCH_DATABASE_DSN"}
    assert "POUCH_DATABASE_DSN" in Path(settings_module.__file__).read_text()


def test_settings_that_are_named_exist(root: Path) -> None:
    tables = {"gateway": settings_module.GatewaySettings, "front_door": settings_module.FrontDoorSettings,
              "ops": settings_module.OpsSettings, "database": settings_module.DatabaseSettings}  # fmt: skip
    text = "\n".join((root / name).read_text() for name in DEPLOYMENT)
    named = re.findall(r"\[(\w+)\] (\w+ = \"[^\"]*\")", text)
    assert {table for table, _ in named} == {"front_door", "gateway"}
    for table, line in named:
        [key] = tomllib.loads(line)
        assert key in {field.name for field in msgspec.structs.fields(tables[table])}


def test_the_unit_runs_one_program_from_one_place(unit: dict[str, list[str]]) -> None:
    started = unit["ExecStart"] + unit["ExecStartPre"]
    assert {line.split()[0] for line in started} == {"/opt/pouch/bin/pouch"}
    assert {word for line in started for word in line.split() if word.endswith(".toml")} == {"/etc/pouch/pouch.toml"}
    assert unit["User"] == ["pouch"] and unit["NoNewPrivileges"] == ["yes"]


@pytest.mark.debian("systemd")
def test_systemd_takes_the_unit(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "pouch.service"
    program = shutil.which("true")
    copy.write_text((root / UNIT).read_text().replace("/opt/pouch/bin/pouch", str(program)))
    run = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    ours = [line for line in run.stderr.splitlines() if "pouch.service" in line]
    assert (run.returncode, ours) == (0, [])


def test_an_installed_pouch_has_every_file_of_the_tree(root: Path, tmp_path: Path, project: dict[str, Any]) -> None:
    """An editable install hides what the image would lack: a folder without __init__, a file without its pattern."""
    packages = [name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    source, built = tmp_path / "source", tmp_path / "built"
    for package in packages:
        shutil.copytree(root / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", source)
    (source / project["project"]["readme"]).touch()
    build = [sys.executable, "-W", "ignore", "-c", "import setuptools; setuptools.setup()", "--quiet", "build_py"]
    subprocess.run([*build, "--build-lib", built], cwd=source, check=True, capture_output=True)
    files = [
        path.relative_to(source) for package in packages for path in (source / package).rglob("*") if path.is_file()
    ]
    assert [str(path) for path in files if not (built / path).is_file() and path.suffix != ".pyc"] == []
