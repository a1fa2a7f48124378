"""What the tests of gateway/evidence share: logs in folders."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from evidence_logs import write_log_into


@pytest.fixture
def write_log(tmp_path: Path) -> Callable[..., Path]:
    """Write a log of these entries into a folder of its own name; see write_log_into."""

    def write(entries: list[bytes], *, also: tuple[int, ...] = (), name: str = "log") -> Path:
        return write_log_into(tmp_path / name, entries, also)

    return write
