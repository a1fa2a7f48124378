"""Agreements: what a hosted office and a counterpart may exchange, by which adapter, under which rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from gateway.core.document import DocumentKind
from gateway.core.exchange import Party
from gateway.core.office import OfficeCode, Right
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition
from gateway.core.request import Hosting, Issuer
from gateway.core.transmission import Task

__all__ = ["Agreement", "covering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One agreement. `counterpart` is the hosted office itself where its own system is meant.

    `window` is how long an unregistered document is asked for again (PCT Rule 17.1 and the like decide its length);
    `recheck` how often a fetched document is looked at for changes, None for never; `suspended` stops the route;
    `needs_email` says that the counterpart sends the access code it issues to the applicant, whose address it needs.
    """

    name: str
    hosted: OfficeCode
    counterpart: OfficeCode
    adapter: str
    tasks: frozenset[Task]
    kinds: frozenset[DocumentKind]
    rights: frozenset[Right]
    hosting: frozenset[Hosting]
    code_issuers: frozenset[Issuer]
    standing_release: frozenset[Condition]
    window: timedelta
    recheck: timedelta | None
    suspended: bool = False
    needs_email: bool = False

    def covers(self, *, hosted: OfficeCode, kind: DocumentKind, right: Right, task: Task) -> bool:
        """Whether this agreement, in force, is about that task for that kind and right."""
        return (
            not self.suspended
            and self.hosted == hosted
            and kind in self.kinds
            and right in self.rights
            and task in self.tasks
        )


def covering(
    agreements: Iterable[Agreement], *, hosted: OfficeCode, kind: DocumentKind, right: Right, task: Task
) -> tuple[Agreement, ...]:
    """Give the agreements that cover a task; Refused(KIND_NOT_AGREED) if there is none."""
    found = tuple(a for a in agreements if a.covers(hosted=hosted, kind=kind, right=right, task=task))
    if not found:
        raise Refused(Reason.KIND_NOT_AGREED)
    return found


#: The first task of each party: an exchange without an agreement for it cannot begin.
FIRST_TASK = {Party.DEPOSITING: Task.PLACE, Party.ACCESSING: Task.OBTAIN}
