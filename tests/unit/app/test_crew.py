"""The crew: workers that can never start end everything, workers that were ready once are started again."""

import asyncio
import signal
import sys

import pytest

from gateway.app.crew import Crew

#: Says that it listens, as a worker does, and stays until it is told or its supervisor is gone.
READY = "import sys; print('{}', flush=True); sys.stdin.read()"


def crew_of(tmp_path, *programs, listens=lambda slot: None):
    """A crew whose worker in slot N runs the N-th Python text; it may count its starts in `starts`."""
    return Crew(
        [[sys.executable, "-c", program, str(tmp_path / "starts")] for program in programs],
        environment={},
        listens=listens,
        ended=lambda slot: None,
        first_pause=0.001,
    )


async def run(crew):
    """Run it in the background; gives the task, and what tells it to stop."""
    stopping = asyncio.Event()
    return asyncio.create_task(crew.run(stopping)), stopping


@pytest.mark.parametrize("code", [1, 2])
async def test_a_worker_that_ends_before_it_was_ready_ends_everything(tmp_path, code):
    crew = crew_of(tmp_path, f"raise SystemExit({code})")
    running, stopping = await run(crew)
    assert await running == code
    assert stopping.is_set() and not crew.ready.is_set()


async def test_one_that_cannot_start_ends_those_that_are_ready(tmp_path):
    crew = crew_of(tmp_path, READY, "raise SystemExit(1)")
    running, _ = await run(crew)
    assert await running == 1
    assert crew.alive == 0 and not crew.ready.is_set()


async def test_the_reason_is_told_by_one_worker_alone(tmp_path):
    program = "import sys; open(sys.argv[1], 'a').write('x'); raise SystemExit(1)"
    running, _ = await run(crew_of(tmp_path, program, program, program))
    assert await running == 1
    assert (tmp_path / "starts").read_text() == "x"


async def test_all_are_started_and_ended_in_order(tmp_path):
    crew = crew_of(tmp_path, READY, READY)
    running, stopping = await run(crew)
    await crew.ready.wait()
    assert crew.alive == 2
    stopping.set()
    assert await running is None
    assert crew.alive == 0


async def test_one_that_was_ready_and_dies_is_started_again_also_when_it_then_fails_at_first(tmp_path):
    """Its second start fails with exit 1, its third succeeds."""
    program = (
        "import os, sys\nopen(sys.argv[1], 'a').write('x')\nstarts = os.path.getsize(sys.argv[1])\n"
        "if starts == 2: sys.exit(1)\n" + READY
    )
    heard = asyncio.Queue()
    crew = crew_of(tmp_path, program, listens=heard.put_nowait)
    running, stopping = await run(crew)
    assert await heard.get() == 0
    crew.tell(signal.SIGKILL)
    assert await heard.get() == 0
    assert (tmp_path / "starts").read_text() == "xxx" and not running.done()
    stopping.set()
    assert await running is None


async def test_one_that_is_killed_before_it_was_ready_is_started_again(tmp_path):
    program = (
        "import os, signal, sys\nopen(sys.argv[1], 'a').write('x')\n"
        "if os.path.getsize(sys.argv[1]) == 1: os.kill(os.getpid(), signal.SIGKILL)\n" + READY
    )
    crew = crew_of(tmp_path, program)
    running, stopping = await run(crew)
    await crew.ready.wait()
    assert (tmp_path / "starts").read_text() == "xx"
    stopping.set()
    assert await running is None
