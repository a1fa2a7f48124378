"""Messages with attachments: the root first and whole, attachments streamed, and what we write is what we read."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reason import Reason, Refused
from gateway.wire.mtom import (
    OutgoingPart,
    read_message,
    read_whole,
    renamed,
    write_form,
    write_related,
)
from gateway.wire.multipart import MimeLimits

RELATED = 'multipart/related; boundary="b"; type="application/xop+xml"; start="<root@x>"'
BODY = [
    b"--b\r\nContent-ID: <root@x>\r\n\r\n<a",
    b"/>\r\n--b\r\nContent-ID: <one@x>\r\n\r\nfirst",
    b" document\r\n--b\r\nContent-ID: <two@x>\r\n\r\nsecond\r\n--b--\r\n",
]


class Source:
    """Gives chunks and counts how many were taken."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.taken += 1
            yield chunk


async def collect(message) -> list[tuple[str, bytes]]:
    return [(part.name, await read_whole(part.chunks(), limit=10**6)) async for part in message.parts()]


async def test_root_is_complete_before_more_is_read_than_needed() -> None:
    source = Source(BODY)
    message = await read_message(RELATED, aiter(source))
    assert (message.root, message.head.content_id) == (b"<a/>", "root@x")
    assert source.taken == 2
    assert await collect(message) == [("one@x", b"first document"), ("two@x", b"second")]
    assert source.taken == 3


async def test_part_that_is_left_is_read_to_its_end() -> None:
    message = await read_message(RELATED, aiter(Source(BODY)))
    assert [part.name async for part in message.parts()] == ["one@x", "two@x"]


async def test_parts_can_be_renamed_once_the_root_is_read() -> None:
    names: dict[str, str] = {}
    message = await read_message(RELATED, aiter(Source(BODY)))
    parts = renamed(message.parts(), names)
    names["two@x"] = "bibliography"
    assert [(part.name, await read_whole(part.chunks(), limit=99)) async for part in parts] == [
        ("one@x", b"first document"),
        ("bibliography", b"second"),
    ]


async def refusal(content_type: str | None, chunks: list[bytes], **limits: int) -> tuple[Reason, str | None]:
    with pytest.raises(Refused) as caught:
        message = await read_message(
            content_type, aiter(Source(chunks)), limits=MimeLimits(**{"total": 10_000, **limits})
        )
        await collect(message)
    return caught.value.reason, caught.value.place


async def test_refusals() -> None:
    assert (await refusal("text/xml", BODY))[0] is Reason.UNSUPPORTED_MEDIA_TYPE
    assert (await refusal(None, BODY))[0] is Reason.UNSUPPORTED_MEDIA_TYPE
    assert await refusal("multipart/related", BODY) == (Reason.MALFORMED_MIME, "boundary")
    assert await refusal(RELATED.replace("root@x", "two@x"), BODY) == (Reason.MALFORMED_MIME, "start")
    assert await refusal(RELATED, BODY[:2]) == (Reason.MALFORMED_MIME, "part 2")
    assert await refusal(RELATED, []) == (Reason.MALFORMED_MIME, None)
    assert (await refusal(RELATED, BODY, root=3))[0] is Reason.BODY_TOO_LARGE
    assert (await refusal(RELATED, BODY, total=100))[0] is Reason.BODY_TOO_LARGE
    assert await refusal(RELATED, BODY, parts=2) == (Reason.DOCUMENT_EXTRA, "part 3")
    unnamed = [b"--b\r\nContent-ID: <root@x>\r\n\r\n<a/>\r\n--b\r\n\r\nwho?\r\n--b--"]
    assert await refusal(RELATED, unnamed) == (Reason.MALFORMED_MIME, "part 2")


async def test_read_whole_stops_at_its_limit() -> None:
    source = Source([b"12345"] * 100)
    with pytest.raises(Refused) as caught:
        await read_whole(aiter(source), limit=12)
    assert caught.value.reason is Reason.BODY_TOO_LARGE
    assert source.taken == 3


def outgoing(name: str, content: bytes) -> OutgoingPart:
    async def chunks() -> AsyncIterator[bytes]:
        for i in range(0, len(content), 7):
            yield content[i : i + 7]

    return OutgoingPart(name=name, media_type="application/pdf", size=len(content), open=chunks)


@given(st.binary(max_size=50), st.lists(st.binary(max_size=50), max_size=4))
async def test_what_we_write_we_read(root: bytes, contents: list[bytes]) -> None:
    parts = [outgoing(f"doc-{n}@x", content) for n, content in enumerate(contents)]
    written = [
        write_related(root, parts, soap_media_type="text/xml", boundary="a-boundary-of-the-test"),
        write_form(
            root, parts, root_name="metadata", root_media_type="application/json", boundary="a-boundary-of-the-test"
        ),
    ]
    for sent in written:
        chunks = [chunk async for chunk in sent.body]
        assert sum(map(len, chunks)) == sent.length
        message = await read_message(sent.content_type, aiter(Source(chunks)))
        assert message.root == root
        assert await collect(message) == [(part.name, content) for part, content in zip(parts, contents, strict=True)]


async def test_related_is_written_as_mtom_says() -> None:
    sent = write_related(b"<e/>", [outgoing("d@x", b"%PDF")], soap_media_type="application/soap+xml", boundary="b")
    assert sent.content_type == (
        'multipart/related; type="application/xop+xml"; boundary="b"; start="<root@pouch>"; '
        'start-info="application/soap+xml"'
    )
    assert b"".join([chunk async for chunk in sent.body]) == (
        b'--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        b"Content-Transfer-Encoding: 8bit\r\nContent-ID: <root@pouch>\r\n\r\n<e/>\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <d@x>\r\n\r\n"
        b"%PDF\r\n--b--\r\n"
    )


@pytest.mark.parametrize(
    ("name", "media_type"), [('a"b', "a/b"), ("a\r\nb", "a/b"), ("a", "a/b\r\nc: d"), ("<a>", "a/b")]
)
def test_names_that_would_break_a_head_are_not_written(name: str, media_type: str) -> None:
    with pytest.raises(ValueError, match="break its head"):
        OutgoingPart(name=name, media_type=media_type, size=0, open=lambda: aiter(Source([])))
