"""The parser of the command line: no DOCTYPE in any encoding, no size without bound, no network."""

import pytest

from pki.document import DOCUMENT_MOST, parse
from pki.verdict import Refusal


def test_a_plain_document_is_parsed():
    root = parse(b'<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:a">\xc3\xb1 &amp; &#xf1;<b/></a>\n')
    assert root.tag == "{urn:a}a"
    assert root.text == "ñ & ñ"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_doctype_is_refused_in_any_encoding(encoding):
    text = '<?xml version="1.0" encoding="UTF-16"?>' if encoding != "utf-8" else ""
    document = f'{text}<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'.encode(encoding)
    with pytest.raises(Refusal, match="DOCTYPE"):
        parse(document)


def test_a_doctype_is_refused_before_the_parser_reads_it():
    with pytest.raises(Refusal, match="DOCTYPE"):
        parse(b"<!DOCTYPE a [ <!ENTITY " + b"x" * 1000)


@pytest.mark.parametrize(
    "document",
    [b"", b"<a>", b"<a/><b/>", b"<a/>x", b"<a>\x00</a>", b"<a>\xff</a>", b"<a>&undefined;</a>", b"<a b='1' b='2'/>"],
)
def test_what_is_not_well_formed_is_refused(document):
    with pytest.raises(Refusal, match="well-formed"):
        parse(document)


def test_size_and_depth_are_bounded():
    with pytest.raises(Refusal, match="larger"):
        parse(b"<a>" + b" " * DOCUMENT_MOST + b"</a>")
    with pytest.raises(Refusal, match="well-formed"):
        parse(b"<a>" * 100_000 + b"</a>" * 100_000)
