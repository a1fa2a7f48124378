"""Broken files by hypothesis, and every file that a coverage-guided run ever found: readers refuse, report or judge."""

import random
import socket
from pathlib import Path

import pytest
from breaking import BREAKING
from honest_files import GOLDEN, honest_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers_under_test import READERS, watched
from signed_things import BEGUN

from pki.certificates import issue_signer
from pki.keys import generate_key

#: cryptography says so of certificates that it reads all the same.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Attribute's length must be:UserWarning"),
    pytest.mark.filterwarnings("ignore:Parsed a serial number:UserWarning"),
    pytest.mark.filterwarnings("ignore:The parsed certificate:UserWarning"),
]

KINDS = sorted(BREAKING)
EXAMPLES = 150
FILES = {kind: honest_files(kind, issue_signer("XA", key=generate_key("P-256"), now=BEGUN)) for kind in KINDS}


@st.composite
def broken(draw: st.DrawFn, kind: str) -> bytes:
    """An honest file of a kind, broken one to six times."""
    file = draw(st.sampled_from(FILES[kind]))
    chance = draw(st.randoms(use_true_random=False))
    for _ in range(draw(st.integers(1, 6))):
        file = BREAKING[kind](file, chance)
    return file


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(drawn=st.data())
def test_broken_files_are_refused_reported_or_judged(kind: str, drawn: st.DataObject) -> None:
    file = drawn.draw(broken(kind))
    with watched() as seen:
        READERS[kind](file)
    assert seen == []


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(file=st.binary(max_size=2000))
def test_bytes_of_no_form_are_refused_reported_or_judged(kind: str, file: bytes) -> None:
    with watched() as seen:
        READERS[kind](file)
    assert seen == []


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_found_once_stay_harmless(path: Path) -> None:
    with watched() as seen:
        READERS[path.parent.name](path.read_bytes())
    assert seen == []


@pytest.mark.parametrize("kind", KINDS)
def test_honest_files_are_what_the_breaking_begins_with(kind: str) -> None:
    """Each breaking changes something, and some of what it makes still passes its reader's first checks."""
    chance = random.Random(kind)
    for file in FILES[kind]:
        assert any(BREAKING[kind](file, chance) != file for _ in range(20))
        READERS[kind](file)


def test_the_watch_sees_what_no_reader_may_do(tmp_path: Path) -> None:
    with watched() as seen:
        Path("/dev/null").open("w").close()
        with socket.socket() as opened:
            opened.connect_ex(("127.0.0.1", 9))
        (tmp_path / "work").write_bytes(b"")
    assert len(seen) == 2, seen
    assert "/dev/null" in seen[0] and seen[1].startswith("socket.connect")
