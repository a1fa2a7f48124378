"""A front door over the line in memory, open for one test."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from rehearsed_door import open_door


@pytest.fixture
async def door():
    """An open door: see rehearsed_door.Rehearsal."""
    async with open_door() as rehearsal:
        yield rehearsal
