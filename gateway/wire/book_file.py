"""A book in a file: its signed root in the first line, then one document or one leaf a line, all as JSON.

Rules: documents are in the order of buckets and keys, so that the root can be computed while reading.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.core.reconcile import BUCKETS, Named
from gateway.wire.reconcile import NamedBody

__all__ = ["LINE_LIMIT", "BookHead", "LeafLine", "named_body"]

#: Bytes of a line.
LINE_LIMIT: Final = 64 * 1024


class BookHead(msgspec.Struct, frozen=True, kw_only=True, tag_field="form", tag="pouch-book/v1"):
    """The first line: the signed statement as a note."""

    note: str


class LeafLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document of which nothing is told but its leaf."""

    bucket: Annotated[int, Meta(ge=0, lt=BUCKETS)]
    leaf: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


def named_body(named: Named) -> NamedBody:
    """A document as it is told in full."""
    identity = named.identity
    return NamedBody(
        kind=identity.kind,
        office_code=identity.office,
        right=identity.right,
        normal=identity.normal,
        sha256=named.value.hex(),
        number=named.number,
        filing_date=named.filing_date,
    )
