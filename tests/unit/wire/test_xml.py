"""The parser's refusals, one per attack of the hostile cases A and D, and that good messages pass untouched."""

import base64
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.core.reason import Reason, Refused
from gateway.wire import xml

GOOD = b'<a xmlns="urn:x"><b c="1">text</b></a>'


def refused(data: bytes, **limits: int) -> Reason:
    bounds = xml.XmlLimits(**{"size": 1 << 20, "tags": 2000, "attributes": 500, **limits})
    with pytest.raises(Refused) as caught:
        xml.parse(data, limits=bounds)
    return caught.value.reason


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xef\xbb\xbf",
        b'<?xml version="1.0"?>',
        b'<?xml version="1.0" encoding="UTF-8"?>\r\n',
        b"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>',
    ],
)
def test_utf8_with_and_without_mark_and_declaration_is_taken(head: bytes) -> None:
    assert xml.parse(head + GOOD).tag == "{urn:x}a"


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://192.0.2.1/">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/p.dtd">%p;]><a/>',
        b'<!DOCTYPE a [<!ENTITY x "lol"><!ENTITY y "&x;&x;">]><a>&y;</a>',
        b"<!DOCTYPE a><a/>",
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- c --><!DOCTYPE a><a/>',
        b'<?xml-stylesheet href="http://192.0.2.1/x.xsl"?><a/>',
        b'<?xml version="1.0"?><?php x?><a/>',
        b"<a><?pi in the middle?></a>",
        b"<a/><?pi at the end?>",
    ],
)
def test_doctype_and_processing_instructions_are_refused(data: bytes) -> None:
    assert refused(data) is Reason.DOCTYPE_FORBIDDEN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"not xml",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a/>trailing",
        b"<a/>\x00",
        b"<a>\x00</a>",
        b"<a>\x01</a>",
        b"<a>&#1;</a>",
        b"<a>&undefined;</a>",
        b"<a b='1' b='2'/>",
        b"<x:a/>",
        b"<a>\xc0\x80</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\xff</a>",
        b"\xef\xbb\xbf\xef\xbb\xbf<a/>",
        GOOD.decode().encode("utf-16"),
        GOOD.decode().encode("utf-16-be"),
        GOOD.decode().encode("utf-32"),
        GOOD.decode().encode("cp037"),
        b'<?xml version="1.0" encoding="UTF-16"?><a/>',
        b'<?xml version="1.0" encoding="utf-7"?>+ADw-a/+AD4-',
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>',
        b'<?xml version="1.1"?><a/>',
        b'<?xml encoding="UTF-8"?><a/>',
        b"<?xml?><a/>",
        b" <a/>".replace(b" ", b"\x0b"),
    ],
)
def test_what_is_not_xml_in_utf8_is_refused(data: bytes) -> None:
    assert refused(data) is Reason.NOT_XML


def test_late_declaration_is_refused() -> None:
    assert refused(b' <?xml version="1.0"?><a/>') is Reason.DOCTYPE_FORBIDDEN


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * 300 + b"</a>" * 300,
        b"<r>" + b"<a/>" * 3000 + b"</r>",
        b"<a " + b" ".join(b'b%d="1"' % n for n in range(600)) + b"/>",
        b"<a " + b" ".join(b"xmlns:b%d = 'urn:%d'" % (n, n) for n in range(600)) + b"/>",
        b"<" + b"a" * 60_000 + b"/>",
    ],
)
def test_bounds_hold(data: bytes) -> None:
    assert refused(data) is Reason.XML_LIMIT


def test_size_is_bounded_before_anything_else() -> None:
    assert refused(b"<!DOCTYPE a>" + b" " * 100, size=50) is Reason.BODY_TOO_LARGE


def test_four_mebibytes_inline_with_line_breaks_pass_the_door() -> None:
    inline = base64.encodebytes(bytes(4 * 1024 * 1024))
    root = xml.parse(b"<a><b>" + inline + b"</b></a>")
    assert len(root[0].text or "") == len(inline)


def test_nothing_of_the_message_is_in_the_refusal() -> None:
    with pytest.raises(Refused) as caught:
        xml.parse(b"<AccessCode>B8D0</AccessKode>")
    assert "B8D0" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.value.place == "line 1, column 30"


def test_schema_location_and_xinclude_are_only_text() -> None:
    data = (
        b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x file:///etc/passwd">'
        b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></a>'
    )
    assert b"root:" not in etree.tostring(xml.parse(data))


def test_comment_inside_a_text_is_refused_and_cdata_is_joined() -> None:
    cut = xml.parse(b"<d><id>AB<!-- -->CD</id></d>")[0]
    with pytest.raises(Refused) as caught:
        xml.text_of(cut)
    assert (caught.value.reason, caught.value.place) == (Reason.SCHEMA_VIOLATION, "/d/id")
    assert xml.text_of(xml.parse(b"<id>AB<![CDATA[CD]]>EF</id>")) == "ABCDEF"
    assert xml.text_of(xml.parse(b"<id/>")) == ""
    assert xml.token_of(xml.parse(b"<d>\n 2024-01-02\t</d>")) == "2024-01-02"


def test_names() -> None:
    root = xml.parse(b'<p:a xmlns:p="urn:p"><b/><!--c--></p:a>')
    assert (xml.local_name(root), xml.namespace_of(root)) == ("a", "urn:p")
    assert (xml.local_name(root[0]), xml.namespace_of(root[0])) == ("b", "")
    assert (xml.local_name(root[1]), xml.namespace_of(root[1])) == ("", "")


def test_places_count_siblings_of_one_name_and_are_bounded() -> None:
    root = xml.parse(b"<a><b/><c><d/></c><b><d/><e/><d/></b></a>")
    assert xml.place_of(root) == "/a"
    assert xml.place_of(root[1][0]) == "/a/c/d"
    assert xml.place_of(root[2][2]) == "/a/b[2]/d[2]"
    long = xml.parse(b"<" + b"a" * 9000 + b"/>")
    assert xml.place_of(long) == "/" + "a" * 64
    deep = xml.parse(b"<abcdef>" * 200 + b"</abcdef>" * 200)
    innermost = list(deep.iter())[-1]
    assert len(xml.place_of(innermost)) == 401


def test_canonical_form_is_exclusive_without_comments_and_tail() -> None:
    root = xml.parse(b"<p:a xmlns:p='urn:p' xmlns:q='urn:q'> <q:b z='1' a=\"2\"/><!-- c -->tail<c/></p:a>")
    assert xml.canonical(root[0]) == b'<q:b xmlns:q="urn:q" a="2" z="1"></q:b>'
    assert xml.canonical(root) == (b'<p:a xmlns:p="urn:p"> <q:b xmlns:q="urn:q" a="2" z="1"></q:b>tail<c></c></p:a>')


def test_one_parser_serves_threads() -> None:
    wrong: list[int] = []

    def read(number: int) -> None:
        for _ in range(50):
            if xml.parse(b"<a>%d</a>" % number).text != str(number):
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@given(st.binary(max_size=300))
def test_random_bytes_are_parsed_or_refused(data: bytes) -> None:
    try:
        xml.parse(data)
    except Refused as refusal:
        assert refusal.reason in (Reason.NOT_XML, Reason.DOCTYPE_FORBIDDEN, Reason.XML_LIMIT)


@given(st.text(alphabet="<>!?a &;#x'\"=/-[]CDATA\n", max_size=80))
def test_random_markup_is_parsed_or_refused(text: str) -> None:
    try:
        root = xml.parse(text.encode())
    except Refused:
        return
    assert xml.canonical(root).startswith(b"<")
