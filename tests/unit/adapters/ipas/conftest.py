"""Settings and errands for the IPAS adapter; no line is faked: where HTTP is needed it is real."""

import hashlib
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[3] / "contract")]

from adapters.ipas.config import read_settings
from gateway.core.document import DocumentKind, ListedDocument, Role
from gateway.core.errand import Cargo, CargoDocument, HandOverErrand
from gateway.core.exchange import Fact, FactName
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.release import for_addressee
from gateway.core.request import Hosting

TABLE = {
    "endpoints": {"patent": "http://127.0.0.1:1/IpasServices/IpasServices"},
    "time_zone": "America/Asuncion",
    "doc_origin": "3",
    "doc_log": "E",
    "first_number": 500,
    "last_number": 509,
    "userdoc_type": "PRIO",
    "user_number": 7,
    "receipt_date": "arrival",
    "content": "output-folder",
    "output_root": "/srv/ipas/in",
}

APPLICATION = Application(
    office=OfficeCode("YY"),
    right=Right.PATENT,
    number="2025001234",
    normal="2025001234",
    filing_date=date(2025, 1, 15),
)

EXCHANGE = "0190a000-0000-7000-8000-00000000000a"
COPY = b"%PDF-1.7 certified copy \x00\xff" * 11


@pytest.fixture
def make_table():
    """The settings as the operator writes them, with changes; None takes a key out."""

    def make(**changes):
        return {name: value for name, value in (TABLE | changes).items() if value is not None}

    return make


@pytest.fixture
def make_settings(make_table):
    """The same, read."""
    return lambda **changes: read_settings(make_table(**changes))


@pytest.fixture
def make_errand():
    """A hand-over of one exchange; `documents` are (bytes, media type, role)."""

    def make(
        *documents,
        own_number="XX/P/2026/123",
        version=1,
        earlier=None,
        right=Right.PATENT,
        received_at=datetime(2026, 1, 2, 14, 0, tzinfo=UTC),
    ):
        listed = documents or ((COPY, "application/pdf", Role.CERTIFIED_COPY),)
        application = Application(
            office=APPLICATION.office,
            right=right,
            number=APPLICATION.number,
            normal=APPLICATION.normal,
            filing_date=APPLICATION.filing_date,
        )
        facts = (Fact(name=FactName.OWN_SYSTEM_NUMBER, at=received_at, value=earlier),) if earlier else ()
        cargo = Cargo(
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=application,
            documents=tuple(sheet(place, *one) for place, one in enumerate(listed)),
            version=version,
            hosting=Hosting.BUREAU,
            access_code=None,
            applicant_email=None,
            received_at=received_at,
            own_number=own_number,
            facts=facts,
        )
        return HandOverErrand(exchange_id=EXCHANGE, cargo=for_addressee(cargo, on_hold=False))

    return make


def sheet(place, content, media_type, role):
    async def read():
        step = 7 if len(content) < 100_000 else 65_537
        for start in range(0, len(content), step):
            yield content[start : start + step]

    listed = ListedDocument(
        content_id=f"d{place}",
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        role=role,
        media_type=media_type,
    )
    return CargoDocument(listed=listed, open=read)


@pytest.fixture
def application():
    return APPLICATION
