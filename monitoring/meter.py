"""The meter: counts what happens in the field's words. The rest of the gateway sees its methods through a port.

Rules: a child is looked up once and then kept by its label values, so that counting on the hot path is one
dictionary look-up and one addition.
"""

import platform
from collections.abc import Callable, Container, Mapping
from typing import Generic, TypeVar

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import metrics
from monitoring.metrics import Bounds, Family, bounded

__all__ = ["Meter"]

M = TypeVar("M", Counter, Gauge, Histogram)

# one number per counter, not two: the time a counter was made says nothing after a restart
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class _Series(Generic[M]):
    """The children of one family by their label values. A value that is not on its list is counted, never kept."""

    __slots__ = ("_allowed", "_children", "_whole")

    def __init__(self, whole: M, allowed: tuple[Container[str], ...]) -> None:
        self._whole: M = whole
        self._allowed = allowed
        self._children: dict[tuple[str, ...], M] = {}

    def at(self, *values: str) -> M:
        """Give the child to count on."""
        child = self._children.get(values)
        return self._bind(values) if child is None else child

    def _bind(self, values: tuple[str, ...]) -> M:
        kept = tuple(bounded(value, allowed) for value, allowed in zip(values, self._allowed, strict=True))
        child: M = self._whole.labels(*kept) if kept else self._whole
        if kept == values:
            self._children[values] = child
        return child


class Meter:
    """Counts and measures. One per process, made after `scrape.start_worker_metrics` where there are workers."""

    def __init__(self, bounds: Bounds, *, version: str) -> None:
        self.registry = CollectorRegistry()
        self._bounds = bounds
        self._accepted = self._series(self._counter, metrics.ACCEPTED)
        self._repeated = self._series(self._counter, metrics.REPEATED)
        self._refused = self._series(self._counter, metrics.REFUSED)
        self._counted = self._series(self._counter, metrics.COUNTED)
        self._wrong_codes = self._series(self._counter, metrics.WRONG_CODES)
        self._deliveries = self._series(self._counter, metrics.DELIVERIES)
        self._remote_calls = self._series(self._counter, metrics.REMOTE_CALLS)
        self._remote_seconds = self._series(self._histogram, metrics.REMOTE_SECONDS)
        self._stages = self._series(self._histogram, metrics.STAGE_SECONDS)
        self._signing = self._series(self._histogram, metrics.SIGNING_SECONDS)
        self._queue_depth = self._series(self._gauge, metrics.QUEUE_DEPTH)
        self._queue_age = self._series(self._gauge, metrics.QUEUE_AGE)
        self._ledger = self._series(self._gauge, metrics.LEDGER_ENTRIES)
        self._ledger_size = self._series(self._gauge, metrics.LEDGER_SIZE)
        self._ledger_waiting = self._series(self._gauge, metrics.LEDGER_WAITING)
        self._ledger_lag = self._series(self._gauge, metrics.LEDGER_LAG)
        self._checkpoint_age = self._series(self._gauge, metrics.CHECKPOINT_AGE)
        self._ledger_checked = self._series(self._counter, metrics.LEDGER_CHECKED)
        self._ledger_mismatches = self._series(self._counter, metrics.LEDGER_MISMATCHES)
        self._ledger_suspended = self._series(self._gauge, metrics.LEDGER_SUSPENDED)
        self._witness_answers = self._series(self._counter, metrics.WITNESS_ANSWERED)
        self._witness_age = self._series(self._gauge, metrics.WITNESS_AGE)
        self._witness_lag = self._series(self._gauge, metrics.WITNESS_LAG)
        self._witnessed = self._series(self._counter, metrics.WITNESSED_REQUESTS)
        self._stamp_age = self._series(self._gauge, metrics.STAMP_AGE)
        self._stamp_failures = self._series(self._counter, metrics.STAMP_FAILURES)
        self._export_age = self._series(self._gauge, metrics.EXPORT_AGE)
        self._export_failures = self._series(self._counter, metrics.EXPORT_FAILURES)
        self._revocation_days = self._series(self._gauge, metrics.REVOCATION_DAYS)
        self._revocation_unknown = self._series(self._counter, metrics.REVOCATION_UNKNOWN)
        self._outages = self._series(self._gauge, metrics.OUTAGES_UNPLANNED)
        self._links_away = self._series(self._gauge, metrics.LINK_AWAY)
        self._certificates = self._series(self._gauge, metrics.CERTIFICATE_DAYS)
        self._disk = self._series(self._gauge, metrics.DISK_FREE)
        self._skew = self._series(self._gauge, metrics.CLOCK_SKEW)
        self._pool = self._series(self._gauge, metrics.POOL)
        self._gauge(metrics.BUILD).labels(version, platform.python_version()).set(1)
        for office in bounds.offices:  # from zero, so that the first is an increase
            self._ledger_mismatches.at(office)
            for witness in bounds.witnesses:
                for verdict in metrics.WITNESS_ANSWERS:
                    self._witness_answers.at(office, witness, verdict)
            for cause in metrics.EXPORT_CAUSES:
                self._export_failures.at(office, cause)
            for door in sorted(metrics.DOORS):
                self._wrong_codes.at(office, door)
        for verdict in metrics.WITNESSED:
            self._witnessed.at(verdict)

    # --- the line ----------------------------------------------------------------------------------------------------

    def accepted(self, office: str, operation: str) -> None:
        """A message of `operation` was recorded for a hosted office and its receipt was given."""
        self._accepted.at(office, operation).inc()

    def repeated(self, office: str, operation: str) -> None:
        """The same message came again; it was answered with the receipt given then."""
        self._repeated.at(office, operation).inc()

    def refused(self, reason: str, door: str) -> None:
        """A message was turned away at `door` with a Reason's code."""
        self._refused.at(reason, door).inc()

    def refusals_counted(self, reason: str, door: str, count: int) -> None:
        """`count` unauthenticated refusals were written as one ledger entry."""
        self._counted.at(reason, door).inc(count)

    def wrong_access_code(self, office: str, door: str) -> None:
        """A wrong access code was tried, through `door`, in the name of a hosted office or for a document of it."""
        self._wrong_codes.at(office, door).inc()

    def stage_took(self, stage: str, seconds: float) -> None:
        """A verb of the line took so long."""
        self._stages.at(stage).observe(seconds)

    def receipt_signed(self, seconds: float) -> None:
        """A receipt was made and signed."""
        self._signing.at().observe(seconds)

    # --- counterparts ------------------------------------------------------------------------------------------------

    def delivered(self, counterpart: str, task: str, outcome: str) -> None:
        """An attempt ended: delivered, pending, deferred, held or refused."""
        self._deliveries.at(counterpart, task, outcome).inc()

    def remote_call(self, counterpart: str, operation: str, outcome: str, seconds: float) -> None:
        """One call to a counterpart, in the words of its adapter's tables."""
        self._remote_calls.at(counterpart, operation, outcome).inc()
        self._remote_seconds.at(counterpart).observe(seconds)

    def queue(self, waiting: Mapping[tuple[str, str], tuple[int, float]]) -> None:
        """Set depth and oldest age in seconds by (counterpart, state). What is not in the mapping is empty."""
        for counterpart in self._bounds.counterparts:
            for state in metrics.QUEUE_STATES:
                depth, age = waiting.get((counterpart, state), (0, 0.0))
                self._queue_depth.at(counterpart, state).set(depth)
                self._queue_age.at(counterpart, state).set(age)

    # --- the house ---------------------------------------------------------------------------------------------------

    def ledger_entries(self, count: int) -> None:
        """The ledger holds so many entries."""
        self._ledger.at().set(count)

    def ledger_log(self, office: str, *, size: int, waiting: int, lag: float, checkpoint_age: float | None) -> None:
        """An office's log: its size, what waits for a place and how long in seconds, how old its checkpoint is."""
        self._ledger_size.at(office).set(size)
        self._ledger_waiting.at(office).set(waiting)
        self._ledger_lag.at(office).set(lag)
        if checkpoint_age is not None:
            self._checkpoint_age.at(office).set(checkpoint_age)

    def ledger_checked(self, office: str, entries: int) -> None:
        """The self-check has computed so many entries of an office's log again."""
        self._ledger_checked.at(office).inc(entries)

    def ledger_mismatch(self, office: str) -> None:
        """An office's log is not what was written or signed."""
        self._ledger_mismatches.at(office).inc()

    def ledger_suspended(self, office: str, *, suspended: bool) -> None:
        """An office's log is, or is not, kept from being signed until it is whole or a person decides."""
        self._ledger_suspended.at(office).set(int(suspended))

    def witness_answered(self, office: str, witness: str, verdict: str) -> None:
        """A witness was asked to cosign an office's log, and answered so (metrics.WITNESS_ANSWERS)."""
        self._witness_answers.at(office, witness, verdict).inc()

    def witness_stands(self, office: str, witness: str, *, lag: int, age: float | None) -> None:
        """A witness has cosigned all but `lag` signed entries, the last of them so many seconds ago."""
        self._witness_lag.at(office, witness).set(lag)
        if age is not None:
            self._witness_age.at(office, witness).set(age)

    def witnessed(self, verdict: str) -> None:
        """A checkpoint of another's log came to be cosigned here (metrics.WITNESSED)."""
        self._witnessed.at(verdict).inc()

    def stamp_age(self, office: str, authority: str, seconds: float) -> None:
        """The newest time-stamp of an authority over an office's log is so old."""
        self._stamp_age.at(office, authority).set(seconds)

    def stamp_failed(self, authority: str, cause: str) -> None:
        """An authority gave no time-stamp that holds (metrics.STAMP_CAUSES)."""
        self._stamp_failures.at(authority, cause).inc()

    def export_age(self, office: str, seconds: float) -> None:
        """An office's log was last exported so long ago."""
        self._export_age.at(office).set(seconds)

    def export_failed(self, office: str, cause: str) -> None:
        """The daily export of an office's log was not finished (metrics.EXPORT_CAUSES)."""
        self._export_failures.at(office, cause).inc()

    def revocation_days_left(self, partner: str, days: float) -> None:
        """The first of a partner's revocation lists is out of date in so many days."""
        self._revocation_days.at(partner).set(days)

    def revocation_unknown(self, partner: str) -> None:
        """A partner signed with a certificate of which no list in date says whether it is revoked."""
        self._revocation_unknown.at(partner).inc()

    def outages_unplanned(self, office: str, counts: Mapping[str, int]) -> None:
        """So many outages of a hosted office go on or ended within a day, by subject; what is not named is none."""
        for subject in metrics.SUBJECTS:
            self._outages.at(office, subject).set(counts.get(subject, 0))

    def links_away(self, seconds: Mapping[str, float]) -> None:
        """The counterparts that are away, and for how long; who is not named is there."""
        for counterpart in self._bounds.counterparts:
            self._links_away.at(counterpart).set(seconds.get(counterpart, 0.0))

    def certificate_days_left(self, certificate: str, days: float) -> None:
        """A watched certificate expires in so many days."""
        self._certificates.at(certificate).set(days)

    def disk_free(self, place: str, free: int) -> None:
        """So many bytes are free at a place: storage or database."""
        self._disk.at(place).set(free)

    def clock_skew(self, seconds: float) -> None:
        """This machine's clock is so far ahead of the database's."""
        self._skew.at().set(seconds)

    def database_connections(self, *, in_use: int, idle: int) -> None:
        """This process's pool has so many connections."""
        self._pool.at("in_use").set(in_use)
        self._pool.at("idle").set(idle)

    # --- making families ---------------------------------------------------------------------------------------------

    def _series(self, make: Callable[[Family], M], family: Family) -> _Series[M]:
        return _Series(make(family), tuple(self._bounds.of(label) for label in family.labels))

    def _counter(self, family: Family) -> Counter:
        return Counter(family.name, family.help, family.labels, registry=self.registry)

    def _gauge(self, family: Family) -> Gauge:
        return Gauge(family.name, family.help, family.labels, registry=self.registry, multiprocess_mode=family.mode)

    def _histogram(self, family: Family) -> Histogram:
        return Histogram(family.name, family.help, family.labels, registry=self.registry, buckets=family.buckets)
