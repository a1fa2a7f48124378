"""A real gateway of office XA, open for one test on a database of its own."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from real_door import open_real_door


@pytest.fixture
async def door(database, tmp_path):
    """An open gateway: see real_door.RealDoor."""
    async with open_real_door(tmp_path / "xa", database.app) as opened:
        yield opened
