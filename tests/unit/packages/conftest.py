"""What the tests of packages share: the engine with a fixed clock."""

import io
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.x509 import Certificate

from gateway.core.finding import Report
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.form import Declared
from gateway.packages.inspecting import inspect

sys.path.append(str(Path(__file__).parent))

from pdf_making import AT

Inspecting = Callable[..., Report]


@pytest.fixture
def inspecting() -> Inspecting:
    def run(
        source: bytes,
        name: str = "thing",
        media_type: str | None = None,
        *,
        right: Right | None = None,
        is_digitally_signed: bool = False,
        roots: Sequence[Certificate] = (),
        at: datetime = AT,
    ) -> Report:
        application = (
            Application(office=OfficeCode("XA"), right=right, number="1", normal="1", filing_date=AT.date())
            if right
            else None
        )
        declared = Declared(media_type=media_type, application=application, is_digitally_signed=is_digitally_signed)
        return inspect(source, name=name, at=at, roots=roots, declared=declared)

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
