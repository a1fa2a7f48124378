"""Signing beforehand: every number once, in order, told as it goes on."""

from datetime import datetime
from pathlib import Path

import pytest

from gateway.bench.messages import write_paper
from gateway.bench.presigning import Desk, presign
from pki.keys import SigningKey, write_certificate, write_private_key


@pytest.fixture
def desk(tmp_path: Path, office_key: SigningKey) -> Desk:
    write_private_key(tmp_path / "system.key", office_key.key)
    write_certificate(tmp_path / "system.pem", office_key.certificate)
    write_paper(tmp_path / "paper.pdf", 1000)
    return Desk(
        key=tmp_path / "system.key",
        certificate=tmp_path / "system.pem",
        paper=tmp_path / "paper.pdf",
        attached=True,
        host="127.0.0.1:1",
        run="test",
    )


def test_few_messages_are_signed_here_in_order(desk: Desk, at: datetime) -> None:
    told: list[int] = []
    messages = presign(desk, 260, at, told.append)
    assert [message.message_id for message in messages] == [f"bench-test-{number:08d}" for number in range(1, 261)]
    assert told == [250, 260]
