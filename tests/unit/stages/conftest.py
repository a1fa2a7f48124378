"""The stages' tests run over a line in memory, see line_in_memory.py."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "core")]

pytest.register_assert_rewrite("store_contract")
