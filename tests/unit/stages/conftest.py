"""The stages' tests run over a line in memory, see line_in_memory.py."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "core")]

pytest.register_assert_rewrite("store_contract")

from line_in_memory import make_bench  # noqa: E402 - only after the assertions of store_contract are seen to


@pytest.fixture
def bench():
    """A line in memory."""
    return make_bench()
