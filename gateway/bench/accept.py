"""Accept: how fast, at what cost of processor and memory a gateway takes deposits in, from bytes to signed receipt.

The order: found a gateway; sign all messages; start the gateway; look at its memory; warm it up; measure; then prove
that every step was done. Between two rounds nothing is under way, so every message's cost falls into its own round.
"""

import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.bench.connection import Broken
from gateway.bench.figures import Costs, Figures
from gateway.bench.ground import Ground, RunningGateway, prepare_ground
from gateway.bench.load import drive
from gateway.bench.messages import Message, Paper, write_paper
from gateway.bench.plan import MIB, BenchFailed, Plan
from gateway.bench.presigning import Desk, presign
from gateway.bench.processes import Memory, forget_peaks, memory_of
from gateway.bench.proof import prove
from gateway.client import CallFailed

__all__ = ["Prepared", "Progress", "prepare", "run_accept"]

#: Hears what is being done, how much of it is done, and how much there is (None: it takes as long as it takes).
Progress = Callable[[str, int, int | None], None]

#: The gateway refuses new work when the disk has less than this left (gateway.reserve_bytes), and some for the rest.
_SPARE: Final = 3 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A founded gateway and the messages for it; `run` is what the ids of this run have in common."""

    ground: Ground
    messages: list[Message]
    paper: Paper
    run: str


@contextmanager
def prepare(plan: Plan, folder: Path | None, tell: Progress) -> Iterator[Prepared]:
    """Found a gateway and sign all messages; without `folder` in one that is removed at the end. BenchFailed."""
    if sys.platform != "linux":
        raise BenchFailed("the bench reads Linux's /proc; run it on Linux or in a container")
    place = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="pouch-bench-"))
    try:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BenchFailed(f"{place} cannot be made: {error.strerror}; name another place with --dir") from None
        _check_room(plan, place)
        ground = prepare_ground(place, tls=plan.tls)
        paper = place / "paper.pdf"
        write_paper(paper, plan.size.document)
        run = secrets.token_hex(6)
        desk = Desk(
            key=ground.keys / "system.key",
            certificate=ground.keys / "system.pem",
            paper=paper,
            attached=plan.size.attached,
            host=ground.host,
            run=run,
        )
        messages = presign(
            desk, plan.messages, datetime.now(UTC), lambda done: tell("signing messages", done, plan.messages)
        )
        yield Prepared(ground=ground, messages=messages, paper=Paper(paper), run=run)
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def _check_room(plan: Plan, place: Path) -> None:
    needed = plan.messages * (plan.size.document + 32 * 1024) + _SPARE
    free = shutil.disk_usage(place).free
    if free < needed:
        raise BenchFailed(
            f"{place} has {free // MIB:,} MiB free and this run may need {needed // MIB:,}; "
            "name another place with --dir, or fewer --seconds"
        )


async def run_accept(plan: Plan, prepared: Prepared, tell: Progress) -> Figures:
    """Start the gateway, measure, prove. BenchFailed says why there are no figures."""
    ground, paper = prepared.ground, prepared.paper
    messages = iter(prepared.messages)
    tell("starting the gateway", 0, None)
    async with RunningGateway(ground, workers=plan.workers) as running:
        try:
            before = memory_of(running.gateway())
            forget_peaks(before)
            tell("warming up", 0, None)
            warm = await drive(
                ground.address(), islice(messages, plan.warm_up), paper, concurrency=plan.concurrency, seconds=None
            )
            if warm.errors:
                raise BenchFailed(f"errors while warming up, by Reason code: {dict(warm.errors)}")
            tell("measuring", 0, None)
            gateway_before, database_before = running.usage()
            generator_before = time.process_time()
            result = await drive(ground.address(), messages, paper, concurrency=plan.concurrency, seconds=plan.seconds)
            generator_after = time.process_time()
            gateway_after, database_after = running.usage()
            after = memory_of(running.gateway())
            tell("verifying", 0, None)
            steps, verified = await prove(ground, result, prepared.run)
        except (Broken, CallFailed) as error:
            raise BenchFailed(f"the gateway does not answer: {error or 'no connection'}") from None
    costs = Costs(
        gateway_cpu_ms=gateway_after - gateway_before,
        database_cpu_ms=database_after - database_before,
        generator_cpu_ms=(generator_after - generator_before) * 1000,
        **_memory(before, after),
    )
    return Figures(
        plan=plan,
        message_bytes=prepared.messages[0].size(len(paper)),
        round=result,
        costs=costs,
        steps=steps,
        verified=verified,
    )


def _memory(before: dict[int, Memory], after: dict[int, Memory]) -> dict[str, float]:
    """Sums over the processes, each at its own highest moment: what they used together is at most this."""
    return {
        "rss_before_mib": sum(memory.now for memory in before.values()),
        "rss_peak_mib": sum(memory.peak for memory in after.values()),
        "rss_growth_mib": sum(
            memory.peak - (before[process].now if process in before else 0.0) for process, memory in after.items()
        ),
    }
