"""What stands before the root of packaged XML: known document types are ignored, everything else is refused."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.wire import prologue, xml
from gateway.wire.prologue import bare, is_known_doctype

SEARCH_REPORT = b'<!DOCTYPE search-report PUBLIC "-//WIPO//DTD SEARCH REPORT 2.0//EN" "search-report-v2-0.dtd">'
ROOT = b"<search-report>\n<a/></search-report>"


def refusal(data: bytes, **limits: int) -> Reason:
    bounds = xml.XmlLimits(**{"size": 1 << 20, "tags": 2000, "attributes": 500, **limits})
    with pytest.raises(Refused) as caught:
        xml.parse_packaged(data, limits=bounds)
    return caught.value.reason


@pytest.mark.parametrize(
    ("public", "system"),
    [
        ("-//WIPO//DTD SEARCH REPORT 2.0//EN", "search-report-v2-0.dtd"),
        ("-//WIPO//DTD WO-FORM-RO 1.0//EN", "wo-form-ro-v1-0t.dtd"),
        ("-//WIPO//DTD PACKAGE DATA 1.7//EN", "https://www.wipo.int/dtds/package-data-v1-7.dtd"),
        ("-//EPO//EP PATENT DOCUMENT 1.0//EN", "ep-patent-document-v1-0.dtd"),
        (None, "us-patent-application-v44-2014-04-03.dtd"),
        (None, "..\\dtd\\pkgheader-v1-4.dtd"),
        ("-//WIPO//DTD PACKAGE DATA 1.7//EN", None),
        ("-//WIPO//DTD Sequence Listing 1.3//EN", "ST26SequenceListing_V1_3.dtd"),
    ],
)
def test_document_types_of_the_standards_are_known(public: str | None, system: str | None) -> None:
    assert is_known_doctype(public, system)


@pytest.mark.parametrize(
    ("public", "system"),
    [
        (None, None),
        (None, "file:///etc/passwd"),
        (None, "evil-v1-0.dtd"),
        ("-//W3C//DTD XHTML 1.0 Transitional//EN", "search-report-v2-0.dtd"),
        ("-//WIPO//DTD EVIL 1.0//EN", "search-report-v2-0.dtd"),
        ("-//EVIL//DTD SEARCH REPORT 2.0//EN", "search-report-v2-0.dtd"),
        ("-//WIPO//DTD SEARCH REPORT 2.0//EN", "file:///etc/passwd"),
        ("-//WIPO//DTD SEARCH REPORT 2.0//EN\n", None),
    ],
)
def test_others_are_not(public: str | None, system: str | None) -> None:
    assert not is_known_doctype(public, system)


def test_a_known_document_type_is_ignored_and_leaves_its_lines() -> None:
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->\n' + SEARCH_REPORT.replace(
        b" PUBLIC", b"\nPUBLIC"
    )
    root = xml.parse_packaged(head + b"\n" + ROOT)
    assert root.tag == "search-report"
    assert root.sourceline == 5
    assert root.getroottree().docinfo.doctype == ""


@pytest.mark.parametrize("head", [SEARCH_REPORT, b"<?pi here?>", b'<?xml-stylesheet href="http://x.invalid/a.xsl"?>'])
def test_what_packages_may_have_the_doors_refuse(head: bytes) -> None:
    assert xml.parse_packaged(head + ROOT).tag == "search-report"
    with pytest.raises(Refused) as caught:
        xml.parse(head + ROOT)
    assert caught.value.reason is Reason.DOCTYPE_FORBIDDEN


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b'<!DOCTYPE a SYSTEM "a.dtd">',
        b"<!DOCTYPE a>",
        SEARCH_REPORT.replace(b">", b' [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        SEARCH_REPORT.replace(b">", b" [%x;]>"),
        SEARCH_REPORT.replace(b"search-report-v2-0.dtd", b"x" * 600),
        b"<!DOCTYPE " + b"a" * 300 + b' SYSTEM "search-report-v2-0.dtd">',
        SEARCH_REPORT + SEARCH_REPORT,
        SEARCH_REPORT + b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b'<!-- - --><!DOCTYPE a [<!ENTITY x "y">]>',
        b'<?p ??><!DOCTYPE a [<!ENTITY x "y">]>',
        b"<!DOCTYPE",
        b"<!DOCTYPE a [" + b"<!ELEMENT a ANY>" * 10_000,
    ],
)
def test_other_document_types_are_refused(doctype: bytes) -> None:
    assert refusal(doctype + ROOT) in (Reason.DOCTYPE_FORBIDDEN, Reason.NOT_XML)


def test_an_empty_internal_subset_defines_nothing() -> None:
    assert xml.parse_packaged(SEARCH_REPORT.replace(b">", b" [ \n ]>") + ROOT).tag == "search-report"


def test_an_internal_subset_is_known_as_a_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    subset = b"\n<!ELEMENT toc (item+)>\n"
    known = (frozenset[tuple[str, str]](), frozenset({("toc", hashlib.sha256(subset).hexdigest())}))
    monkeypatch.setattr(prologue, "_catalogue", lambda: known)
    assert bare(b"<!DOCTYPE toc [" + subset + b"]><toc/>").content == b"\n\n<toc/>"
    assert bare(b"<!DOCTYPE toc [" + subset.replace(b"\n", b"\r\n") + b"]><toc/>").doctype
    for other in (subset + b" ", subset.replace(b"+", b"*")):
        with pytest.raises(Refused):
            bare(b"<!DOCTYPE toc [" + other + b"]><toc/>")
    with pytest.raises(Refused):
        bare(b"<!DOCTYPE tac [" + subset + b"]><tac/>")


def test_characters_that_the_type_would_name_are_known_and_only_there() -> None:
    body = b"<search-report>&eacute;&nbsp;<![CDATA[&eacute;]]><!--&eacute;-->&amp;</search-report>"
    root = xml.parse_packaged(SEARCH_REPORT + body)
    assert "".join(root.itertext("*")) == "é\xa0&eacute;&"
    assert refusal(body) is Reason.NOT_XML
    assert refusal(SEARCH_REPORT + b"<a>&unknown;</a>") is Reason.NOT_XML


def test_instructions_are_left_out_and_the_text_around_them_stays() -> None:
    root = xml.parse_packaged(b"<a>x<?in-line-formulae a?>y<b/>z<?p?>w<?q?></a>")
    assert (root.text, root[0].tail, len(root)) == ("xy", "zw", 1)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("ISO-8859-1", "é"),
        ("windows-1252", "é€"),
        ("Shift_JIS", "特許"),
        ("EUC-JP", "特許"),
        ("GB2312", "专利"),
        ("utf-8", "é特"),
    ],
)
def test_old_encodings_are_read_by_their_name(encoding: str, text: str) -> None:
    data = f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'.encode(encoding)
    assert xml.parse_packaged(data).text == text


def test_utf16_is_read_by_its_mark() -> None:
    known = '<!DOCTYPE pkgheader SYSTEM "pkgheader-v1-4.dtd">'
    document = f'<?xml version="1.0" encoding="UTF-16"?>{known}<pkgheader>é</pkgheader>'
    assert xml.parse_packaged(document.encode("utf-16")).text == "é"
    hidden = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    assert refusal(hidden.encode("utf-16")) is Reason.DOCTYPE_FORBIDDEN


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="UTF-7"?><a/>',
        b'<?xml version="1.0" encoding="cp037"?><a/>',
        b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
        '<?xml version="1.0" encoding="utf-8"?><a/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-8"?><a>\xff</a>',
        b'<?xml version="1.0" encoding="ascii"?><a>\xe9</a>',
        b'<?xml version="1.0" encoding="EUC-JP"?><a>\xff\xff</a>',
        b"\xff\xfe<",
        b'<?xml version="2.0"?><a/>',
        b"",
    ],
)
def test_lying_and_unknown_encodings_are_refused(data: bytes) -> None:
    assert refusal(data) is Reason.NOT_XML


def test_the_bounds_are_those_asked_for() -> None:
    assert refusal(b"<a>" + b" " * 100 + b"</a>", size=50) is Reason.BODY_TOO_LARGE
    assert refusal(b"<a>" + b"<b/>" * 100 + b"</a>", tags=50) is Reason.XML_LIMIT
    assert refusal(b"<a>" * 300 + b"</a>" * 300) is Reason.XML_LIMIT


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", SEARCH_REPORT, b'<?xml version="1.0"?>', b"<!DOCTYPE ", b"<!--", b"<?"]),
)
def test_anything_is_read_or_refused(data: bytes, head: bytes) -> None:
    try:
        xml.parse_packaged(head + data)
    except Refused as caught:
        assert caught.reason in {Reason.NOT_XML, Reason.DOCTYPE_FORBIDDEN, Reason.XML_LIMIT}
