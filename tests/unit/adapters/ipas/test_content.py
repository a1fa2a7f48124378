"""Documents stream into a message and out of one, in any pieces, and their bytes stay what they are."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ipas.codec import encode
from adapters.ipas.content import MARK, Content, ContentCut, envelope_size, stream_content
from adapters.ipas.operations import Operation
from gateway.core.reason import Deferred, Reason

ENVELOPE = encode(
    Operation.DOCUMENT_WRITE, {"arg0": {"content": MARK, "contentType": "pdf"}, "arg1": "/srv/ipas/in/a.pdf"}
)
AROUND = (b"<e><return><content>", b"</content><contentType>pdf</contentType></return></e>")


async def chunked(content, length):
    for start in range(0, len(content), length):
        yield content[start : start + length]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 1000])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 100])
async def test_a_document_streams_into_its_place_and_the_length_is_known_before(size, length):
    content = bytes(range(256))[:size]
    sent = b"".join([piece async for piece in stream_content(ENVELOPE, chunked(content, length))])
    assert sent == ENVELOPE.replace(MARK.encode(), base64.b64encode(content))
    assert len(sent) == envelope_size(ENVELOPE, size)


@pytest.mark.parametrize("envelope", [b"<none/>", b"{content}{content}"])
async def test_there_is_one_place_for_the_content(envelope):
    with pytest.raises(ValueError, match="one place"):
        await anext(stream_content(envelope, chunked(b"x", 1)))


def cut(answer, length):
    cutter = ContentCut(largest=1000)
    for start in range(0, len(answer), length):
        cutter.feed(answer[start : start + length])
    return cutter.finish()


@given(content=st.binary(max_size=200), length=st.integers(1, 300), line=st.sampled_from([0, 4, 76]))
def test_a_document_is_cut_out_and_digested_in_any_pieces(content, length, line):
    text = base64.b64encode(content)
    if line:
        text = b"\r\n".join(text[start : start + line] for start in range(0, len(text), line))
    around, found = cut(AROUND[0] + text + AROUND[1], length)
    assert around == b"".join(AROUND)
    assert found == Content(size=len(content), sha256=hashlib.sha256(content).digest())


def test_a_document_over_the_limit_is_malformed():
    for size in (1000, 1001):
        answer = AROUND[0] + base64.b64encode(bytes(size)) + AROUND[1]
        if size == 1000:
            assert cut(answer, 7)[1].size == 1000
        else:
            with pytest.raises(Deferred):
                cut(answer, 7)


def test_an_answer_without_content_stays_as_it_is():
    assert cut(b"<e><return/></e>", 3) == (b"<e><return/></e>", None)


def test_markup_inside_the_content_is_left_to_the_parser():
    around, _ = cut(AROUND[0] + b"AAEC<b/>AAEC" + AROUND[1], 5)
    assert around == AROUND[0] + b"<b/>AAEC" + AROUND[1]


@pytest.mark.parametrize("text", [b"AAE", b"A*EC", b"AA==AAEC", b"====", b"AAEC="])
def test_what_is_no_base64_is_malformed(text):
    with pytest.raises(Deferred) as malformed:
        cut(AROUND[0] + text + AROUND[1], 1000)
    assert malformed.value.reason is Reason.REMOTE_MALFORMED


@pytest.mark.parametrize("answer", [b"x" * 70_000, AROUND[0] + b"AAEC<" + b"x" * 70_000])
def test_what_is_around_the_content_is_bounded(answer):
    with pytest.raises(Deferred) as malformed:
        cut(answer, 1000)
    assert malformed.value.reason is Reason.REMOTE_MALFORMED
