"""What every adapter must keep to, whoever wrote it: tried against its counterpart, judged by the counterpart's record.

An errand is delivered again and again, as the line does it: later after a Deferred, after its delay when Pending, from
what is committed after a crash.
"""

import itertools
import traceback
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from memory_ports import MemoryKit, shown

from gateway.core.reason import Deferred, Reason, Retry
from gateway.core.transmission import Delivered, Pending

#: What can happen to one call, and what the caller sees of it.
DISTURBANCES = ("cut-after", "cut-before", "error-after", "server-error", "too-many", "captive-portal")
MOST_ATTEMPTS = 40


class Crash(Exception):
    """The process died here."""


class CrashingProgress:
    """Dies at its n-th commit, before or after it reached the database."""

    def __init__(self, progress, *, at, after):
        self._progress, self._left, self._after = progress, at, after

    @property
    def known(self):
        return self._progress.known

    async def commit(self, **values):
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Crash
        await self._progress.commit(**values)
        if self._left == 0:
            raise Crash


class CrashingHttp:
    """Dies right after its n-th call was answered."""

    def __init__(self, http, *, at):
        self._http, self._left = http, at

    async def call(self, *asked, **named):
        answer = await self._http.call(*asked, **named)
        self._count()
        return answer

    @asynccontextmanager
    async def download(self, *asked, **named):
        async with self._http.download(*asked, **named) as answer:
            yield answer
        self._count()

    def _count(self):
        self._left -= 1
        if self._left == 0:
            raise Crash


class Line:
    """Delivers an errand until it is done, and keeps all failures on the way."""

    def __init__(self, adapter, errand, parts, number):
        self.adapter, self.errand, self.parts, self.number = adapter, errand, parts, number
        self.failures = []

    async def one_attempt(self):
        """Delivered, or None after the time has passed that the attempt asked for."""
        outcome = await self.adapter.deliver(self.errand, self.parts.kit())
        if isinstance(outcome, Delivered):
            return outcome
        assert isinstance(outcome, Pending) and outcome.delay > timedelta()
        self.parts.clock.pass_by(outcome.delay)
        return None

    async def until_done(self):
        for _ in range(MOST_ATTEMPTS):
            try:
                outcome = await self.one_attempt()
            except Deferred as deferred:
                assert deferred.reason.retry is Retry.LATER, deferred
                self.failures.append(deferred)
                self.parts.clock.pass_by(deferred.delay or timedelta(minutes=1))
                continue
            if outcome is not None:
                return outcome
        raise AssertionError(f"not done after {MOST_ATTEMPTS} attempts: {self.failures}")

    async def crashes(self):
        """Whether the process dies before the errand is done."""
        try:
            await self.until_done()
        except Crash:
            return True
        return False

    def restarted(self, **parts):
        """The line after a crash: everything is new but what was committed, and the time goes on."""
        old = self.parts
        fresh = MemoryKit(old.http, clock=old.clock, tokens=old.tokens)
        fresh.progress, fresh.counters = old.progress, old.counters
        for name, part in parts.items():
            setattr(fresh, name, part)
        return Line(self.adapter, self.errand, fresh, self.number)


@pytest.fixture
def line_of(subject, trial, counterpart, numbers):
    """Makes the line of the trial's errand about a document of its own, after what has to be done before it."""
    adapter = subject.make({**counterpart.settings})

    async def line_of():
        number = next(numbers)
        for before in trial.before:
            earlier = Line(adapter, counterpart.errand(before, number), counterpart.parts(before), number)
            if before.whole:
                await earlier.until_done()
            else:
                await earlier.one_attempt()
            await counterpart.settled(before, number)
        return Line(adapter, counterpart.errand(trial, number), counterpart.parts(trial), number)

    return line_of


@pytest.fixture
def once(trial, counterpart):
    """Asserts that the line's errand has taken effect once."""

    async def once(line, hint=""):
        assert await counterpart.effects(trial, line.number) == 1, hint

    return once


def test_settings_are_strict(subject, counterpart):
    for bad, path in subject.bad_settings:
        with pytest.raises(ValueError, match=f"^{path}: ") as refused:
            subject.make({**counterpart.settings, **bad})
        assert "sesame" not in str(refused.value).lower()


def test_an_adapter_has_the_name_of_its_entry_point(subject, counterpart):
    assert subject.make({**counterpart.settings}).name == subject.name


async def test_a_probe_says_one_line(subject, counterpart):
    said = await subject.make({**counterpart.settings}).probe(counterpart.parts(subject.trials[0]).kit())
    assert said and "\n" not in said


async def test_a_probe_tells_that_nobody_is_there(subject, counterpart):
    with pytest.raises(Deferred) as deferred:
        await subject.make({**counterpart.elsewhere}).probe(counterpart.parts(subject.trials[0]).kit())
    assert deferred.value.reason is Reason.REMOTE_UNREACHABLE


async def test_an_errand_takes_effect_once(line_of, once):
    line = await line_of()
    assert isinstance(await line.until_done(), Delivered)
    assert line.failures == []
    await once(line)


async def test_an_errand_that_was_done_and_is_delivered_again_has_no_second_effect(line_of, once):
    line = await line_of()
    await line.until_done()
    assert isinstance(await line.restarted().until_done(), Delivered)
    await once(line)


@pytest.mark.parametrize("switch", DISTURBANCES)
async def test_a_disturbed_call_takes_effect_once(call, counterpart, line_of, once, switch):
    line = await line_of()
    await counterpart.disturb(switch, call)
    assert isinstance(await line.until_done(), Delivered)
    assert len(line.failures) == 1
    await once(line)


@pytest.mark.parametrize("switch", ["cut-after", "cut-before"])
async def test_a_call_that_is_cut_three_times_takes_effect_once(call, counterpart, line_of, once, switch):
    line = await line_of()
    await counterpart.disturb(switch, call, calls=3)
    assert isinstance(await line.until_done(), Delivered)
    await once(line)


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
async def test_a_crash_at_any_commit_takes_effect_once(line_of, once, after):
    for at in itertools.count(1):
        line = await line_of()
        dying = CrashingProgress(line.parts.progress, at=at, after=after)
        if not await line.restarted(progress=dying).crashes():
            return
        assert isinstance(await line.restarted().until_done(), Delivered)
        await once(line, f"crash at commit {at}")


async def test_a_crash_after_any_call_takes_effect_once(line_of, once):
    for at in itertools.count(1):
        line = await line_of()
        if not await line.restarted(http=CrashingHttp(line.parts.http, at=at)).crashes():
            return
        assert isinstance(await line.restarted().until_done(), Delivered)
        await once(line, f"crash after call {at}")


async def test_no_secret_and_no_remote_text_gets_out(call, counterpart, line_of):
    line = await line_of()
    for switch in ("captive-portal", "error-after", "cut-after"):
        await counterpart.disturb(switch, call)
    outcome = await line.until_done()
    out = shown(line.parts, line.failures, lambda failure: "".join(traceback.format_exception(failure)))
    out += repr((outcome.facts, line.parts.progress.known, line.errand))
    for secret in (*counterpart.secrets, "log in to the network", "try again later"):
        assert secret not in out


async def test_a_slow_counterpart_is_given_up_and_takes_effect_once(subject, counterpart, numbers):
    trial, number = subject.trials[0], next(numbers)
    adapter = subject.make({**counterpart.settings})
    hurried = Line(adapter, counterpart.errand(trial, number), counterpart.parts(trial, patience=0.5), number)
    await counterpart.disturb("slow", trial.effect, seconds=1.5)
    assert isinstance(await hurried.until_done(), Delivered)
    assert [failure.reason for failure in hurried.failures] == [Reason.REMOTE_OUTCOME_UNKNOWN]
    assert await counterpart.effects(trial, number) == 1
