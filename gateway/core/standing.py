"""How an office's log stands: under which name, and whether it may be signed now."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

__all__ = ["Cause", "LogStanding"]


class Cause(Enum):
    """Why a log is not signed until it is whole again, or a person decides."""

    SHORTER = "shorter"  # than a checkpoint that is known to have been signed
    ANOTHER = "another"  # a tree of the same size was signed with another root
    DAMAGED = "damaged"  # its own tables do not fit together
    MEMORY = "memory"  # the remembered checkpoint cannot be read
    WITNESS_AHEAD = "witness-ahead"  # a witness says that it has cosigned more than there is
    WITNESS_DISAGREES = "witness-disagrees"  # a witness says that this log does not follow what it cosigned


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStanding:
    """`origin` names the log; while it is `suspended`, `cause` says why and `size` what is known to have been signed.

    Entries are still written, and wait for their places; receipts say "unwitnessed".
    """

    origin: str
    suspended: bool = False
    cause: Cause | None = None
    size: int | None = None
    since: datetime | None = None
