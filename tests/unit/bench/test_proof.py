"""Proof: what makes a measurement worthless is found, and the probes are refused for the reason they name."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from gateway.bench.messages import Message, Scribe, content_of
from gateway.bench.plan import BenchFailed
from gateway.bench.proof import read_durability, spoil
from gateway.core.reason import Reason, Refused
from gateway.core.request import Deposit
from gateway.wire import xml
from gateway.wire.soap_envelope import operation_in
from gateway.wire.soap_requests import read_request
from pki.keys import SigningKey
from pki.trust import TrustList, pin
from pki.verdict import SubIndication
from pki.wss import verify

DURABLE = "fsync = 'on'\nsynchronous_commit = 'on'\nfull_page_writes = 'on'\n"


@pytest.fixture
def spoiled(seat: Callable[[bool], Scribe], at: datetime) -> dict[str, tuple[Message, Reason]]:
    return spoil(seat(False), 5, at)


def test_durability_is_read_from_both_files(tmp_path: Path) -> None:
    (tmp_path / "postgresql.conf").write_text(DURABLE)
    assert "synchronous_commit=on" in read_durability(tmp_path)
    (tmp_path / "postgresql.auto.conf").write_text("# by ALTER SYSTEM\nsynchronous_commit = 'off'\n")
    with pytest.raises(BenchFailed, match="synchronous_commit"):
        read_durability(tmp_path)


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
@pytest.mark.parametrize("value", ["off", "local", None])
def test_a_database_that_may_lose_a_commit_is_not_measured(tmp_path: Path, name: str, value: str | None) -> None:
    text = DURABLE.replace(f"{name} = 'on'", f"{name} = '{value}'" if value else "")
    (tmp_path / "postgresql.conf").write_text(text)
    with pytest.raises(BenchFailed, match=name):
        read_durability(tmp_path)


def test_the_spoiled_signature_is_of_a_message_that_else_is_right(
    spoiled: dict[str, tuple[Message, Reason]], office_key: SigningKey, at: datetime
) -> None:
    message, reason = spoiled["signature"]
    root = xml.parse(content_of(message))
    verdict = verify(root, trust=TrustList([pin("XA", "signing", office_key.certificate)]), now=at).verdict
    assert verdict.sub_indication is SubIndication.HASH_FAILURE
    assert reason is Reason.SIGNATURE_INVALID
    assert isinstance(read_request(operation_in(root[1])), Deposit)


def test_the_others_are_signed_and_wrong_in_one_thing(
    spoiled: dict[str, tuple[Message, Reason]], office_key: SigningKey, at: datetime
) -> None:
    trust = TrustList([pin("XA", "signing", office_key.certificate)])
    bodies = {}
    for what in ("schema", "digest"):
        result = verify(xml.parse(content_of(spoiled[what][0])), trust=trust, now=at)
        assert result.signed_body is not None
        bodies[what] = operation_in(result.signed_body)
    with pytest.raises(Refused) as refused:
        read_request(bodies["schema"])
    assert refused.value.reason is spoiled["schema"][1]
    request = read_request(bodies["digest"])
    assert isinstance(request, Deposit)
    [document] = request.documents
    assert document.content is not None and hashlib.sha256(document.content).digest() != document.sha256
    assert spoiled["digest"][1] is Reason.DOCUMENT_DIGEST
