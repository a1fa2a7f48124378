"""The attack corpora through every reader, as they are and broken further; none costs too much."""

import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "hostile"))

from breaking import BREAKING
from costs import measure
from readers_under_test import READERS, watched

from gateway.packages.confining import ConfinedInspector

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
if not VECTORS.exists():
    pytest.skip("the attack files are not here", allow_module_level=True)

KINDS = ["xml", "zip"]
MUTANTS = 4


def files(kind: str) -> list[Path]:
    found = sorted(path for path in (VECTORS / kind).rglob("*") if path.is_file() and path.stat().st_size < 1_000_000)
    assert len(found) > 20
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_and_their_mutants_are_refused_reported_or_judged(kind: str) -> None:
    chance = random.Random(kind)
    for path in files(kind):
        content = path.read_bytes()
        for file in (content, *(BREAKING[kind](content, chance) for _ in range(MUTANTS))):
            with watched() as seen:
                READERS[kind](file)
            assert seen == [], path


@pytest.mark.parametrize("kind", KINDS)
def test_no_vector_is_stopped_by_the_bounds(kind: str) -> None:
    with ConfinedInspector() as inspector:
        assert [path for path in files(kind) if measure(inspector, path.name, path.read_bytes()).stopped] == []
