"""Links between the pages lead somewhere: to a file that is there, and to a heading in it."""

import pytest
from fenced import DOCUMENTS, ROOT, anchors, links


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_resolve(document):
    for target in links(document):
        if target.startswith(("https://", "mailto:")):
            continue
        place, _, anchor = target.partition("#")
        found = (document.parent / place).resolve() if place else document
        assert found.exists(), f"{target} is not there"
        assert found.is_relative_to(ROOT), f"{target} leads out of the project"
        assert not anchor or anchor in anchors(found), f"{target}: no such heading"


def test_every_page_for_readers_is_linked_from_another():
    linked = {(page.parent / target.partition("#")[0]).resolve() for page in DOCUMENTS for target in links(page)}
    pages = {path for path in DOCUMENTS if path.parent == ROOT / "docs"}
    assert pages <= linked
