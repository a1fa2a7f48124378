"""Independent clients against the gateway of tests/docs: one process for both folders, see documented_gateway.py."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "docs"))

import documented_gateway


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.is_registered(documented_gateway):
        config.pluginmanager.register(documented_gateway)
