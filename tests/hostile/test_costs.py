"""Files made to cost much: the confined process answers each, by a finding where its bound ended it, and goes on."""

from collections.abc import Iterator
from math import isnan

import pytest
from costly_files import COSTLY, SIZE
from costs import measure

from gateway.packages.confining import ConfinedInspector

#: MiB; what the kernel allows the process (gateway/packages/confined.py) and what is lost between its pages.
MEMORY_MOST = 50
CHOSEN = {
    "xml": ("elements", "namespaces of one", "namespaces nested", "named characters", "claims of ST.96", "text"),
    "zip": ("entries of XML", "archives inside", "index", "headers"),
}


@pytest.fixture(scope="module")
def inspector() -> Iterator[ConfinedInspector]:
    with ConfinedInspector() as made:
        yield made


@pytest.mark.parametrize("kind", CHOSEN)
def test_costly_files_stay_within_what_the_process_is_allowed(kind: str, inspector: ConfinedInspector) -> None:
    seen = set()
    for name, content in COSTLY[kind]():
        assert len(content) <= SIZE, name
        if name in CHOSEN[kind]:
            seen.add(name)
            cost = measure(inspector, name, content)
            assert isnan(cost.growth_mib) or cost.growth_mib <= MEMORY_MOST, cost
            assert cost.stopped is isnan(cost.seconds) or not cost.stopped, cost
    assert seen == set(CHOSEN[kind])


def test_what_was_stopped_is_told_and_the_next_is_examined(inspector: ConfinedInspector) -> None:
    endless = dict(COSTLY["zip"]())["archives inside"]
    assert measure(inspector, "archives inside", endless).stopped
    assert not measure(inspector, "small", b"<a/>").stopped
