"""Hand-written XML is what a parser and a canonicaliser would write."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.wire import markup, xml


def test_elements() -> None:
    assert markup.tag("A", "x<y&z>\r\n") == "<A>x&lt;y&amp;z&gt;&#xD;\n</A>"
    assert markup.tag("A", 17) == "<A>17</A>"
    assert markup.optional("A", None) == ""
    assert markup.optional("A", "") == "<A></A>"
    assert markup.optional("A", 0) == "<A>0</A>"
    assert markup.wrap("A", ("<B></B>", "", "<C></C>")) == "<A><B></B><C></C></A>"


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert markup.escape("a\x00b\x0b\ud800\ufffe\uffffc") == "a\ufffdb\ufffd\ufffd\ufffd\ufffdc"


@given(st.text())
def test_any_text_is_carried_in_canonical_form(text: str) -> None:
    written = markup.tag("A", text).encode()
    root = xml.parse(written)
    assert xml.canonical(root) == written
    assert len(xml.text_of(root)) == len(text)
