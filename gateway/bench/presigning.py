"""Signing beforehand: all messages of a run, in as many processes as there are cores, before the gateway starts."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.bench.messages import Message, Paper, Scribe
from pki.keys import load_signing_key

__all__ = ["Desk", "presign"]

#: Messages one process signs at a time; fewer than some batches are signed right here.
_BATCH: Final = 250
_FEW: Final = 2 * _BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a scribe needs, as another process can be told it: paths and words."""

    key: Path
    certificate: Path
    paper: Path
    attached: bool
    host: str
    run: str

    def scribe(self) -> Scribe:
        """Seat a scribe here."""
        return Scribe(
            key=load_signing_key(self.key, self.certificate),
            paper=Paper(self.paper),
            attached=self.attached,
            host=self.host,
            run=self.run,
        )


#: The scribe of a signing process; each such process sets its own.
_seated: Scribe | None = None


def presign(desk: Desk, count: int, at: datetime, tell: Callable[[int], None]) -> list[Message]:
    """Sign messages 1 to `count` at time `at`; `tell` hears how many are done."""
    messages: list[Message] = []
    with ExitStack() as stack:
        for batch in _batches(desk, count, at, stack):
            messages += batch
            tell(len(messages))
    return messages


def _batches(desk: Desk, count: int, at: datetime, stack: ExitStack) -> Iterator[list[Message]]:
    starts = range(1, count + 1, _BATCH)
    ranges = [range(start, min(start + _BATCH, count + 1)) for start in starts]
    if count <= _FEW:
        scribe = desk.scribe()
        return ([scribe.write(number, at) for number in each] for each in ranges)
    pool = ProcessPoolExecutor(
        max_workers=os.cpu_count(),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_seat,
        initargs=(desk,),
    )
    stack.enter_context(pool)
    return pool.map(_sign, ranges, [at] * len(ranges))


def _seat(desk: Desk) -> None:
    global _seated
    _seated = desk.scribe()


def _sign(numbers: range, at: datetime) -> list[Message]:
    if _seated is None:
        raise RuntimeError("a signing process begins with its scribe")
    return [_seated.write(number, at) for number in numbers]
