"""A message's root part is taken whole, and within its limit."""

import pytest

from gateway.core.reason import Reason, Refused
from gateway.stages.receive import Encounter, receive
from gateway.wire.multipart import MimeLimits

LIMITS = MimeLimits(total=4096, root=100)
MIXED = (
    b"--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <root>\r\n\r\n<root/>\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-ID: <copy.pdf>\r\n\r\n%PDF-\r\n--b--\r\n"
)


async def chunks(content):
    for start in range(0, len(content), 7):
        yield content[start : start + 7]


async def received(bench, content, content_type="text/xml"):
    encounter = Encounter(door="soap", source="192.0.2.1")
    return await receive(encounter, content_type, chunks(content), limits=LIMITS, line=bench.line)


async def test_a_message_alone(bench):
    arrival = await received(bench, b"<root/>", "text/xml; charset=utf-8")
    assert (arrival.root, arrival.parts, arrival.content_type) == (b"<root/>", None, "text/xml; charset=utf-8")
    assert arrival.received_at == bench.clock.at
    assert (arrival.encounter.office, arrival.encounter.hosted) == (None, None), "nothing is proven yet"


async def test_a_message_with_parts(bench):
    kind = 'multipart/related; boundary=b; type="application/xop+xml"; start="<root>"'
    arrival = await received(bench, MIXED, kind)
    assert (arrival.root, arrival.content_type) == (b"<root/>", "application/xop+xml")
    parts = [(part.name, b"".join([chunk async for chunk in part.chunks()])) async for part in arrival.parts]
    assert parts == [("copy.pdf", b"%PDF-")]


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"x" * 101, "text/xml", Reason.BODY_TOO_LARGE),
        (MIXED.replace(b"<root/>", b"x" * 101), "multipart/related; boundary=b", Reason.BODY_TOO_LARGE),
        (MIXED[:40], "multipart/related; boundary=b", None),
        (MIXED, "multipart/related", None),
        (b"<root/>", "no type", None),
    ],
)
async def test_what_cannot_be_taken_is_refused(bench, content, kind, reason):
    with pytest.raises(Refused) as refused:
        await received(bench, content, kind)
    assert reason is None or refused.value.reason is reason
