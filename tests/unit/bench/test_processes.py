"""What is read from /proc: time and memory of a process and all it has started."""

import os
from pathlib import Path

import pytest

from gateway.bench.processes import (
    count_listeners,
    family_of,
    forget_peaks,
    measure,
    memory_of,
    read_memory,
    read_usage,
)

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def test_a_process_is_read_whatever_its_name(proc: Path) -> None:
    usage = read_usage((proc / "11" / "stat").read_text())
    assert (usage.process, usage.parent, usage.cpu_ms) == (11, 10, 7 * TICK_MS)


def test_time_of_ended_children_is_their_parents(proc: Path) -> None:
    assert read_usage((proc / "12" / "stat").read_text()).cpu_ms == 73 * TICK_MS


@pytest.mark.parametrize("text", ["", "10 (python S 1", "10 (python) S 1 2 3", "x (python) S 1" + " 0" * 20])
def test_what_is_no_stat_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_usage(text)


def test_a_family_is_a_process_and_all_below_it(proc: Path) -> None:
    usages = measure(proc)
    assert set(usages) == {10, 11, 12, 13, 20}
    assert set(family_of(10, usages)) == {10, 11, 12, 13}
    assert set(family_of(13, usages)) == {13}
    assert family_of(99, usages) == {}


def test_a_family_whose_members_ended_uses_no_less(proc: Path) -> None:
    before = sum(usage.cpu_ms for usage in family_of(10, measure(proc)).values())
    (proc / "13" / "stat").unlink()
    parent = (proc / "12" / "stat").read_text()
    (proc / "12" / "stat").write_text(parent.replace(" 1 2 30 40 ", " 1 2 35 45 "))
    assert sum(usage.cpu_ms for usage in family_of(10, measure(proc)).values()) == before


def test_this_process_is_found_in_the_real_proc() -> None:
    usages = measure()
    assert usages[os.getpid()].parent == os.getppid()
    assert os.getpid() in family_of(os.getppid(), usages)


def test_memory_is_read_in_mib(proc: Path) -> None:
    found = memory_of([10, 11, 99], proc)
    assert set(found) == {10, 11}
    assert (found[10].now, found[10].peak) == (1.0, 2.0)


def test_who_has_no_memory_has_none() -> None:
    assert (read_memory("Name:\tkthreadd\n").now, read_memory("").peak) == (0.0, 0.0)


def test_peaks_are_forgotten_as_the_kernel_wants_it(proc: Path) -> None:
    forget_peaks([10, 11], proc)
    assert (proc / "10" / "clear_refs").read_text() == (proc / "11" / "clear_refs").read_text() == "5"
    forget_peaks([99], proc)


def test_listeners_on_a_port_are_counted_and_connections_are_not(proc: Path) -> None:
    assert [count_listeners(port, proc) for port in (0x20FB, 0x20FC, 0x20FD)] == [2, 1, 0]
