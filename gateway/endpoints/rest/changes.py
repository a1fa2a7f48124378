"""The calls that change something, one function each; what they all do alike is in calls.py."""

from dataclasses import replace

from aiohttp import web

from gateway.endpoints.middleware import Visit
from gateway.endpoints.rest.calls import OPERATE, answer_written, tell
from gateway.wire.rest_requests import (
    decode_confirmation,
    decode_correction,
    decode_deposit,
    decode_hold,
    decode_release,
    decode_replacement,
    decode_resend,
    decode_retrieval,
    decode_withdrawal,
)

__all__ = [
    "delete_hold",
    "post_confirmation",
    "post_correction",
    "post_deposit",
    "post_hold",
    "post_release",
    "post_replacement",
    "post_resend",
    "post_retrieval",
    "post_withdrawal",
]


async def post_deposit(visit: Visit) -> web.StreamResponse:
    """Take documents of an application into the bag."""
    limits = visit.door.limits.mime
    authentic = await tell(visit, lambda body, key: decode_deposit(body, key=key), proof_needed=True, limits=limits)
    return await answer_written(visit, authentic, created=True)


async def post_replacement(visit: Visit) -> web.StreamResponse:
    """Put new documents in the place of the deposited ones."""
    exchange_id, limits = _exchange(visit), visit.door.limits.mime
    authentic = await tell(
        visit, lambda body, key: decode_replacement(body, exchange_id, key=key), proof_needed=True, limits=limits
    )
    return await answer_written(visit, authentic)


async def post_release(visit: Visit) -> web.StreamResponse:
    """Decide on the conditions that hold a document."""
    exchange_id = _exchange(visit)
    authentic = await tell(visit, lambda body, key: decode_release(body, exchange_id, key=key), proof_needed=True)
    return await answer_written(visit, authentic)


async def post_correction(visit: Visit) -> web.StreamResponse:
    """Correct the filing date."""
    exchange_id = _exchange(visit)
    authentic = await tell(visit, lambda body, key: decode_correction(body, exchange_id, key=key), proof_needed=True)
    return await answer_written(visit, authentic)


async def post_withdrawal(visit: Visit) -> web.StreamResponse:
    """Take a registration back."""
    exchange_id = _exchange(visit)
    authentic = await tell(visit, lambda body, key: decode_withdrawal(body, exchange_id, key=key), proof_needed=True)
    return await answer_written(visit, authentic)


async def post_retrieval(visit: Visit) -> web.StreamResponse:
    """Ask for another office's document."""
    authentic = await tell(visit, lambda body, key: decode_retrieval(body, key=key))
    return await answer_written(visit, authentic, created=True)


async def post_confirmation(visit: Visit) -> web.StreamResponse:
    """Confirm a notification."""
    notification_id = visit.request.match_info["notification"]
    authentic = await tell(visit, lambda body, key: decode_confirmation(body, notification_id, key=key))
    return await answer_written(visit, authentic)


async def post_hold(visit: Visit) -> web.StreamResponse:
    """Stop an exchange or, where the address names none, the whole office."""
    exchange_id = visit.request.match_info.get("exchange")
    authentic = await tell(visit, lambda body, key: decode_hold(body, exchange_id, key=key), scope=OPERATE)
    return await answer_written(visit, authentic)


async def delete_hold(visit: Visit) -> web.StreamResponse:
    """Lift such a stop."""
    exchange_id = visit.request.match_info.get("exchange")
    authentic = await tell(
        visit, lambda body, key: replace(decode_hold(body, exchange_id, key=key), lift=True), scope=OPERATE
    )
    return await answer_written(visit, authentic)


async def post_resend(visit: Visit) -> web.StreamResponse:
    """Try again what was refused, held or put off."""
    exchange_id = _exchange(visit)
    authentic = await tell(visit, lambda body, key: decode_resend(body, exchange_id, key=key), scope=OPERATE)
    return await answer_written(visit, authentic)


def _exchange(visit: Visit) -> str:
    return visit.request.match_info["exchange"]
