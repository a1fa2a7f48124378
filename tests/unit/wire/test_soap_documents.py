"""The list of documents: one way for each, nothing fetched, base64 taken strictly."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.wire import xml
from gateway.wire.soap_documents import INLINE_LIMIT, decode_base64, part_names, read_documents

XOP = "http://www.w3.org/2004/08/xop/include"


def document(content_id: str, content: str | None = None) -> str:
    inner = "" if content is None else f"<Content>{content}</Content>"
    return (
        f"<Document><ContentId>{content_id}</ContentId><Size>1</Size><Sha256>{'0' * 64}</Sha256>"
        f"<Role>supplement</Role><MediaType>a/b</MediaType>{inner}</Document>"
    )


def include(href: str, inner: str = "") -> str:
    return f'<x:Include xmlns:x="{XOP}" href="{href}">{inner}</x:Include>'


def documents(*texts: str):
    return xml.parse(f'<Documents xmlns="urn:pouch:exchange:1">{"".join(texts)}</Documents>'.encode())


def refusal(*texts: str) -> tuple[Reason, str | None]:
    with pytest.raises(Refused) as caught:
        read_documents(documents(*texts))
    return caught.value.reason, caught.value.place


def test_three_ways_to_come() -> None:
    listed = read_documents(
        documents(document("a", "QU\r\n JD"), document("b", include("cid:b")), "<!-- c -->", document("c"))
    )
    assert [(line.content_id, line.content) for line in listed] == [("a", b"ABC"), ("b", None), ("c", None)]
    assert read_documents(documents(document("a", "")))[0].content == b""


def test_names_of_parts_are_decoded_from_their_urls() -> None:
    root = documents(
        document("a", include("cid:x%40y%2Bz")), document("b", "QUJD"), document("c"), document("d", include("cid:d"))
    )
    assert part_names(root) == {"x@y+z": "a", "d": "d"}


def test_one_part_for_two_lines_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        part_names(documents(document("a", include("cid:x")), document("b", include("cid:x"))))
    assert caught.value.reason is Reason.DOCUMENT_EXTRA


def test_one_name_for_two_documents_is_refused() -> None:
    assert refusal(document("a"), document("b"), document("a")) == (Reason.DOCUMENT_EXTRA, "/Documents/Document[3]")


@pytest.mark.parametrize(
    "content",
    [
        "QUJ",
        "QUJD!",
        "QQ==QQ==",
        "=QUJ",
        "QUJD\u00e9",
        "QUJ-",
        "<!-- c -->",
        "QU<!-- c -->JD",
        include("http://192.0.2.1/"),
        include("file:///etc/passwd"),
        include("CID:a"),
        include(""),
        include("cid:" + "a" * 600),
        include("cid:a", include("cid:b")),
        include("cid:a", "text"),
        include("cid:a") + include("cid:b"),
        include("cid:a") + "QUJD",
        "QUJD" + include("cid:a"),
        '<Include xmlns="urn:other" href="cid:a"/>',
    ],
)
def test_other_content_is_refused(content: str) -> None:
    assert refusal(document("a", content)) == (Reason.CONTENT_ENCODING, "/Documents/Document/Content")


def test_inline_content_is_bounded_over_all_documents() -> None:
    half = base64.b64encode(bytes(INLINE_LIMIT // 2)).decode()
    assert len(read_documents(documents(document("a", half), document("b", half)))) == 2
    assert refusal(document("a", half), document("b", half), document("c", "QQ=="))[0] is Reason.BODY_TOO_LARGE


@given(st.binary(max_size=300), st.integers(1, 80))
def test_base64_of_any_line_length(content: bytes, width: int) -> None:
    text = base64.b64encode(content)
    assert decode_base64(b"\r\n".join(text[i : i + width] for i in range(0, len(text), width))) == content


@given(st.binary(max_size=40))
def test_what_is_decoded_was_base64(text: bytes) -> None:
    decoded = decode_base64(text)
    if decoded is not None:
        assert len(base64.b64encode(decoded)) == len(text.translate(None, b" \t\r\n"))
