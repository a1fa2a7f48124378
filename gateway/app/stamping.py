"""Time-stamping: authorities attest, every hour, that the newest signed checkpoint of each log exists.

Rules:
- One process of all does it. Traffic never waits for it, and an authority that is away stops nothing: it is asked
  again, ever more seldom, and the age of the newest stamp grows until somebody is told.
- What an authority sends is bounded in bytes and time, no redirect is followed, and a token is kept only once it was
  verified: our digest, our nonce, the policy asked for, a signature that leads to a certificate of the settings.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography import x509

from gateway.app.opening import Gateway
from gateway.core.exchange import Step
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason
from gateway.kit.http import CounterpartHttp, Reach, authority
from gateway.settings import Settings, SettingsError
from gateway.settings_anchors import AuthoritySettings
from gateway.store.duties import Duty
from gateway.store.stamps import PostgresStamps, StampTarget
from monitoring.log import logger
from pki.keys import UnusableKey, load_certificates
from pki.timestamps import (
    ANSWER_LIMIT,
    NotGranted,
    TimeStamp,
    UnverifiedTimeStamp,
    read_answer,
    request_token_bytes,
    verify_token,
)
from pki.verdict import SubIndication

__all__ = ["CAUSES", "Authority", "NotStamped", "Stamping", "load_authorities", "obtain"]

_log = logger("time-stamping")

#: Seconds between two looks, and while a log has no checkpoint yet; seconds that connecting and a whole call may take.
_LOOK: Final = 60.0
_SOON: Final = 2.0
_CONNECT: Final = 10.0
_TOTAL: Final = 30.0
#: How far an authority's clock may be ahead, after which its stamps are no reason to wait.
_AHEAD: Final = timedelta(minutes=5)
#: Between two tries at an authority that fails: doubled from the first to the last.
_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(minutes=15)

_S = SubIndication
#: Why a token is not taken -> the word that is counted; what is not here is "certificate".
CAUSES: Final = {
    _S.FORMAT_FAILURE: "malformed",
    _S.HASH_FAILURE: "other-digest",
    _S.SIG_CRYPTO_FAILURE: "signature",
    _S.MESSAGE_FROM_FUTURE: "clock",
    _S.EXPIRED: "expired",
    _S.NOT_YET_VALID: "expired",
}


class NotStamped(Exception):
    """An authority did not give a time-stamp that holds; `cause` is one of monitoring.metrics.STAMP_CAUSES."""

    def __init__(self, cause: str, explanation: str) -> None:
        super().__init__(explanation)
        self.cause = cause


@dataclass(slots=True, kw_only=True)
class Authority:
    """An authority of the settings, and how its last tries went."""

    settings: AuthoritySettings
    roots: Sequence[x509.Certificate]
    http: CounterpartHttp
    failures: int = 0
    not_before: datetime | None = field(default=None)


def load_authorities(settings: Settings) -> list[Authority]:
    """Load the authorities' certificates; SettingsError names the setting. No call is made."""
    loaded = []
    for position, entry in enumerate(settings.ledger.timestamping.authority):
        place = f"ledger.timestamping.authority[{position}]"
        try:
            roots = [one for path in entry.certificates for one in load_certificates(path)]
        except (UnusableKey, OSError) as error:
            raise SettingsError(f"{place}.certificates: {error}") from None
        if not any(one.subject == one.issuer for one in roots):
            raise SettingsError(f"{place}.certificates: the authority's self-signed root is not among them")
        try:
            called = authority(entry.url)
        except ValueError:
            raise SettingsError(f"{place}.url: is not a URL that can be called") from None
        reach = Reach(
            authorities=frozenset({called}),
            ca=entry.ca,
            plain_http=entry.plain_http,
            connect=_CONNECT,
            total=_TOTAL,
            idle=_TOTAL,
            answer_limit=ANSWER_LIMIT,
            connections=1,
        )
        try:
            loaded.append(Authority(settings=entry, roots=roots, http=CounterpartHttp(reach)))
        except OSError as error:
            raise SettingsError(f"{place}.ca: {type(error).__name__}") from None
    return loaded


async def obtain(by: Authority, message: bytes, nonce: int, at: datetime) -> tuple[bytes, TimeStamp]:
    """Ask once for a time-stamp of `message` and verify it: token (DER) and what it says. NotStamped."""
    entry = by.settings
    try:
        answer = await by.http.call(
            "POST",
            entry.url,
            headers={"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
            body=request_token_bytes(message, nonce, policy=entry.policy),
        )
    except Deferred as error:
        raise NotStamped(*_of_call(error)) from None
    if answer.status != 200:
        raise NotStamped("status", f"it answered with HTTP status {answer.status}")
    try:
        token = read_answer(answer.body)
        stamp = await asyncio.to_thread(verify_token, token, message, roots=by.roots, at=at)
    except NotGranted as refusal:
        raise NotStamped("rejected", f"it gave none: {refusal}") from None
    except UnverifiedTimeStamp as error:
        raise NotStamped(CAUSES.get(error.sub_indication, "certificate"), str(error)) from None
    if stamp.nonce != nonce:
        raise NotStamped("nonce", "it answered another question: the nonce is not ours")
    if entry.policy is not None and stamp.policy != entry.policy:
        raise NotStamped("policy", "it was made under another policy than was asked for")
    return token, stamp


class Stamping:
    """Has the checkpoints of an open gateway's logs stamped as long as it runs."""

    def __init__(self, gateway: Gateway, authorities: Sequence[Authority]) -> None:
        self._gateway = gateway
        self._authorities = authorities
        self._every = timedelta(seconds=gateway.settings.ledger.timestamping.seconds)
        self._stamps = PostgresStamps(gateway.pool, gateway.queries)
        self._duty = Duty(gateway.pool, gateway.queries, "time-stamps")

    async def run(self) -> None:
        """Stamp until cancelled; ends at once where no authority is named."""
        try:
            while self._authorities:
                pause = _LOOK if await self.look() else _SOON
                await asyncio.sleep(pause)
        finally:
            for one in self._authorities:
                await one.http.close()

    async def look(self) -> bool:
        """Stamp what is due, if it is this process's duty, and measure how old the stamps are.

        False while a log that could be signed has no checkpoint yet.
        """
        try:
            if await self._duty.take():
                await asyncio.gather(*(self._ask(one) for one in self._authorities))
            measured = [await self._measure(hosted) for hosted, keys in self._gateway.log_keys.items() if keys]
            return all(measured)
        except Deferred as error:
            _log.warning("time-stamping is put off", reason=error.reason.code)
        except Exception as bug:
            _log.error("time-stamping failed and goes on", exc_info=bug)
        return True

    async def _ask(self, by: Authority) -> None:
        for hosted in self._gateway.log_keys:
            now = self._gateway.line.clock.now()
            if by.not_before is not None and now < by.not_before <= now + _LONGEST_PAUSE:
                return
            number, newest = (await self._stamps.newest(hosted)).get(by.settings.name, (None, None))
            if newest is not None and -_AHEAD <= now - newest < self._every:
                continue
            target = await self._stamps.target(hosted)
            if target is None or target.number == number:  # nothing was signed since
                continue
            await self._stamp(hosted, by, target, now)

    async def _stamp(self, hosted: OfficeCode, by: Authority, target: StampTarget, now: datetime) -> None:
        name, line = by.settings.name, self._gateway.line
        nonce = int.from_bytes(line.randomness.take(8))
        try:
            token, stamp = await obtain(by, target.note, nonce, now)
        except NotStamped as failure:
            by.not_before = now + min(_PAUSE * 2 ** min(by.failures, 10), _LONGEST_PAUSE)
            by.failures += 1
            self._gateway.meter.stamp_failed(name, failure.cause)
            _log.warning("no time-stamp", authority=name, hosted=hosted, cause=failure.cause, how=str(failure))
            return
        by.failures, by.not_before = 0, None
        digests = {"checkpoint": sha256(target.note).hexdigest(), "token": sha256(token).hexdigest()}
        entry = line.entry(hosted=hosted, exchange_id=None, step=Step.TIME_STAMPED, actor=name, digests=digests)
        await self._stamps.add(target.number, name, token, stamp.gen_time, entry)

    async def _measure(self, hosted: OfficeCode) -> bool:
        """A log that was never stamped by an authority is as old as its first checkpoint; False if there is none."""
        first = await self._stamps.first_signed(hosted)
        newest = await self._stamps.newest(hosted)
        now = self._gateway.line.clock.now()
        for one in self._authorities:
            _, at = newest.get(one.settings.name, (0, first))
            if at is not None:
                self._gateway.meter.stamp_age(hosted, one.settings.name, (now - at).total_seconds())
        return first is not None


def _of_call(error: Deferred) -> tuple[str, str]:
    """What became of a call, in words that hold nothing of the answer."""
    if error.reason is Reason.REMOTE_MALFORMED:
        return "malformed", f"its answer cannot be used ({error.place or 'not HTTP'})"
    if error.reason is Reason.REMOTE_UNREACHABLE:
        return "unreachable", "it cannot be reached"
    return "unanswered", "it did not answer in time, or broke off"
