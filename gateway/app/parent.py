"""The parent: who was started as somebody's part ends with him, however he ends.

Rules: a process whose environment says POUCH_SUPERVISED=1 has the parent at the other end of its standard input; the
end of that input is the parent's, also by SIGKILL.
"""

import asyncio
import os
import sys
from contextlib import suppress

__all__ = ["watch_parent"]


def watch_parent(stopping: asyncio.Event) -> None:
    """Set `stopping` when the parent is gone; does nothing in a process that was started by hand."""
    if os.environ.get("POUCH_SUPERVISED") != "1":
        return
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()

    def gone() -> None:
        with suppress(OSError):
            if os.read(descriptor, 1):
                return
        loop.remove_reader(descriptor)
        stopping.set()

    loop.add_reader(descriptor, gone)
