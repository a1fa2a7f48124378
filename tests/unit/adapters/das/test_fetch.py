"""adapters/das/fetch.py."""

import hashlib

import pytest

from adapters.das.fetch import take_document
from adapters.das.protocol import Fetch
from gateway.core.document import Role
from gateway.core.reason import Deferred, Reason
from gateway.core.secret import Secret
from gateway.ports import Answer

PDF = b"%PDF-1.7 " + b"x" * 100


async def _pieces(*pieces):
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


@pytest.fixture
def take(memory_kit):
    parts = memory_kit(http=None)

    async def take(*pieces, media_type="application/pdf", checksum=None, limit=1000):
        act = Fetch(
            url=Secret("https://x"), query=None, stem="copy", role=Role.CERTIFIED_COPY, limit=limit, checksum=checksum
        )
        answer = Answer(status=200, headers={"content-type": media_type}, body=b"")
        return await take_document(act, answer, _pieces(*pieces), parts.kit())

    take.spools = parts.spools
    return take


@pytest.mark.parametrize("cut", [1, 4, 5, 50])
async def test_bytes_are_kept_as_they_came(take, cut):
    obtained = await take(PDF[:cut], PDF[cut:], checksum=hashlib.sha256(PDF).hexdigest())
    assert (obtained.name, obtained.media_type, obtained.role) == ("copy.pdf", "application/pdf", Role.CERTIFIED_COPY)
    assert take.spools[0].content == PDF
    assert obtained.sha256 == hashlib.sha256(PDF).digest()


@pytest.mark.parametrize("media_type", ["application/zip", "application/octet-stream; x=y"])
async def test_a_package_is_taken_too(take, media_type):
    assert (await take(b"PK\x03\x04rest", media_type=media_type)).name == "copy.zip"


async def test_other_bytes_than_announced_are_not_kept(take):
    with pytest.raises(Deferred) as deferred:
        await take(PDF, checksum="00" * 32)
    assert deferred.value.reason is Reason.REMOTE_DIGEST
    assert take.spools[0].state == "discarded"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"<!DOCTYPE html><html>", "text/html"),
        (b"<!DOCTYPE html><html>", "application/pdf"),
        (b"PK\x03\x04rest", "application/pdf"),
        (PDF, "application/zip"),
        (PDF, ""),
        (b"", "application/pdf"),
        (b"%PD", "application/pdf"),
    ],
)
async def test_what_is_no_document_is_not_even_begun(take, content, media_type):
    with pytest.raises(Deferred) as deferred:
        await take(content, media_type=media_type)
    assert deferred.value.reason is Reason.REMOTE_MALFORMED
    assert take.spools == []


async def test_what_is_too_long_is_not_kept(take):
    with pytest.raises(Deferred) as deferred:
        await take(PDF, PDF, limit=150)
    assert deferred.value.reason is Reason.REMOTE_MALFORMED
    assert take.spools[0].state == "discarded"


async def test_a_line_that_breaks_leaves_nothing_behind(take):
    with pytest.raises(Deferred, match="REMOTE_OUTCOME_UNKNOWN"):
        await take(PDF, Deferred(Reason.REMOTE_OUTCOME_UNKNOWN))
    assert take.spools[0].state == "discarded"
