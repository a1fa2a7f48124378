"""What the pages name exists: commands with their options, make's verbs, metrics."""

import re
import shlex
from pathlib import Path

import click
import pytest
from fenced import DOCUMENTS, ROOT, blocks, quoted, shell_lines

from gateway.__main__ import main
from monitoring.metrics import FAMILIES
from sandbox.__main__ import COUNTERPARTS

MAKEFILE = (ROOT / "Makefile").read_text()

#: What a page writes in place of a value, and around what may be left out.
_VALUE = re.compile(r"\.\.\.")
_OPTIONAL = re.compile(r"[\[\]]")


def pouch_lines(document: Path) -> list[str]:
    """Every `pouch ...` of a page: in back quotes, and in shell and text blocks."""
    typed = [line for block in blocks(document, "sh", "text") for line in shell_lines(block.text)]
    typed += quoted(document)
    found = [re.search(r"(?:^|[\s/(])pouch((?: [^;`|&)]+)?)", line) for line in typed if "pouch " in line]
    words = [match[1].strip() for match in found if match and match[1]]
    return [line for line in words if not line.startswith("-")]  # `journalctl -u pouch -n 100`


def check_pouch(line: str) -> None:
    """Let click read a command's options; UsageError if it cannot, AssertionError for a command there is not."""
    words = shlex.split(_VALUE.sub("VALUE", _OPTIONAL.sub("", line)).partition("   ")[0])
    assert isinstance(main, click.Group)
    command = main.get_command(click.Context(main), words[0])
    assert command is not None, f"pouch has no command {words[0]}"
    if words[0] == "sandbox":  # a program of its own: it has other options
        assert words[1] in COUNTERPARTS
        return
    if isinstance(command, click.Group) and words[1:]:
        command = command.get_command(click.Context(command), words[1])
        assert command is not None, f"pouch {words[0]} has no command {words[1]}"
    command.make_parser(click.Context(command, info_name=words[0])).parse_args(words[1:])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_options_exist(document):
    for line in pouch_lines(document):
        try:
            check_pouch(line)
        except (click.UsageError, ValueError) as error:
            pytest.fail(f"pouch {line}: {error}")


def test_a_command_or_option_that_does_not_exist_would_be_noticed():
    with pytest.raises(AssertionError):
        check_pouch("launch")
    with pytest.raises(click.UsageError):
        check_pouch("serve --threads 2")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_verbs_of_make_exist(document):
    typed = [line for block in blocks(document, "sh", "text") for line in shell_lines(block.text)]
    typed += quoted(document)
    for line in typed:
        for verb in re.findall(r"^make ([a-z]+)", line):
            assert re.search(rf"^{verb}:", MAKEFILE, re.MULTILINE), f"make {verb}"


def test_metrics_exist():
    known = {name for family in FAMILIES for name in (family.name, *family.shown())}
    for document in DOCUMENTS:
        for name in re.findall(r"\bpouch_[a-z_]+", document.read_text()):
            assert name in known or name == "pouch_tests", f"{document.name}: {name}"
