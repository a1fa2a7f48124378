"""How commands run: they end whatever is left open, also where warnings are errors."""

import os
import subprocess
import sys

#: Leaves a listening socket and both ends of a connection behind, as a door does whose callers keep theirs open.
LEAVES_OPEN = """
import asyncio
from gateway.commands.answering import runs

kept = []

@runs
async def command():
    server = await asyncio.start_server(lambda *ends: kept.append(ends), "127.0.0.1", 0)
    kept.append(server)
    kept.append(await asyncio.open_connection(*server.sockets[0].getsockname()))
    print("left open", flush=True)

command()
"""


def test_a_command_ends_with_what_it_left_open_also_where_warnings_are_errors():
    """uvloop's loop never closes what it warns of, if the warning is an exception."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", LEAVES_OPEN],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (0, "left open\n"), ended.stderr
