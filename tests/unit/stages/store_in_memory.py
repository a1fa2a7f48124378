"""Journal, queue, records and guesses in memory, for one process and one loop.

What they do is what PostgreSQL does: tests/integration/store runs the same tests over both.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.core.exchange import Fact, FactName, Party, State
from gateway.core.reason import Deferred, Overtaken, Reason, Refused
from gateway.core.transmission import Delivered, Ended, Leg, Pending, Task, Transmission, TransmissionState
from gateway.core.view import ExchangeView, TransmissionView
from gateway.ports import Appended, KnownMessage, NotificationRow, WaitingNotification

READY, HELD = TransmissionState.READY, TransmissionState.HELD
DONE, REFUSED = TransmissionState.DONE, TransmissionState.REFUSED
PASSED_BY = frozenset({Task.RECHECK, Task.ANSWER})


@dataclass
class Row:
    """A transmission as the table has it."""

    hosted: str
    exchange_id: str
    transmission_id: str
    leg: Leg
    created_at: datetime
    state: TransmissionState = READY
    reason: str | None = None
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    woken: bool = False

    def is_of(self, transmission) -> bool:
        return (self.transmission_id, self.fence, self.state) == (
            transmission.transmission_id,
            transmission.fence,
            READY,
        )


@dataclass
class Notice:
    row: NotificationRow
    hosted: str
    exchange_id: str
    created_at: datetime
    confirmed: bool = False


class StoreInMemory:
    """ports.Journal, Records, Outbox and Guesses over one set of rows. `away` makes every call Deferred."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.away = False
        self.entries, self.transmissions = [], []
        self.messages, self.exchanges, self.codes, self.notices, self.guessed = {}, {}, {}, {}, {}
        self.documents, self.decisions, self.facts = {}, {}, {}
        self.stops = set()

    def _check(self) -> None:
        if self.away:
            raise Deferred(Reason.DATABASE_UNAVAILABLE)

    # --- journal

    async def append(self, change) -> Appended:
        self._check()
        message, entry, exchange = change.message, change.entry, change.exchange
        key = message and (message.hosted, message.sender, message.message_id)
        if key in self.messages:
            known = self.messages[key]
            return Appended(fresh=False, receipt=known.receipt, digest=known.digest)
        if exchange:
            self._check_exchange(exchange)
        settled = self._settled(change)
        self._check_documents(change)

        self.entries.append(entry)
        if message:
            self.messages[key] = KnownMessage(
                receipt=message.receipt, digest=message.digest, exchange_id=entry.exchange_id
            )
        about = entry.exchange_id
        if exchange:
            self.exchanges[about] = replace(exchange, revision=exchange.revision + 1, office_stopped=False)
        if exchange and change.access_code:
            self.codes[about] = change.access_code
        self.documents.setdefault(about, []).extend(change.documents)
        self.decisions.setdefault(about, []).extend(change.decisions)
        self.facts.setdefault(about, []).extend(change.facts)
        for transmission_id, leg in change.legs:
            self.transmissions.append(
                Row(change.hosted, about, transmission_id, replace(leg, progress=dict(leg.progress)), entry.at)
            )
        for row in change.notifications:
            self.notices[row.notification_id] = Notice(row, change.hosted, about, entry.at)
        if settled:
            self._settle(settled, change)
        self._wake(change)
        if change.confirms in self.notices:
            self.notices[change.confirms].confirmed = True
        if change.stops:
            (self.stops.discard if change.stops.lift else self.stops.add)(change.hosted)
        return Appended(fresh=True, receipt=message.receipt if message else None, digest=message and message.digest)

    async def forget(self, change) -> None:
        self._check()
        about, at = change.exchange_id, change.entry.at
        known = self.exchanges.get(about)
        if known is None or known.revision != change.revision:
            raise Overtaken
        terms = {name: value for name, value in known.terms.items() if name != "applicant_email"}
        self.exchanges[about] = replace(known, terms=terms, revision=known.revision + 1)
        self.codes.pop(about, None)
        gone = [replace(each, stored=replace(each.stored, wrapped_key=b"")) for each in self.documents[about]]
        self.documents[about] = gone
        for key, message in self.messages.items():
            if message.exchange_id == about:
                self.messages[key] = replace(message, receipt=b"", digest=b"")
        self.decisions[about] = [replace(each, by="erased", basis="erased") for each in self.decisions[about]]
        for row in self.transmissions:
            if row.exchange_id == about and row.state in (READY, HELD):
                row.state, row.reason = REFUSED, Reason.DOCUMENT_FORGOTTEN.code
                row.lease_until, row.fence = None, row.fence + 1
        self.facts[about].append(Fact(name=FactName.FORGOTTEN, at=at, value=change.basis))
        self.entries.append(change.entry)

    def _check_exchange(self, exchange) -> None:
        known = self.exchanges.get(exchange.exchange_id)
        if (known.revision if known else 0) != exchange.revision:
            raise Overtaken
        over = (State.WITHDRAWN, State.REFUSED)
        if exchange.party is not Party.DEPOSITING or exchange.state in over:
            return
        for other in self._of_application(exchange.hosted, exchange.party, exchange.application):
            if other.kind is not exchange.kind or other.exchange_id == exchange.exchange_id:
                continue
            if other.state not in over:
                raise Refused(Reason.ALREADY_DEPOSITED)
            if exchange.revision == 0 and other.state is State.WITHDRAWN and self._is_under_way(other):
                raise Deferred(Reason.BEING_WITHDRAWN)

    def _is_under_way(self, exchange) -> bool:
        return any(
            row.state in (READY, HELD) and row.leg.task is not Task.ANSWER
            for row in self.transmissions
            if row.exchange_id == exchange.exchange_id
        )

    def _check_documents(self, change) -> None:
        known = self.documents.get(change.entry.exchange_id, [])
        names = [(d.version, d.listed.content_id) for d in (*known, *change.documents)]
        if len(set(names)) != len(names):
            raise LookupError("a document of that name is there")

    def _settled(self, change):
        if not change.settles:
            return None
        row = next((row for row in self.transmissions if row.is_of(change.settles[0])), None)
        if row is None:
            raise Deferred(Reason.LEASE_LOST)
        return row

    def _settle(self, row, change) -> None:
        transmission, outcome = change.settles
        row.reason, row.attempts, row.lease_until = None, 0, None
        due_at = row.leg.due_at
        match outcome:
            case Delivered():
                row.state = DONE
            case Pending(delay=delay):
                due_at = change.entry.at + delay
            case Ended(reason=reason, state=state, again_at=again_at):
                row.state = READY if row.woken and state is HELD else state
                row.reason, row.attempts = reason.code, transmission.attempts + 1
                due_at = again_at or due_at
        if not row.woken:
            row.leg = replace(row.leg, due_at=due_at)
        row.woken = False

    def _wake(self, change) -> None:
        for row in self.transmissions:
            if row.hosted == change.hosted and row.transmission_id in change.wakes and row.state is not DONE:
                row.attempts = row.attempts if row.state is READY else 0
                row.state, row.woken = READY, row.lease_until is not None
                row.leg = replace(row.leg, due_at=change.entry.at)

    # --- outbox

    async def claim(self, *, busy, lease) -> Transmission | None:
        self._check()
        now = self.clock.now()
        due = [row for row in self.transmissions if self._is_claimable(row, busy, now)]
        if not due:
            return None
        row = min(due, key=lambda row: row.leg.due_at)
        row.lease_until, row.fence, row.woken = now + lease, row.fence + 1, False
        return Transmission(
            transmission_id=row.transmission_id,
            hosted=row.hosted,
            exchange_id=row.exchange_id,
            leg=replace(row.leg, progress=dict(row.leg.progress)),
            attempts=row.attempts,
            fence=row.fence,
            created_at=row.created_at,
        )

    def _is_claimable(self, row, busy, now) -> bool:
        leased = row.lease_until is not None and row.lease_until >= now
        stopped = row.hosted in self.stops or self.exchanges[row.exchange_id].on_hold
        taken = row.leg.counterpart in busy and row.leg.task is not Task.ROUTE
        if row.state is not READY or row.leg.due_at > now or leased or stopped or taken:
            return False
        earlier = self.transmissions[: self.transmissions.index(row)]
        return row.leg.task is Task.ANSWER or not any(
            other.exchange_id == row.exchange_id
            and (other.leg.counterpart, other.leg.adapter) == (row.leg.counterpart, row.leg.adapter)
            and other.state in (READY, HELD)
            and other.leg.task not in PASSED_BY
            for other in earlier
        )

    def _mine(self, transmission):
        self._check()
        return next((row for row in self.transmissions if row.is_of(transmission)), None)

    async def renew(self, transmission, *, lease) -> bool:
        row = self._mine(transmission)
        if row:
            row.lease_until = self.clock.now() + lease
        return row is not None

    async def postpone(self, transmission, *, until) -> None:
        row = self._mine(transmission)
        if row is None:
            raise Deferred(Reason.LEASE_LOST)
        row.attempts, row.lease_until = 0, None
        if not row.woken:
            row.leg = replace(row.leg, due_at=until)
        row.woken = False

    def progress(self, transmission) -> "ProgressInMemory":
        return ProgressInMemory(self, transmission)

    # --- records

    async def message(self, hosted, sender, message_id):
        self._check()
        return self.messages.get((hosted, sender, message_id))

    async def exchange(self, hosted, exchange_id):
        self._check()
        found = self.exchanges.get(exchange_id)
        if found is None or found.hosted != hosted:
            return None
        return replace(found, office_stopped=hosted in self.stops)

    async def view(self, hosted, exchange_id):
        exchange = await self.exchange(hosted, exchange_id)
        if exchange is None:
            return None
        documents = sorted(self.documents[exchange_id], key=lambda d: (d.version, d.listed.content_id))
        return ExchangeView(
            exchange=exchange,
            decisions=tuple(self.decisions[exchange_id]),
            facts=tuple(self.facts[exchange_id]),
            documents=tuple(documents),
            transmissions=tuple(
                TransmissionView(
                    transmission_id=row.transmission_id,
                    leg=replace(row.leg, progress=dict(row.leg.progress)),
                    state=row.state.value,
                    attempts=row.attempts,
                    reason=row.reason,
                )
                for row in self.transmissions
                if row.exchange_id == exchange_id
            ),
        )

    def _of_application(self, hosted, party, application):
        wanted = (hosted, party, application.office, application.right, application.normal)
        for each in self.exchanges.values():
            about = each.application
            if (each.hosted, each.party, about.office, about.right, about.normal) == wanted:
                yield each

    async def of_application(self, hosted, party, application):
        self._check()
        found = sorted(self._of_application(hosted, party, application), key=lambda each: each.created_at, reverse=True)
        return tuple(found)

    async def list(self, hosted, *, state, normal, before, limit):
        self._check()
        found = [
            each
            for name, each in sorted(self.exchanges.items(), reverse=True)
            if each.hosted == hosted
            and state in (None, each.state.value)
            and normal in (None, each.application.normal)
            and (before is None or name < before)
        ]
        return tuple(found[:limit])

    async def access_code(self, hosted, exchange_id):
        return self.codes.get(exchange_id) if await self.exchange(hosted, exchange_id) else None

    async def notifications(self, hosted, addressee, limit):
        self._check()
        waiting = [
            WaitingNotification(
                notification_id=name,
                exchange_id=notice.exchange_id,
                event=notice.row.event,
                content=notice.row.content,
                created_at=notice.created_at,
            )
            for name, notice in sorted(self.notices.items())
            if (notice.hosted, notice.row.addressee, notice.confirmed) == (hosted, addressee, False)
        ]
        return tuple(waiting[:limit])

    async def notification_exchange(self, hosted, addressee, notification_id):
        self._check()
        notice = self.notices.get(notification_id)
        if notice is None or (notice.hosted, notice.row.addressee) != (hosted, addressee):
            return None
        return notice.exchange_id

    def _waiting(self, hosted, counterpart, acknowledgement_id):
        self._check()
        for row in reversed(self.transmissions):
            known = row.leg.progress.get("acknowledgement")
            if (row.hosted, row.leg.counterpart, known) == (hosted, counterpart, acknowledgement_id):
                return row if row.state == READY else self._recheck_of(row)
        return None

    def _recheck_of(self, done):
        about = (done.hosted, done.exchange_id, done.leg.counterpart, Task.RECHECK, READY)
        found = (
            row
            for row in reversed(self.transmissions)
            if (row.hosted, row.exchange_id, row.leg.counterpart, row.leg.task, row.state) == about
        )
        return next(found, None)

    async def waiting_for(self, hosted, counterpart, acknowledgement_id):
        row = self._waiting(hosted, counterpart, acknowledgement_id)
        return row and row.transmission_id

    async def waiting_exchange(self, hosted, counterpart, acknowledgement_id):
        row = self._waiting(hosted, counterpart, acknowledgement_id)
        return row and row.exchange_id

    # --- guesses

    def _guess(self, hosted, caller, application):
        self._check()
        return (hosted, caller, application.office, application.right, application.normal)

    async def count(self, hosted, caller, application) -> int:
        name = self._guess(hosted, caller, application)
        self.guessed[name] = self.guessed.get(name, 0) + 1
        return self.guessed[name]

    async def so_far(self, hosted, caller, application) -> int:
        return self.guessed.get(self._guess(hosted, caller, application), 0)

    async def forgive(self, hosted, application) -> None:
        wanted = self._guess(hosted, None, application)
        for name in [name for name in self.guessed if (name[0], None, *name[2:]) == wanted]:
            del self.guessed[name]


class ProgressInMemory:
    """ports.Progress of one claimed transmission."""

    def __init__(self, store: StoreInMemory, transmission: Transmission) -> None:
        self._store, self._transmission = store, transmission
        self._known = dict(transmission.leg.progress)

    @property
    def known(self):
        return MappingProxyType(self._known)

    async def commit(self, **values) -> None:
        row = self._store._mine(self._transmission)
        if row is None:
            raise Deferred(Reason.LEASE_LOST)
        for progress in (self._known, row.leg.progress):
            for name, value in values.items():
                if value is None:
                    progress.pop(name, None)
                else:
                    progress[name] = value


LEASE = timedelta(minutes=1)
