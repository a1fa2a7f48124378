"""Published attacks on XML parsers, as a message at our doors."""

from pathlib import Path

import pytest

from gateway.core.reason import Reason, Refused
from gateway.wire import xml

ATTACKS = Path(__file__).parents[3] / "shared" / "vectors" / "xml" / "attacks"
if not ATTACKS.exists():
    pytest.skip("the attack files are not here", allow_module_level=True)


@pytest.mark.parametrize("name", ["cyclic", "dtd", "external", "external_file", "quadratic", "xmlbomb", "xmlbomb2"])
def test_entity_attacks_are_refused_before_they_are_parsed(name: str) -> None:
    with pytest.raises(Refused) as caught:
        xml.parse((ATTACKS / "dos-defusedxml" / f"{name}.xml").read_bytes())
    assert caught.value.reason is Reason.DOCTYPE_FORBIDDEN


def test_harmless_file_is_parsed() -> None:
    assert len(xml.parse((ATTACKS / "dos-defusedxml" / "simple.xml").read_bytes()))


def test_harmless_file_with_an_instruction_is_refused_all_the_same() -> None:
    """A deviation on purpose: processing instructions have no business in a message, so none is looked at."""
    text = (ATTACKS / "dos-defusedxml" / "simple-ns.xml").read_bytes()
    with pytest.raises(Refused) as caught:
        xml.parse(text)
    assert caught.value.reason is Reason.DOCTYPE_FORBIDDEN
    assert len(xml.parse(text.replace(b"<?pi data?>", b"")))


def test_every_file_is_parsed_or_refused_with_a_reason() -> None:
    refused = {}
    for path in sorted(ATTACKS.rglob("*.xml")):
        try:
            xml.parse(path.read_bytes())
        except Refused as refusal:
            refused[path.name] = refusal.reason
    assert set(refused.values()) <= {Reason.DOCTYPE_FORBIDDEN, Reason.NOT_XML}
