"""The stages' tests run over a line in memory, see line_in_memory.py."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "core")]

from line_in_memory import make_bench  # noqa: E402 - only after the paths are set


@pytest.fixture
def bench():
    """A line in memory."""
    return make_bench()
