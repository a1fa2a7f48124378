"""The metrics page: one text for all worker processes, and the files through which workers share their numbers.

Rules:
- With `serve --workers N` each worker writes to files of its own slot in one folder, and one process reads them all.
  A slot, not a process id, names the files: a worker that is started again goes on counting where it was, and the
  folder does not grow with every restart.
- The folder lives as long as one run of the gateway; on a tmpfs it costs no disk write.
"""

import os
from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.multiprocess import mark_process_dead as _forget_live_gauges

from monitoring.meter import Meter

__all__ = ["CONTENT_TYPE", "mark_process_dead", "metrics_text", "prepare_folder", "start_worker_metrics"]

#: The content type of `metrics_text`.
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

# the variable by which the library itself finds the folder
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


def prepare_folder(folder: Path) -> None:
    """Make the folder for one run, empty and readable by this user only. Called once, before any worker starts."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()


def start_worker_metrics(folder: Path, slot: int) -> None:
    """Let this process share its numbers through `folder`. Called in each worker before it makes its Meter.

    `slot` is the worker's place (0, 1, ...): no two living processes have the same one.
    """
    os.environ[_FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: slot)  # type: ignore[no-untyped-call]


def mark_process_dead(folder: Path, slot: int) -> None:
    """Take back what a dead worker said about the present (open connections); what it has counted stays counted."""
    _forget_live_gauges(slot, path=str(folder))  # type: ignore[no-untyped-call]


def metrics_text(meter: Meter, folder: Path | None = None) -> bytes:
    """Give the metrics page: of this process, or of all the workers that share `folder`."""
    registry = meter.registry
    if folder is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(registry)
