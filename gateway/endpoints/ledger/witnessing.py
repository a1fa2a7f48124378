"""Being a witness at /ledger/add-checkpoint: another's checkpoint in, a cosignature out (C2SP tlog-witness).

Rules:
- A gateway is one witness, whichever offices it hosts: two records under one key could contradict each other.
- The signed checkpoint proves itself, so that no token is asked for; how often a log may come is bounded.
"""

from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.endpoints.ledger.log import Conflicts, Cosigned
from gateway.endpoints.ledger.tiles import TEXT
from gateway.endpoints.middleware import Visit
from gateway.wire.rest_render import JSON, render_error
from gateway.wire.tlog_witness import ADD_CHECKPOINT_LIMIT, SIZE_MEDIA_TYPE, render_size

__all__ = ["post_checkpoint"]


async def post_checkpoint(visit: Visit) -> web.StreamResponse:
    """Take a checkpoint; the answer is that of the standard, for refusals with an error object as body."""
    ledger = visit.door.ledger
    if ledger is None or ledger.witness is None:
        raise Refused(Reason.NO_SUCH_ADDRESS)
    content = b"".join([piece async for piece in visit.body(limit=ADD_CHECKPOINT_LIMIT)])
    answer = await ledger.witness.cosign(content, visit.encounter.source)
    if isinstance(answer, Cosigned):
        return web.Response(body=answer.lines, headers={"Content-Type": TEXT})
    if isinstance(answer, Conflicts):
        visit.door.line.meter.refused(Reason.CHECKPOINT_CONFLICT.code, visit.encounter.door)
        return web.Response(status=409, body=render_size(answer.size), headers={"Content-Type": SIZE_MEDIA_TYPE})
    # Not raised: the witness has written the entry about it, which names log and checkpoint.
    refused = Refused(Reason.LOG_PROOF_INVALID)
    visit.door.line.meter.refused(refused.reason.code, visit.encounter.door)
    return web.Response(status=refused.reason.http, body=render_error(refused, None), headers={"Content-Type": JSON})
