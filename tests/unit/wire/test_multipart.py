"""The sans-IO reader: any chunking gives the same parts, and each way to be malformed is refused."""

import base64
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.wire.multipart import MimeLimits, MultipartReader, PartEnded, PartHead

LIMITS = MimeLimits(total=100_000, parts=5)
BODY = (
    b"preamble\r\n--b1\r\nContent-Type: application/xop+xml;\r\n charset=utf-8\r\nContent-ID: <root@x>\r\n\r\n<a/>"
    b"\r\n--b1  \t\r\ncontent-id: <one@x>\r\nContent-Transfer-Encoding: BINARY\r\n\r\n\r\n-- b1\r\n--b\r\n"
    b"\r\n--b1\r\n\r\nno head at all"
    b"\r\n--b1\r\nContent-ID: <two@x>\r\n\r\n\r\n--b1--\r\nepilogue"
)
PARTS = [("root@x", b"<a/>"), ("one@x", b"\r\n-- b1\r\n--b\r\n"), (None, b"no head at all"), ("two@x", b"")]


def read(*chunks: bytes, boundary: str = "b1", limits: MimeLimits = LIMITS) -> list[tuple[PartHead, bytes]]:
    reader = MultipartReader(boundary, limits)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    reader.close()
    parts: list[tuple[PartHead, bytes]] = []
    for event in events:
        if isinstance(event, PartHead):
            parts.append((event, b""))
        elif isinstance(event, PartEnded):
            assert event.number == parts[-1][0].number == len(parts)
        else:
            assert event != b""
            parts[-1] = (parts[-1][0], parts[-1][1] + event)
    assert isinstance(events[-1], PartEnded)
    return parts


def refusal(*chunks: bytes, **options) -> tuple[Reason, str | None]:
    with pytest.raises(Refused) as caught:
        read(*chunks, **options)
    return caught.value.reason, caught.value.place


def test_parts_heads_and_contents() -> None:
    parts = read(BODY)
    assert [(head.content_id, content) for head, content in parts] == PARTS
    assert parts[0][0].headers == {
        "content-type": "application/xop+xml; charset=utf-8",
        "content-id": "<root@x>",
    }


@given(st.lists(st.integers(0, len(BODY)), max_size=12))
@example(list(range(len(BODY))))
def test_any_chunking_gives_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(BODY)]
    chunks = [BODY[a:b] for a, b in pairwise(edges)]
    assert [(head.content_id, content) for head, content in read(*chunks)] == PARTS


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.integers(1, 40), st.booleans())
def test_what_is_written_is_read(contents: list[bytes], step: int, encoded: bool) -> None:
    head = b"Content-Transfer-Encoding: base64\r\n" if encoded else b""
    body = b""
    for content in contents:
        text = base64.encodebytes(content).replace(b"\n", b"\r\n") if encoded else content
        body += b"\r\n--a-boundary-that-is-in-no-content\r\n" + head + b"\r\n" + text
    body += b"\r\n--a-boundary-that-is-in-no-content--"
    chunks = [body[i : i + step] for i in range(0, len(body), step)]
    parts = read(*chunks, boundary="a-boundary-that-is-in-no-content")
    assert [content for _, content in parts] == contents


def test_attachment_pieces_come_before_their_end() -> None:
    reader = MultipartReader("b", LIMITS)
    events = reader.feed(b"--b\r\n\r\n" + b"x" * 1000)
    assert [type(event) for event in events] == [PartHead, bytes]
    assert len(events[1]) >= 990


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no multipart at all",
        b"x" * 2000 + b"\r\n--b1\r\n\r\n\r\n--b1--",
        b"--b1--extra",
        b"--b1\r\n\r\nno close delimiter",
        b"--b1\r\n\r\nno close delimiter\r\n--b1\r\n",
        b"--b1\r\n\r\nx\r\n--b1-",
        b"--b1\r\n\r\nx\r\n--b12\r\n\r\ny\r\n--b1--",
        b"--b1\r\n\r\nx\r\n--b1\n\r\ny\r\n--b1--",
        b"--b1\n\nbare line feeds\n--b1--\n",
        b"--b1" + b" " * 100 + b"\r\n\r\n\r\n--b1--",
        b"--b1\r\nContent-ID: <a>\r\nContent-ID: <b>\r\n\r\nx\r\n--b1--",
        b"--b1\r\nContent-ID: a\r\n\r\nx\r\n--b1--",
        b"--b1\r\nContent-ID: <a\x00>\r\n\r\nx\r\n--b1--",
        b"--b1\r\nno colon\r\n\r\nx\r\n--b1--",
        b"--b1\r\n folded: from nothing\r\n\r\nx\r\n--b1--",
        b"--b1\r\nA: \xff\r\n\r\nx\r\n--b1--",
        b"--b1\r\nA: b\rc\r\n\r\nx\r\n--b1--",
        b"--b1\r\nA: " + b"b" * 9000 + b"\r\n\r\nx\r\n--b1--",
        b"--b1\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(40)) + b"\r\nx\r\n--b1--",
        b"--b1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx\r\n--b1--",
        b"--b1\r\nContent-Transfer-Encoding: gzip\r\n\r\nx\r\n--b1--",
        b"--b1\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJ\r\n--b1--",
        b"--b1\r\nContent-Transfer-Encoding: base64\r\n\r\nQU!JD\r\n--b1--",
        b"--b1\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==QUJD\r\n--b1--",
        b"--b1\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b1--",
        b'--b1\r\nContent-Disposition: form-data; name="a"; name="b"\r\n\r\nx\r\n--b1--',
        b"--b1\r\n\r\nx\r\n--b1--\r\n" + b"y" * 5000,
        b"--b1\r\n\r\nx\r\n--b1--\ry",
    ],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_malformed_bodies_are_refused_in_any_chunking(body: bytes, step: int) -> None:
    chunks = [body[i : i + step] for i in range(0, len(body), step)]
    assert refusal(*chunks)[0] is Reason.MALFORMED_MIME


@pytest.mark.parametrize("boundary", ["", " ", "a ", "a" * 71, "a\r\nb", "ä", 'a"b'])
def test_boundaries_beyond_the_standard_are_refused(boundary: str) -> None:
    assert refusal(b"", boundary=boundary) == (Reason.MALFORMED_MIME, "boundary")


def test_longest_boundary_is_taken() -> None:
    boundary = "b" * 70
    (part,) = read(f"--{boundary}\r\n\r\nx\r\n--{boundary}--\r\n".encode(), boundary=boundary)
    assert part[1] == b"x"


def test_too_many_parts_and_too_many_bytes() -> None:
    assert refusal(b"--b1\r\n\r\nx\r\n" * 6 + b"--b1--") == (Reason.DOCUMENT_EXTRA, "part 6")
    tight = MimeLimits(total=20)
    assert refusal(b"--b1\r\n\r\n", b"x" * 13, limits=tight)[0] is Reason.BODY_TOO_LARGE


def test_refusal_names_the_part() -> None:
    assert refusal(b"--b1\r\n\r\nx\r\n--b1\r\nbroken\r\n\r\n\r\n--b1--")[1] == "part 2"


def test_form_names() -> None:
    (part,) = read(b'--b1\r\nContent-Disposition: form-data; name="doc-1"; filename="x\xc3\xa9.pdf"\r\n\r\nx\r\n--b1--')
    assert part[0].name == "doc-1"
    (other,) = read(b'--b1\r\nContent-Disposition: attachment; filename="x"\r\n\r\nx\r\n--b1--')
    assert other[0].name is None


@given(st.binary(max_size=400), st.integers(1, 30))
def test_random_bytes_never_crash(data: bytes, step: int) -> None:
    reader = MultipartReader("b", MimeLimits(total=1000))
    try:
        for i in range(0, len(data), step):
            reader.feed(data[i : i + step])
        reader.close()
    except Refused as refused:
        assert refused.reason in (Reason.MALFORMED_MIME, Reason.DOCUMENT_EXTRA)


@given(
    st.lists(
        st.sampled_from([b"\r", b"\n", b"--b", b"-", b" ", b"A: b", b":", b"\r\n\r\n", b"\r\n--b\r\n"]), max_size=40
    )
)
def test_random_structure_is_chunking_independent(pieces: list[bytes]) -> None:
    def outcome(chunks: list[bytes]) -> object:
        reader = MultipartReader("b", LIMITS)
        try:
            events = [event for chunk in chunks for event in reader.feed(chunk)]
            reader.close()
        except Refused as refused:
            return refused.reason
        heads = [event for event in events if not isinstance(event, bytes)]
        return heads, b"".join(event for event in events if isinstance(event, bytes))

    whole = b"".join(pieces)
    assert outcome([whole]) == outcome(pieces) == outcome([whole[i : i + 1] for i in range(len(whole))])
