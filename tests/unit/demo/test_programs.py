"""Programs of the demonstration: found ports are free, what ended is noticed, nothing outlives its crew."""

import asyncio
import os
import select
import socket
import subprocess
import sys

import pytest

from gateway.demo.programs import Crew, Program, free_ports
from gateway.demo.timeline import StoryFailed


def test_ports_are_free_and_different():
    ports = free_ports(5)
    assert len(set(ports)) == 5
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", ports[0]))
        assert ports[0] not in free_ports(300)


async def test_what_has_ended_is_told_with_its_log(tmp_path):
    program = Program("short", [sys.executable, "-c", "print('last words')"], tmp_path / "short.log")
    with pytest.raises(StoryFailed, match="not started"):
        program.check()
    await program.start()
    async with Crew(tmp_path / "logs") as crew:
        crew.programs.append(program)
        with pytest.raises(StoryFailed, match=r"short has ended \(0\)") as failure:
            await crew.wait("never", look_at_nothing, bool, 60)
    assert "short.log" in failure.value.remedy and failure.value.remedy.endswith("    last words")
    assert (tmp_path / "short.log").read_text() == "last words\n"


async def test_waiting_ends_when_it_is_done_or_too_long(tmp_path):
    looks = iter([1, 2, 3])

    async def look():
        return next(looks)

    async with Crew(tmp_path) as crew:
        assert await crew.wait("three", look, lambda seen: seen == 3, 60) == 3
        with pytest.raises(StoryFailed, match="waited 0 s in vain until the moon is blue"):
            await crew.wait("the moon is blue", look_at_nothing, bool, 0)


async def test_a_crew_leaves_nobody_behind(tmp_path):
    async with Crew(tmp_path) as crew:
        program = await crew.launch("server", ["http.server", "--bind", "127.0.0.1", "0"])
        process = program._process.pid
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_what_a_killed_demonstration_started_is_told_by_its_standard_input(tmp_path):
    """SIGKILL lets nobody tidy up: the program notices by itself."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path / "log")], stdout=subprocess.PIPE)
    process = os.pidfd_open(int(starter.stdout.readline()))
    try:
        starter.kill()
        starter.communicate()
        assert select.select([process], [], [], 60)[0], "it lives on"
    finally:
        os.close(process)


#: Starts a program that ends with its standard input if it is told to, says its number, and stays.
STARTER = """
import asyncio, pathlib, sys
from gateway.demo.programs import Program

WORDS = "import os, sys; os.environ['POUCH_SUPERVISED'] == '1' and sys.stdin.read()"

async def start():
    program = Program("part", [sys.executable, "-c", WORDS], pathlib.Path(sys.argv[1]))
    await program.start()
    print(program._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(start())
"""


async def look_at_nothing():
    await asyncio.sleep(0)
