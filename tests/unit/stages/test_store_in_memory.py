"""The store in memory keeps to what the real one does, or the stages' tests would prove nothing."""

import pytest
from store_contract import JOURNAL, OUTBOX, RECORDS, Clock, Stores
from store_in_memory import StoreInMemory


@pytest.mark.parametrize("check", [*JOURNAL, *OUTBOX, *RECORDS], ids=lambda check: check.__name__)
async def test_in_memory(check):
    clock = Clock()
    store = StoreInMemory(clock)
    await check(Stores(clock=clock, journal=store, outbox=store, records=store, guesses=store))
