"""Checking the anchors: each time-stamping authority is asked once, the export's folder and the lists are looked at."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Final

from gateway.app.daily_export import exported_head
from gateway.app.finding import Finding, Looking
from gateway.app.opening import Gateway
from gateway.app.revoking import check_revocation
from gateway.app.stamping import Authority, NotStamped, load_authorities, obtain
from gateway.settings import SettingsError
from gateway.store.ledger_read import LedgerDamaged

__all__ = ["check_anchors"]

#: What is stamped: an authority learns nothing from its digest.
_SAMPLE: Final = b"pouch check\n"


async def check_anchors(gateway: Gateway, patience: float) -> AsyncIterator[Looking | Finding]:
    """Look at what anchors the ledger outside, and at the revocation lists; `patience` is each authority's, in seconds.

    Messages need none of it: only certificates that cannot be read are fatal, and old lists where the mode is hard.
    """
    for finding in check_revocation(gateway.revocation.now, gateway.line.clock.now()):
        yield finding
    if (folder := gateway.settings.ledger.export.folder) is not None:
        yield await asyncio.to_thread(_export, gateway)
        if not gateway.settings.ledger.keys:
            yield Finding(name="daily export", good=False, text=f"{folder} stays empty: no ledger.keys", fatal=False)
    try:
        authorities = load_authorities(gateway.settings)
    except SettingsError as error:
        yield Finding(name="time-stamping", good=False, text=str(error))
        return
    for one in authorities:
        yield Looking(name=f"time-stamping by {one.settings.name}", text="is asked for a stamp")
        yield await _ask(one, gateway, patience)


async def _ask(by: Authority, gateway: Gateway, patience: float) -> Finding:
    name, nonce = f"time-stamping by {by.settings.name}", int.from_bytes(gateway.line.randomness.take(8))
    try:
        async with asyncio.timeout(patience):
            _, stamp = await obtain(by, _SAMPLE, nonce, gateway.line.clock.now())
    except TimeoutError:
        return Finding(name=name, good=False, text=f"has not answered within {patience:g} s", fatal=False)
    except NotStamped as error:
        return Finding(name=name, good=False, text=f"{error.cause}: {error}", fatal=False)
    finally:
        await by.http.close()
    until = min(certificate.not_valid_after_utc for certificate in stamp.chain)
    text = f"stamps under policy {stamp.policy}, with certificates until {until:%Y-%m-%d}"
    return Finding(name=name, good=True, text=text, fatal=False)


def _export(gateway: Gateway) -> Finding:
    folder = gateway.settings.ledger.export.folder
    if folder is None or not folder.is_dir():
        text = f"{folder} is not there: make it where its disk is mounted"
        return Finding(name="daily export", good=False, text=text, fatal=False)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(name="daily export", good=False, text=f"{folder}: this user may not write there", fatal=False)
    try:
        heads = {hosted: exported_head(folder, hosted) for hosted in gateway.log_keys}
    except (LedgerDamaged, OSError) as error:
        return Finding(name="daily export", good=False, text=str(error), fatal=False)
    told = ", ".join(f"{hosted} {head[0] if head else 'nothing yet'}" for hosted, head in heads.items())
    return Finding(name="daily export", good=True, text=f"entries so far: {told}", fatal=False)
