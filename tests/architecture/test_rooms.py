"""Small rooms with honest names: file sizes, docstrings, public names, and words that say nothing."""

import ast
import re
from pathlib import Path
from typing import Any

#: Lines a file may have. What is longer is split by duty, or stands here with its reason.
LIMIT = 400
LONGER: dict[str, str] = {}

#: Words that could name anything, and so name nothing.
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "service", "data", "info", "misc", "stuff"}


#: Names that others have given: the level of a log, an element of XML signatures.
GIVEN = re.compile(r"^info$|x509_data")


def words(name: str) -> set[str]:
    """Split snake_case and CamelCase."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return {word.lower() for word in spaced.split("_") if word}


def test_no_file_is_longer_than_a_person_keeps_in_mind(sources: list[Any]) -> None:
    long = {source.path: source.text.count("\n") for source in sources if source.text.count("\n") > LIMIT}
    assert {path: lines for path, lines in long.items() if path not in LONGER} == {}
    assert set(LONGER) <= set(long), "an exemption that is no longer needed"


def test_names_say_what_a_thing_is(sources: list[Any]) -> None:
    empty = []
    for source in sources:
        names = [(part, 1) for part in source.name.split(".")]
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.append((node.name, node.lineno))
        empty += [f"{source.path}:{line}: {name}" for name, line in names if words(GIVEN.sub("", name)) & EMPTY_WORDS]
    assert empty == []


def test_words_are_split_as_people_read_them() -> None:
    assert words("OfficeManager") == {"office", "manager"}
    assert words("HTTPService_data") == {"http", "service", "data"}
    assert words("metadata_information") == {"metadata", "information"}


def test_every_module_says_its_duty(sources: list[Any]) -> None:
    silent = [source.path for source in sources if source.text.strip() and not ast.get_docstring(source.tree)]
    assert silent == []


def test_modules_say_what_is_public(sources: list[Any]) -> None:
    """Commands are found by the command line, and a package's `__main__` is run, not imported."""
    closed = []
    for source in sources:
        if source.package == "sandbox" or source.within("gateway.commands") or source.name.endswith("__main__"):
            continue
        names = {
            target.id
            for node in source.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        public = [
            node.name
            for node in source.tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
        ]
        if public and "__all__" not in names:
            closed.append(source.path)
    assert closed == []


def test_nothing_is_left_for_later(sources: list[Any]) -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|\bplaceholder\b|not (yet )?implemented", re.IGNORECASE)
    left = [
        f"{source.path}:{number}"
        for source in sources
        for number, line in enumerate(source.text.splitlines(), 1)
        if marks.search(line)
    ]
    assert left == []


def test_no_path_of_a_developers_machine_is_in_the_tree(tracked: list[Path], root: Path) -> None:
    machine = re.compile(rb"/(?:work|farm|root|home/[a-z]+)/[a-z.]")
    found = [
        str(path.relative_to(root)) for path in tracked if path.suffix != ".lock" and machine.search(path.read_bytes())
    ]
    assert [path for path in found if path != str(Path(__file__).relative_to(root))] == []
