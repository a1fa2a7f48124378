"""The ledger's own modules for its tests: how to fill it, and a whole gateway to ask."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from log_house import open_house


@pytest.fixture
async def house(database, tmp_path):
    """An open gateway with logs: see log_house.LogHouse."""
    async with open_house(tmp_path / "xa", database.app) as opened:
        yield opened
