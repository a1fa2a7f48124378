"""The adapters' ports in memory keep to what the real ones do: one contract, run against both."""

from memory_ports import MemoryCounters, MemoryProgress, MemorySpool
from ports_contract import counters_contract, progress_contract, spool_contract

from gateway.core.document import Role


async def test_progress_in_memory():
    progress = MemoryProgress()

    async def lose_lease():
        progress.lost = True

    await progress_contract(progress, lose_lease)


async def test_counters_in_memory():
    await counters_contract(MemoryCounters())


async def test_spool_in_memory():
    await spool_contract(
        lambda limit: MemorySpool(name="a.pdf", role=Role.CERTIFIED_COPY, media_type="application/pdf", limit=limit)
    )
