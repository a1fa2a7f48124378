"""Processes: what a family of processes has used of processor and memory, read from Linux's /proc.

Rules:
- A family is a process and all its descendants. Time of those that have ended is counted with the parent that waited
  for them (proc(5), cutime and cstime), so that a family's time never goes back.
- Peaks are the kernel's own high-water marks, not samples: nothing is missed between two looks.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "Memory",
    "Usage",
    "count_listeners",
    "family_of",
    "forget_peaks",
    "measure",
    "memory_of",
    "read_memory",
    "read_usage",
]

_PROC: Final = Path("/proc")
_TICK_MS: Final = 1000.0 / os.sysconf("SC_CLK_TCK")
_MIB_KIB: Final = 1024.0
#: Written to clear_refs, this forgets the peak of resident memory (proc(5), since Linux 4.0).
_FORGET_PEAK: Final = "5"
#: The state of a listening socket in /proc/net/tcp.
_LISTENS: Final = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One process: its parent, and the milliseconds of processor it and its ended children have used."""

    process: int
    parent: int
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident memory now and at its highest, in MiB."""

    now: float
    peak: float


def read_usage(stat: str) -> Usage:
    """Read the text of /proc/N/stat; ValueError if it is none. The name in it may hold blanks and brackets."""
    process, _, rest = stat.partition(" (")
    _, closed, fields_text = rest.rpartition(") ")
    fields = fields_text.split()
    if not closed or len(fields) < 15:
        raise ValueError("this is no /proc/N/stat")
    # after the name: 3 state, 4 ppid, ..., 14 utime, 15 stime, 16 cutime, 17 cstime
    return Usage(process=int(process), parent=int(fields[1]), cpu_ms=sum(map(int, fields[11:15])) * _TICK_MS)


def read_memory(status: str) -> Memory:
    """Read the text of /proc/N/status; nothing for a kernel thread or a process that has ended."""
    values = dict.fromkeys(("VmRSS", "VmHWM"), 0.0)
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name in values:
            values[name] = int(value.split()[0]) / _MIB_KIB
    return Memory(now=values["VmRSS"], peak=values["VmHWM"])


def measure(proc: Path = _PROC) -> dict[int, Usage]:
    """Look at every process there is, once."""
    found: dict[int, Usage] = {}
    for entry in proc.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError):  # it ended while we looked
                usage = read_usage((entry / "stat").read_text())
                found[usage.process] = usage
    return found


def family_of(process: int, usages: Mapping[int, Usage]) -> dict[int, Usage]:
    """Give a process and its descendants of those that were seen; empty if it is not there."""
    family = {process: usages[process]} if process in usages else {}
    grown = True
    while grown:
        children = {n: usage for n, usage in usages.items() if usage.parent in family and n not in family}
        family.update(children)
        grown = bool(children)
    return family


def memory_of(processes: Iterable[int], proc: Path = _PROC) -> dict[int, Memory]:
    """Look at the memory of these processes; those that have ended are left out."""
    found: dict[int, Memory] = {}
    for process in processes:
        with suppress(OSError):
            found[process] = read_memory((proc / str(process) / "status").read_text())
    return found


def forget_peaks(processes: Iterable[int], proc: Path = _PROC) -> None:
    """Let peaks begin anew at what is resident now; where the kernel does not, peaks are those of the whole life."""
    for process in processes:
        with suppress(OSError):
            (proc / str(process) / "clear_refs").write_text(_FORGET_PEAK)


def count_listeners(port: int, proc: Path = _PROC) -> int:
    """Count the sockets that listen on an IPv4 port: those of several processes may share it."""
    count = 0
    for line in (proc / "net" / "tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        count += state == _LISTENS and int(local.rpartition(":")[2], 16) == port
    return count
