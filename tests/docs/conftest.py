"""The documents' own gateway, see documented_gateway.py; it is shared with tests/conformance/clients."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

import documented_gateway


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.is_registered(documented_gateway):
        config.pluginmanager.register(documented_gateway)
