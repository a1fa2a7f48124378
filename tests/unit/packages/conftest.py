"""What the tests of packages share: the engine with a fixed clock."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.core.finding import Report
from gateway.packages.form import Declared
from gateway.packages.inspecting import inspect

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


Inspecting = Callable[..., Report]


@pytest.fixture
def inspecting() -> Inspecting:
    def run(source: bytes, name: str = "thing", media_type: str | None = None) -> Report:
        return inspect(source, name=name, at=AT, declared=Declared(media_type=media_type))

    return run


@pytest.fixture
def zipped() -> Callable[[dict[str, bytes]], bytes]:
    def run(contents: dict[str, bytes]) -> bytes:
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return sink.getvalue()

    return run
