"""Load: a number of connections, each with one message under way, until time or messages are used up."""

import asyncio
import hashlib
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from gateway.bench.connection import Answer, Broken, Connection, connect
from gateway.bench.messages import Message, Paper

__all__ = ["Address", "Kept", "Round", "drive", "judge"]

#: The first answers and one in so many are kept, at most so many of them, to be looked at when the run is over.
_KEEP_FIRST: Final = 4
_KEEP_EACH: Final = 50
_KEEP_MOST: Final = 64
_RECEIPT: Final = b"<Receipt>"
_CODE: Final = b"<Code>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the gateway's front door is; `tls` verifies it, None: plain."""

    host: str
    port: int
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message and the answer it got."""

    message: Message
    body: bytes


@dataclass(slots=True, kw_only=True)
class Round:
    """What one drive gave: seconds of every accepted message, errors by Reason code, digests of the receipts."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    receipts: set[bytes] = field(default_factory=set)
    kept: list[Kept] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    used_up: bool = False

    @property
    def accepted(self) -> int:
        """How many messages got a receipt."""
        return len(self.seconds)


def judge(answer: Answer) -> tuple[bytes | None, str]:
    """Give the base64 of the receipt, or None and what came instead: a Reason code, or `http-NNN`."""
    _, found, rest = answer.body.partition(_RECEIPT)
    if answer.status == 200 and found:
        return rest.partition(b"<")[0], ""
    code = answer.body.partition(_CODE)[2][:4].decode("ascii", "replace")
    return None, code if code.isdecimal() else f"http-{answer.status}"


async def drive(
    address: Address, messages: Iterator[Message], paper: Paper, *, concurrency: int, seconds: float | None
) -> Round:
    """Send messages over `concurrency` connections for `seconds` (None: until they are used up), and await the last.

    Nothing is sent twice: what was refused, or whose connection was cut, is an error and the next one follows.
    """
    result = Round()
    opened = await asyncio.gather(*(connect(address.host, address.port, address.tls) for _ in range(concurrency)))
    result.began = perf_counter()
    until = float("inf") if seconds is None else result.began + seconds
    await asyncio.gather(*(_walk(each, address, messages, paper, until, result) for each in opened))
    result.ended = perf_counter()
    return result


async def _walk(
    connection: Connection, address: Address, messages: Iterator[Message], paper: Paper, until: float, result: Round
) -> None:
    try:
        while (started := perf_counter()) < until:
            message = next(messages, None)
            if message is None:
                result.used_up = True
                return
            try:
                answer = await _send(connection, message, paper)
            except Broken:
                result.errors["connection"] += 1
                connection = await connect(address.host, address.port, address.tls)
                continue
            _note(message, answer, perf_counter() - started, result)
            if answer.last:
                connection = await connect(address.host, address.port, address.tls)
    except Broken:
        result.errors["no-connection"] += 1
    finally:
        connection.close()


async def _send(connection: Connection, message: Message, paper: Paper) -> Answer:
    if message.attached:
        return await connection.ask(message.front, paper.view, message.back)
    return await connection.ask(message.front)


def _note(message: Message, answer: Answer, seconds: float, result: Round) -> None:
    receipt, error = judge(answer)
    if receipt is None:
        result.errors[error] += 1
        return
    number = len(result.seconds)
    if (number < _KEEP_FIRST or number % _KEEP_EACH == 0) and len(result.kept) < _KEEP_MOST:
        result.kept.append(Kept(message=message, body=answer.body))
    result.seconds.append(seconds)
    result.receipts.add(hashlib.blake2b(receipt, digest_size=16).digest())
