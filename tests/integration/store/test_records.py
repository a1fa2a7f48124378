"""The query port on PostgreSQL."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from both_stores import RECORDS, shared_stores


@pytest.fixture(scope="module")
async def shared(pg):
    async with shared_stores(pg) as stores:
        yield stores


@pytest.fixture
async def stores(shared):
    yield shared
    await shared.wipe()


@pytest.mark.parametrize("check", RECORDS, ids=lambda check: check.__name__)
async def test_records(check, stores):
    await check(stores)
