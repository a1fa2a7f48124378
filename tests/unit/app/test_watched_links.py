"""An adapter that is watched does what it did; how its attempts end is noted by link."""

from datetime import UTC, datetime

import pytest

from gateway.app.watched_links import WatchedLinks
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered

KEY = ("XA", "IB", "das")


class Rehearsed:
    """An adapter, and the counterparts that have it."""

    name = "das"
    ending: object = Delivered()

    async def deliver(self, errand, kit):
        if isinstance(self.ending, Exception):
            raise self.ending
        return self.ending

    async def probe(self, kit):
        return f"probed by {kit}"

    def adapter(self, hosted, counterpart, name):
        return self if (hosted, counterpart, name) == KEY else None

    def kit(self, transmission):
        return f"the kit of {transmission}"

    def now(self):
        return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def rehearsed():
    return Rehearsed()


@pytest.fixture
def links(rehearsed):
    return WatchedLinks(rehearsed, rehearsed, seconds=lambda: 7.0)


async def end(links, rehearsed, ending):
    rehearsed.ending = ending
    adapter = links.adapter(*KEY)
    try:
        return await adapter.deliver("an errand", "a kit")
    except (Refused, Deferred, RuntimeError) as error:
        return error


async def test_endings_are_passed_on_and_noted(links, rehearsed):
    failed = Deferred(Reason.REMOTE_UNREACHABLE)
    assert await end(links, rehearsed, failed) is failed
    assert links.take(9.0)[KEY].failures == 1
    assert await end(links, rehearsed, Delivered()) == Delivered()
    tally = links.take(9.0)[KEY]
    assert tally.failures == 0 and tally.good_last == rehearsed.now()


async def test_a_refusal_of_theirs_is_an_answer_and_troubles_of_ours_are_nothing(links, rehearsed):
    await end(links, rehearsed, Refused(Reason.FILE_REJECTED))
    assert links.take(9.0)[KEY].good_last is not None
    for ours in (Deferred(Reason.LEASE_LOST), Deferred(Reason.DATABASE_UNAVAILABLE), RuntimeError("a bug")):
        assert await end(links, rehearsed, ours) is ours
    assert links.take(9.0) == {}


async def test_what_could_not_be_told_comes_again(links, rehearsed):
    await end(links, rehearsed, Deferred(Reason.REMOTE_BUSY))
    taken = links.take(9.0)
    assert links.take(9.0) == {}
    links.give_back(KEY, taken[KEY])
    assert links.take(9.0)[KEY].reasons == {Reason.REMOTE_BUSY.code: 1}


async def test_the_rest_is_as_it_was(links):
    assert links.adapter("XA", "IB", "ipas") is None
    assert links.kit("one") == "the kit of one"
    adapter = links.adapter(*KEY)
    assert adapter.name == "das" and await adapter.probe("it") == "probed by it"
