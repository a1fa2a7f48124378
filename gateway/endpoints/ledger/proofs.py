"""Proofs for who does not want to fetch tiles: JSON at /ledger/proof/..., and .tlog-proof files (C2SP tlog-proof)."""

from typing import Final

import msgspec
from aiohttp import web

from gateway.core.reason import Reason, Refused
from gateway.endpoints.ledger.asking import Asked, ask, newest, one_of, signed, whole_number, with_cosignatures
from gateway.endpoints.ledger.log import Head
from gateway.endpoints.middleware import Visit
from gateway.wire.rest_render import JSON
from gateway.wire.tlog_checkpoint import render_hash
from gateway.wire.tlog_proof import PROOF_MEDIA_TYPE, ConsistencyBody, InclusionBody, LogProof, render_proof

__all__ = ["get_consistency", "get_inclusion", "get_proof_file"]

_INCLUSION: Final = frozenset({"seq", "leaf_hash", "size"})
_CONSISTENCY: Final = frozenset({"from", "to"})


async def get_inclusion(visit: Visit) -> web.StreamResponse:
    """Prove that the entry `seq`, or that with `leaf_hash` (64 hexadecimal digits), is in the tree of `size`.

    Without `size`, in that of the newest checkpoint. Refused with LEDGER_OUT_OF_RANGE, LEDGER_SIZE_NOT_SIGNED.
    """
    asked = ask(visit, _INCLUSION)
    seq = await _seq(asked)
    head = await signed(asked, "size")
    _check_within(seq, head)
    hosted, log = asked.hosted, asked.log
    return _json(
        InclusionBody(
            leaf_index=seq,
            tree_size=head.size,
            leaf_hash=render_hash(await log.leaf_hash(hosted, seq)),
            root_hash=render_hash(head.root),
            proof=[render_hash(digest) for digest in await log.inclusion(hosted, seq, head.size)],
            checkpoint=head.note.decode(),
        )
    )


async def get_consistency(visit: Visit) -> web.StreamResponse:
    """Prove that the tree of size `to` (the newest without it) begins with that of `from`; both sizes were signed."""
    asked = ask(visit, _CONSISTENCY)
    one_of(asked, "from")
    old, new = await signed(asked, "from"), await signed(asked, "to")
    if not 0 < old.size <= new.size:
        raise Refused(Reason.LEDGER_OUT_OF_RANGE, "from")
    return _json(
        ConsistencyBody(
            old_size=old.size,
            new_size=new.size,
            old_root_hash=render_hash(old.root),
            new_root_hash=render_hash(new.root),
            proof=[render_hash(digest) for digest in await asked.log.consistency(asked.hosted, old.size, new.size)],
            old_checkpoint=old.note.decode(),
            new_checkpoint=new.note.decode(),
        )
    )


async def get_proof_file(visit: Visit) -> web.StreamResponse:
    """Give the .tlog-proof file of an entry, to be kept and verified without us.

    Under the newest checkpoint that covers it and was cosigned, with its cosignatures; before that, under the newest.
    """
    asked = ask(visit)
    seq = whole_number(visit.request.match_info["seq"], "seq")
    head = await newest(asked)
    _check_within(seq, head)
    head = await asked.log.newest_cosigned(asked.hosted, seq + 1) or head
    note = await with_cosignatures(asked, head)
    proof = await asked.log.inclusion(asked.hosted, seq, head.size)
    written = render_proof(LogProof(index=seq, proof=tuple(proof), checkpoint=note))
    return web.Response(body=written, headers={"Content-Type": PROOF_MEDIA_TYPE})


async def _seq(asked: Asked) -> int:
    if one_of(asked, "seq", "leaf_hash") == "seq":
        return whole_number(asked.query["seq"], "seq")
    text = asked.query["leaf_hash"]
    if len(text) != 64 or not text.isascii() or not text.isalnum():
        raise Refused(Reason.SCHEMA_VIOLATION, "leaf_hash")
    try:
        leaf_hash = bytes.fromhex(text)
    except ValueError:
        raise Refused(Reason.SCHEMA_VIOLATION, "leaf_hash") from None
    seq = await asked.log.seq_of(asked.hosted, leaf_hash)
    if seq is None:
        raise Refused(Reason.LEDGER_OUT_OF_RANGE, "leaf_hash")
    return seq


def _check_within(seq: int, head: Head) -> None:
    if seq >= head.size:
        raise Refused(Reason.LEDGER_OUT_OF_RANGE)


def _json(body: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), headers={"Content-Type": JSON})
