"""Reconcile: how long, and with how much traffic, two offices find one lost and one altered document among very many.

Rules: two gateways with a database each, both running as they do in an office; the command is a process of its own and
asks over a real socket; its time counts from its start to its end, the making of both books included.
"""

import asyncio
import json
import os
import resource
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.app.opening import CannotOpen
from gateway.bench.accept import Progress
from gateway.bench.book_rows import ACCESSING, DEPOSITING, fill
from gateway.bench.ground import Ground, RunningGateway, prepare_ground
from gateway.bench.plan import BenchFailed
from gateway.bench.processes import forget_peaks, memory_of
from gateway.settings import SettingsError

__all__ = ["ReconcileFigures", "expect_found", "run_reconcile"]

_AGO: Final = timedelta(days=2)
_LOOK_SECONDS: Final = 0.05
_COMMAND_SECONDS: Final = 600.0
_BYTES_EACH: Final = 6000
_SPARE: Final = 3 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileFigures:
    """One measurement: the command's time and memory, its traffic, what it found, and the partner's memory.

    Processor time, in seconds, is independent of what else the machine does: of the command and its database, and of
    the partner's gateway and database, which work at the same time.
    """

    exchanges: int
    seconds: float
    own_cpu_seconds: float
    partner_cpu_seconds: float
    traffic_bytes: int
    peak_rss_mib: float
    partner_growth_mib: float
    found: dict[str, list[str]]

    def as_json(self) -> dict[str, Any]:
        """The figures by name."""
        return {
            "bench": "reconcile",
            "exchanges": self.exchanges,
            "seconds": round(self.seconds, 3),
            "own_cpu_seconds": round(self.own_cpu_seconds, 3),
            "partner_cpu_seconds": round(self.partner_cpu_seconds, 3),
            "traffic_bytes": self.traffic_bytes,
            "peak_rss_mib": round(self.peak_rss_mib, 1),
            "partner_growth_mib": round(self.partner_growth_mib, 1),
            "found": self.found,
            "cores": os.cpu_count(),
        }


async def run_reconcile(exchanges: int, folder: Path | None, tell: Progress) -> ReconcileFigures:
    """Fill two databases, run both gateways, compare, and check that exactly the two differences were found."""
    lost, altered = exchanges // 3 + 1, 2 * exchanges // 3 + 1
    if exchanges < 3:
        raise BenchFailed("one of three is lost and another altered: compare at least three")
    with _place(folder, exchanges) as place:
        at = datetime.now(UTC) - _AGO
        try:
            given = prepare_ground(place / "xa", tls=False, office=DEPOSITING.office)
            taken = prepare_ground(place / "xb", tls=False, office=ACCESSING.office)
            _agree(given, taken)
            await fill(given, DEPOSITING, exchanges, at, lambda done: tell("filling the one side", done, exchanges))
            await fill(
                taken,
                ACCESSING,
                exchanges,
                at,
                lambda done: tell("filling the other side", done, exchanges),
                lost=lost,
                altered=altered,
            )
        except (CannotOpen, SettingsError) as error:
            raise BenchFailed(str(error)) from None
        tell("comparing", 0, None)
        async with RunningGateway(given, workers=1) as partner, RunningGateway(taken, workers=1) as own:
            before = memory_of(partner.gateway())
            forget_peaks(before)
            began = _cpu(partner, own)
            told, seconds, peak = await _compare(given, taken)
            ended = _cpu(partner, own)
            after = memory_of(partner.gateway())
    return ReconcileFigures(
        exchanges=exchanges,
        seconds=seconds,
        own_cpu_seconds=ended[1] - began[1],
        partner_cpu_seconds=ended[0] - began[0],
        traffic_bytes=told["trafficBytes"],
        peak_rss_mib=peak,
        partner_growth_mib=sum(memory.peak - before[n].now for n, memory in after.items() if n in before),
        found=expect_found(told, lost, altered),
    )


def expect_found(told: dict[str, Any], lost: int, altered: int) -> dict[str, list[str]]:
    """The numbers found, by kind; BenchFailed unless they are exactly the two that differ."""
    found: dict[str, list[str]] = {}
    for difference in told["books"][0]["differences"]:
        found.setdefault(difference["kind"], []).append(difference["number"])
    expected = {"missing-here": [_number(lost)], "altered": [_number(altered)]}
    if found != expected:
        raise BenchFailed(f"found {found} and not {expected}")
    return found


def _cpu(partner: RunningGateway, own: RunningGateway) -> tuple[float, float]:
    """Seconds of processor so far: of the partner's gateway and database; of our database and the commands we ran."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(partner.usage()) / 1000, own.usage()[1] / 1000 + spent.ru_utime + spent.ru_stime


def _agree(given: Ground, taken: Ground) -> None:
    """The depositing office knows the other's system, and agrees to compare."""
    main = tomllib.loads(given.config.read_text())
    main["ledger"]["reconciles"] = [ACCESSING.office]
    given.config.write_bytes(msgspec.toml.encode(main))
    offices = tomllib.loads((given.folder / "offices.toml").read_text())
    client = {"id": "xb-books", "certificate": str(taken.keys / "system.pem"), "scopes": ["ledger"]}
    offices["office"].append({"code": ACCESSING.office, "name": "The other office", "client": [client]})
    (given.folder / "offices.toml").write_bytes(msgspec.toml.encode(offices))
    profile = tomllib.loads(taken.profile.read_text())
    profile |= {
        "gateway": f"http://{given.host}",
        "hosted": DEPOSITING.office,
        "client_id": "xb-books",
        "gateway_certificate": str(given.keys / "signing.pem"),
    }
    (taken.folder / "partner.toml").write_bytes(msgspec.toml.encode(profile))


async def _compare(given: Ground, taken: Ground) -> tuple[dict[str, Any], float, float]:
    """Run the command; gives its answer, its seconds and its peak of resident memory in MiB."""
    words = ("-c", taken.config, "-p", taken.folder / "partner.toml", "--vkey", given.keys / "ledger.vkey")
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "ledger", "reconcile", *map(str, words), "--book", "taken", "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("POUCH_DATABASE")},
    )
    peaks = [0.0]
    watching = asyncio.create_task(_watch(process.pid, peaks))
    try:
        out, errors = await asyncio.wait_for(process.communicate(), _COMMAND_SECONDS)
    except TimeoutError:
        process.kill()
        raise BenchFailed("the command did not come to an end; is the machine overloaded?") from None
    finally:
        watching.cancel()
    seconds = time.monotonic() - started
    if process.returncode != 1:
        raise BenchFailed(f"the command ended with {process.returncode}: {(errors or out).decode()[-800:]}")
    return json.loads(out), seconds, peaks[-1]


async def _watch(process: int, peaks: list[float]) -> None:
    """Note the kernel's high-water mark as long as the process lives."""
    while True:
        peaks += [memory.peak for memory in memory_of([process]).values() if memory.peak]
        await asyncio.sleep(_LOOK_SECONDS)


def _number(number: int) -> str:
    return f"{DEPOSITING.office} 2026/{number:08d}"


@contextmanager
def _place(folder: Path | None, exchanges: int) -> Iterator[Path]:
    """An empty folder: the one that is named, and is kept, or one that is removed."""
    place = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="pouch-bench-"))
    try:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BenchFailed(f"{place} cannot be made: {error.strerror}; name another place with --dir") from None
        if shutil.disk_usage(place).free < exchanges * _BYTES_EACH + _SPARE:
            raise BenchFailed(f"{place} has too little room; name another place with --dir, or fewer --exchanges")
        yield place
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
