"""What the ports that an adapter is handed do, whether they are in memory (here) or real (tests/integration/kit)."""

import hashlib

import pytest

from gateway.core.reason import Deferred, Reason, Refused


async def progress_contract(progress, lose_lease):
    """What a ports.Progress that begins empty does; `lose_lease` gives its transmission to another worker."""
    view = progress.known
    await progress.commit(file="f-1", intent="now")
    assert dict(view) == {"file": "f-1", "intent": "now"}, "a view that was taken before follows the commits"
    await progress.commit(intent=None, never=None)
    assert dict(progress.known) == {"file": "f-1"}, "None removes, also what is not there"
    with pytest.raises(TypeError):
        view["file"] = "f-2"
    await lose_lease()
    with pytest.raises(Deferred) as deferred:
        await progress.commit(file="f-3")
    assert deferred.value.reason is Reason.LEASE_LOST
    assert dict(view) == {"file": "f-1"}, "what was not written is not known"


async def counters_contract(counters):
    """What a ports.Counters does with a range that is used up."""
    assert [await counters.next("notes", first=5, last=6) for _ in range(2)] == [5, 6]
    with pytest.raises(Refused) as refused:
        await counters.next("notes", first=5, last=6)
    assert refused.value.reason is Reason.NUMBER_RANGE_EXHAUSTED
    assert await counters.next("others", first=1, last=9) == 1


async def spool_contract(spool_of):
    """What a ports.Spool does; `spool_of(limit)` opens one named a.pdf."""
    spool = spool_of(10)
    await spool.write(b"certi")
    await spool.write(b"fied")
    obtained = await spool.finish()
    assert (obtained.name, obtained.size) == ("a.pdf", 9)
    assert obtained.sha256 == hashlib.sha256(b"certified").digest()
    await spool.discard()  # harmless after finish
    spool = spool_of(3)
    with pytest.raises(Refused) as refused:
        await spool.write(b"long")
    assert refused.value.reason is Reason.BODY_TOO_LARGE
    await spool.discard()
    await spool.discard()
