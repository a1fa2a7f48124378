"""Proof: after the measurement, that every step was really done: answers are verified, spoiled messages are tried.

Rules: a gateway that takes what it should refuse, or whose answers do not verify, was not measured but caught:
BenchFailed. Nothing of this falls into the measured time.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.bench.connection import Answer, connect
from gateway.bench.ground import Ground
from gateway.bench.load import Address, Kept, Round, judge
from gateway.bench.messages import Message, Paper, Scribe, write_paper
from gateway.bench.plan import OFFICE, BenchFailed, Size
from gateway.client import OfficeClient, load_profile
from gateway.core.reason import Reason
from gateway.core.receipt import Receipt
from gateway.wire import xml
from gateway.wire.receipt import read_receipt
from pki.keys import load_certificate, load_signing_key
from pki.trust import Purpose, TrustList, pin
from pki.wss import verify
from pki.xmldsig import verify_enveloped

__all__ = ["prove", "read_durability", "spoil"]

#: Numbers of messages that no measurement reaches.
_FIRST_PROBE: Final = 90_000_000
#: So many exchanges are asked for by REST.
_ASKED: Final = 5
#: What makes a commit durable (PostgreSQL, chapter 28.5).
_DURABLE: Final = ("synchronous_commit", "fsync", "full_page_writes")


async def prove(ground: Ground, result: Round, run: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """Give the steps in the order in which the gateway does them, and how many of what was verified; BenchFailed."""
    if not result.kept:
        raise BenchFailed(f"no message was accepted; errors by Reason code: {dict(result.errors)}")
    if len(result.receipts) != result.accepted:
        raise BenchFailed(f"{result.accepted} messages were accepted with {len(result.receipts)} different receipts")
    trust = TrustList([pin(OFFICE, Purpose.SIGNING, load_certificate(ground.keys / "signing.pem"))])
    receipts = [_verify(kept, trust) for kept in result.kept]
    states = await _ask_states(ground, receipts[:_ASKED])
    durable = read_durability(ground.cluster)
    probes = await _probe(ground, run)
    steps = (
        f"signature verified against the office's certificate (a spoiled one: refused, {probes['signature']})",
        f"schema validated (a message without number: refused, {probes['schema']})",
        f"documents compared with the signed list (another digest: refused, {probes['digest']})",
        "message id decided by a unique key (the same again: the same receipt, byte for byte)",
        "document and message encrypted at rest, each under a key of its own",
        f"one commit of message, exchange, document, ledger entry and receipt ({durable})",
        f"receipt signed ({len(receipts)} verified; {len(result.receipts)} of {result.accepted} unique)",
        f"reply signed by WS-Security ({len(receipts)} verified)",
        "TLS on the front door" if ground.tls else "no TLS on the front door",
    )
    verified = {
        "replies": len(receipts),
        "receipts": len(receipts),
        "receipts_unique": len(result.receipts),
        "exchanges_asked": states,
        "probes": len(probes),
    }
    return steps, verified


def _verify(kept: Kept, trust: TrustList) -> Receipt:
    """Verify one reply and the receipt in it, and that it is about this message."""
    now = datetime.now(UTC)
    reply = verify(xml.parse(kept.body), trust=trust, now=now)
    if not reply.verdict.passed:
        raise BenchFailed(f"a reply is not signed by the gateway: {reply.verdict.explanation}")
    verdict, root = verify_enveloped(_receipt_in(kept.body), trust=trust, now=now)
    if root is None:
        raise BenchFailed(f"a receipt is not signed by the gateway: {verdict.explanation}")
    receipt = read_receipt(root)
    if receipt.message_id != kept.message.message_id or [d.sha256 for d in receipt.documents] != [kept.message.sha256]:
        raise BenchFailed("a receipt is about another message than the one it answers")
    return receipt


def _receipt_in(body: bytes) -> bytes:
    receipt, error = judge(Answer(status=200, body=body, last=False))
    try:
        return base64.b64decode(receipt or b"", validate=True)
    except binascii.Error:
        raise BenchFailed(f"a reply holds no receipt but {error or 'something that is no base64'}") from None


async def _ask_states(ground: Ground, receipts: Iterable[Receipt]) -> int:
    """Ask for exchanges by REST: recorded, and held until released."""
    asked = 0
    async with OfficeClient(load_profile(ground.profile)) as client:
        for receipt in receipts:
            answered = await client.status(receipt.exchange_id or "")
            if answered.body.get("state") != "held":
                raise BenchFailed(f"an exchange is {answered.body.get('state')} where it should be held")
            asked += 1
    return asked


def read_durability(cluster: Path) -> str:
    """Read how durable a commit is from the settings the server was started with; BenchFailed if one is not on.

    ALTER SYSTEM would stand in the second file, and nobody else writes to this cluster.
    """
    lines = [
        line.strip()
        for name in ("postgresql.conf", "postgresql.auto.conf")
        if (path := cluster / name).exists()
        for line in path.read_text().splitlines()
    ]
    for name in _DURABLE:
        if {line for line in lines if line.startswith(f"{name} ")} != {f"{name} = 'on'"}:
            raise BenchFailed(f"the database does not run with {name} = on")
    return ", ".join(f"{name}=on" for name in _DURABLE)


def spoil(scribe: Scribe, number: int, at: datetime) -> dict[str, tuple[Message, Reason]]:
    """Write messages that must be refused: {what is wrong: (message, the Reason)}."""
    good = scribe.operation(number, scribe.message_id(number))
    honest = scribe.write(number, at)
    changed = honest.front.replace(b"<Right>patent<", b"<Right>design<")
    unlisted = _replace(good, "Sha256", f"<Sha256>{'0' * 64}</Sha256>")
    return {
        "signature": (replace(honest, front=changed), Reason.SIGNATURE_INVALID),
        "schema": (scribe.write(number, at, body=_replace(good, "Number", "")), Reason.SCHEMA_VIOLATION),
        "digest": (scribe.write(number, at, body=unlisted), Reason.DOCUMENT_DIGEST),
    }


def _replace(operation: str, name: str, new: str) -> str:
    """Put `new` in the place of the first element of that name."""
    before, _, rest = operation.partition(f"<{name}>")
    return before + new + rest.partition(f"</{name}>")[2]


async def _probe(ground: Ground, run: str) -> dict[str, str]:
    """Send what must be refused, and one message twice, all of them small; gives {what: Reason code}."""
    paper = ground.folder / "probe.pdf"
    write_paper(paper, Size.SMALL.document)
    scribe = Scribe(
        key=load_signing_key(ground.keys / "system.key", ground.keys / "system.pem"),
        paper=Paper(paper),
        attached=False,
        host=ground.host,
        run=run,
    )
    address, at, codes = ground.address(), datetime.now(UTC), {}
    for what, (message, reason) in spoil(scribe, _FIRST_PROBE, at).items():
        receipt, code = judge(await _ask(address, message))
        if receipt is not None or code != reason.code:
            raise BenchFailed(f"a message with a bad {what} was answered with {code or 'a receipt'}")
        codes[what] = code
    honest = scribe.write(_FIRST_PROBE, at)
    first, again = judge(await _ask(address, honest)), judge(await _ask(address, honest))
    if first[0] is None or first != again:
        raise BenchFailed("the same message sent twice got two answers")
    return codes


async def _ask(address: Address, message: Message) -> Answer:
    connection = await connect(address.host, address.port, address.tls)
    try:
        return await connection.ask(message.front)
    finally:
        connection.close()
