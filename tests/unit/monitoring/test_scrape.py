"""Several workers, one page: each worker is a process of its own, as in `pouch serve --workers N`."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.meter import Meter
from monitoring.metrics import Bounds
from monitoring.scrape import mark_process_dead, metrics_text, prepare_folder

BOUNDS = (
    "Bounds(operations=frozenset({'DepositPriorityDocument'}), offices=frozenset({'XA'}), "
    "counterparts=frozenset({'IB'}), reasons=frozenset({'3012'}), tasks=frozenset({'place'}))"
)
WORKER = f"""
import sys
from pathlib import Path
from monitoring.metrics import Bounds
from monitoring.meter import Meter
from monitoring.scrape import start_worker_metrics

start_worker_metrics(Path(sys.argv[1]), int(sys.argv[2]))
meter = Meter({BOUNDS}, version="0.1.0")
for _ in range(int(sys.argv[3])):
    meter.accepted("XA", "DepositPriorityDocument")
    meter.stage_took("record", 0.002)
meter.database_connections(in_use=int(sys.argv[3]), idle=0)
if sys.argv[2] == "1":
    meter.disk_free("storage", 77)
"""


def work(folder: Path, slot: int, messages: int) -> None:
    subprocess.run([sys.executable, "-c", WORKER, str(folder), str(slot), str(messages)], check=True)


def page(folder: Path) -> dict[str, float]:
    meter = Meter(
        Bounds(
            operations=frozenset(),
            offices=frozenset(),
            counterparts=frozenset(),
            reasons=frozenset(),
            tasks=frozenset(),
        ),
        version="0.1.0",
    )
    families = text_string_to_metric_families(metrics_text(meter, folder).decode())
    return {
        sample.name + "".join(sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare_folder(tmp_path / "metrics")
    return tmp_path / "metrics"


def test_workers_add_up_and_a_restarted_one_goes_on_counting(folder: Path) -> None:
    work(folder, 0, 3)
    work(folder, 1, 4)
    numbers = page(folder)
    assert numbers["pouch_messages_accepted_totalDepositPriorityDocumentXA"] == 7
    assert numbers["pouch_stage_seconds_countrecord"] == 7
    assert numbers["pouch_database_connectionsin_use"] == 7
    assert numbers["pouch_disk_free_bytesstorage"] == 77
    files = len(list(folder.iterdir()))

    mark_process_dead(folder, 1)
    numbers = page(folder)
    assert numbers["pouch_database_connectionsin_use"] == 3
    assert numbers["pouch_messages_accepted_totalDepositPriorityDocumentXA"] == 7

    work(folder, 1, 2)
    numbers = page(folder)
    assert numbers["pouch_messages_accepted_totalDepositPriorityDocumentXA"] == 9
    assert numbers["pouch_database_connectionsin_use"] == 5
    assert len(list(folder.iterdir())) == files


def test_a_new_run_begins_with_an_empty_folder_that_only_we_can_read(folder: Path) -> None:
    work(folder, 0, 1)
    prepare_folder(folder)
    assert not list(folder.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700
