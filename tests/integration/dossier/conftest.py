"""A real dossier, made once: of an exchange with inline documents, REST decisions, a witness and a time-stamp."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "endpoints")]

from dossier_house import open_affair  # noqa: E402


@pytest.fixture
async def affair(database, tmp_path):
    """An office's exchange on a database of its own: see dossier_house.Affair."""
    async with open_affair(tmp_path / "xa", database.app) as opened:
        yield opened
