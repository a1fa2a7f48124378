"""A gateway hosts several offices: the dossier of another than the first is under its own log's name."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "ledger"), str(HERE.parents[1] / "unit" / "core")]

from core_values import XB, agreement, application, deposit, head  # noqa: E402
from dossier_house import Trust, contents_of, verify  # noqa: E402
from log_house import open_house  # noqa: E402

from gateway.app.dossier import make_dossier  # noqa: E402
from gateway.pipeline import accept  # noqa: E402
from gateway.stages.authenticate import Authentic  # noqa: E402
from pki.note_keys import NoteVerifier  # noqa: E402


@pytest.fixture
async def house(database, tmp_path):
    async with open_house(tmp_path / "xa", database.app) as opened:
        yield opened


async def test_the_second_office_has_its_own_log(house):
    agreed = house.gateway.offices
    agreed.now = replace(agreed.now, agreements=(agreement(hosted=XB),))
    request = deposit(head=head(sender=XB, hosted=XB), application=application(office=XB))
    recorded = await accept(Authentic(request=request, evidence=b"{}", parts=None), house.gateway.line)
    await house.order()
    made = await make_dossier(house.gateway, recorded.exchange_id, patience=0)
    assert made.office == XB
    contents = contents_of(made.content)
    assert contents["log"]["origin"] == "xa.pouch.example/ledger/xb"
    key = house.gateway.log_keys[XB][0].verifier
    assert verify(made.content, Trust(keys=[key])).holds
    first = NoteVerifier(name="xa.pouch.example/ledger", public_key=key.public_key)
    assert not verify(made.content, Trust(keys=[first])).holds, "the first office's log is another"
