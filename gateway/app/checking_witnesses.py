"""Looking at our witnesses: how far each has cosigned, as a measure, and whether it answers, for `pouch check`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from gateway.app.finding import Finding, Looking
from gateway.app.opening import Gateway
from gateway.app.sequencing import make_witnesses, sign_head
from gateway.app.witness import load_witness_key, read_witnessed
from gateway.core.merkle import EMPTY_ROOT
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred
from gateway.settings import SettingsError
from gateway.store.cosignatures import PostgresCosignatures
from gateway.store.ledger_read import LedgerDamaged

__all__ = ["check_witnesses", "measure_witnesses"]

#: What `pouch check` says of an answer (metrics.WITNESS_ANSWERS).
_SAID: Final = {
    "cosigned": "cosigns",
    "ahead": "says that it has cosigned more than is here: pouch ledger recover",
    "conflict": "says that this log does not follow what it cosigned: pouch ledger recover",
    "refused": "does not cosign: does its operator have our verifier key?",
    "malformed": "answers something that its key does not vouch for: is ledger.witness.vkey right?",
    "unreachable": "does not answer",
}


async def measure_witnesses(gateway: Gateway) -> None:
    """Tell the meter how far each witness has come with each log; Deferred(DATABASE_UNAVAILABLE)."""
    cosignatures, now = PostgresCosignatures(gateway.pool, gateway.queries), gateway.line.clock.now()
    for hosted, standing in gateway.standings.now().items():
        gateway.meter.ledger_suspended(hosted, suspended=standing.suspended)
        newest = await gateway.ledger.newest(hosted)
        for item in gateway.settings.ledger.witness if newest else ():
            name = item.vkey.partition("+")[0]
            last = await cosignatures.latest(hosted, name)
            gateway.meter.witness_stands(
                hosted,
                name,
                lag=max(0, (newest.size if newest else 0) - (last.size if last else 0)),
                age=(now - last.at).total_seconds() if last else None,
            )


async def check_witnesses(gateway: Gateway, patience: float) -> AsyncIterator[Looking | Finding]:
    """Say how the logs stand, and show each witness the newest checkpoint of the first; `patience` in seconds each."""
    try:
        key, logs = load_witness_key(gateway.settings), read_witnessed(gateway.settings)
    except SettingsError as error:
        yield Finding(name="witness", good=False, text=str(error))
        return
    if key is not None:
        text = f"{key.verifier.vkey} cosigns {len(logs)} logs"
        yield Finding(name="witness", good=True, text=text, fatal=False)
    for office, standing in gateway.standings.now().items():
        if standing.suspended and standing.cause:
            text = f"is not signed ({standing.cause.value}): pouch ledger recover"
            yield Finding(name=f"log of {office}", good=False, text=text, fatal=False)
    hosted = OfficeCode(gateway.settings.hosted[0].code)
    if not gateway.settings.ledger.witness or not gateway.log_keys[hosted]:
        return
    head = await gateway.ledger.newest(hosted) or sign_head(
        gateway.log_keys[hosted], 0, EMPTY_ROOT, gateway.line.clock.now()
    )
    witnesses = make_witnesses(gateway)
    try:
        for name in witnesses.names:
            place = f"witness {name}"
            yield Looking(name=place, text="is shown our checkpoint")
            try:
                async with asyncio.timeout(patience):
                    verdict = await witnesses.try_one(name, hosted, head)
                text = _SAID.get(verdict, verdict)
            except TimeoutError:
                verdict, text = "unreachable", f"has not answered within {patience:g} s"
            except (Deferred, LedgerDamaged) as error:
                verdict, text = "unreachable", f"could not be asked: {type(error).__name__}"
            yield Finding(name=place, good=verdict == "cosigned", text=text, fatal=False)
    finally:
        await witnesses.close()
