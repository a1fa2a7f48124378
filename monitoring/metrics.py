"""Every metric of the product: its name, its labels, what each label may say, and its help text.

Rules:
- A label never carries free text. What a label may say is a closed list here or in `Bounds`; anything else counts
  as "other", so that neither a secret nor a stranger's text becomes a time series.
- A name stands for ever once it is in an alert or on a dashboard: add, never rename.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["FAMILIES", "OTHER", "Bounds", "Family", "Limited", "bounded"]

#: What a label says in place of a value that is not on its list.
OTHER: Final = "other"

#: The front doors, the verbs of the line, and the words a delivery and its queue can end or wait with.
DOORS: Final = frozenset({"soap", "rest", "das", "case", "oauth2", "ledger", "console"})
STAGES: Final = frozenset(
    {"receive", "authenticate", "unpack", "validate", "record", "route", "deliver", "acknowledge", "answer"}
)
OUTCOMES: Final = frozenset({"delivered", "pending", "deferred", "held", "refused"})
QUEUE_STATES: Final = ("ready", "held")
POOL_STATES: Final = ("in_use", "idle")
PLACES: Final = frozenset({"storage", "database"})
SUBJECTS: Final = ("door", "database", "link")
#: What a witness answered us, and what we answered as a witness.
WITNESS_ANSWERS: Final = frozenset(
    {"cosigned", "ahead", "conflict", "rolled-back", "refused", "malformed", "unreachable"}
)
WITNESSED: Final = frozenset(
    {"cosigned", "behind", "conflict", "inconsistent", "unknown", "unproven", "malformed", "too-often"}
)
#: Why an authority's time-stamp was not had, and why a day's export was not.
STAMP_CAUSES: Final = frozenset(
    {
        *("unreachable", "unanswered", "status", "rejected", "malformed", "other-digest", "nonce", "policy"),
        *("signature", "certificate", "expired", "clock"),
    }
)
EXPORT_CAUSES: Final = frozenset({"no-room", "unwritable", "shorter", "forked", "damaged"})

#: Seconds: from a verb of the hot path (fractions of a millisecond) to the longest answer that is waited for.
_FAST: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)
_REMOTE: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

#: How the numbers of several worker processes become one: counters add up; these are the ways of a gauge.
GaugeMode = Literal["livesum", "livemostrecent"]


class Limited(Container[str]):
    """Admits words of our own tables (short, plain letters) and at most `most` of them: a list that grows to a limit.

    For labels whose words stand in adapters, which monitoring cannot know.
    """

    _WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: set[str] = set()

    def __contains__(self, value: object) -> bool:
        if value in self._seen:
            return True
        if not isinstance(value, str) or len(self._seen) >= self._most or not self._WORD.fullmatch(value):
            return False
        self._seen.add(value)
        return True


def bounded(value: str, allowed: Container[str]) -> str:
    """Give the value if it is on its list, and "other" if it is not."""
    return value if value in allowed else OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What labels may say that only the settings and the core's tables know. Made once by the composition root.

    `reasons` are the codes of the Reason table, `offices` the hosted ones, `counterparts` the codes of those delivered
    to, `certificates` the names of the certificates that are watched, `witnesses` those of the witnesses' keys,
    `authorities` those of the time-stamping authorities, `partners` the codes of the offices that sign for themselves.
    """

    operations: frozenset[str]
    offices: frozenset[str]
    counterparts: frozenset[str]
    reasons: frozenset[str]
    tasks: frozenset[str]
    certificates: frozenset[str] = frozenset()
    witnesses: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    calls: Container[str] = field(default_factory=lambda: Limited(100))
    answers: Container[str] = field(default_factory=lambda: Limited(100))

    def of(self, label: str) -> Container[str]:
        """Give the list of a label; KeyError for a label that has none, which is a bug of this file."""
        lists: dict[str, Container[str]] = {
            "operation": self.operations,
            "office": self.offices,
            "counterpart": self.counterparts,
            "reason": self.reasons,
            "task": self.tasks,
            "certificate": self.certificates,
            "call": self.calls,
            "answer": self.answers,
            "door": DOORS,
            "stage": STAGES,
            "outcome": OUTCOMES,
            "state": frozenset(QUEUE_STATES + POOL_STATES),
            "place": PLACES,
            "subject": frozenset(SUBJECTS),
            "witness": self.witnesses,
            "authority": self.authorities,
            "partner": self.partners,
            "cause": STAMP_CAUSES | EXPORT_CAUSES,
            "verdict": WITNESS_ANSWERS | WITNESSED,
        }
        return lists[label]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric. Counters are shown with `_total` at the end, histograms with `_bucket`, `_sum` and `_count`."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = _FAST
    mode: GaugeMode = "livemostrecent"

    def shown(self) -> tuple[str, ...]:
        """Give the names under which the metrics page shows it."""
        ends = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}[self.kind]
        return tuple(self.name + end for end in ends)


ACCEPTED = Family(
    kind="counter",
    name="pouch_messages_accepted",
    help="Messages recorded and answered with a receipt.",
    labels=("office", "operation"),
)
REPEATED = Family(
    kind="counter",
    name="pouch_messages_repeated",
    help="Messages that came again and were answered with the receipt given then.",
    labels=("office", "operation"),
)
REFUSED = Family(
    kind="counter",
    name="pouch_messages_refused",
    help="Messages turned away, by Reason code.",
    labels=("reason", "door"),
)
COUNTED = Family(
    kind="counter",
    name="pouch_refusals_counted",
    help="Unauthenticated refusals over the rate, which share one ledger entry with a count.",
    labels=("reason", "door"),
)
WRONG_CODES = Family(
    kind="counter",
    name="pouch_wrong_access_codes",
    help="Wrong access codes tried, here or at the counterpart.",
    labels=("office", "door"),
)
DELIVERIES = Family(
    kind="counter",
    name="pouch_deliveries",
    help="Attempts at a counterpart, by how they ended.",
    labels=("counterpart", "task", "outcome"),
)
REMOTE_CALLS = Family(
    kind="counter",
    name="pouch_remote_calls",
    help="Single calls to a counterpart, by the adapter's own words for call and answer.",
    labels=("counterpart", "call", "answer"),
)
REMOTE_SECONDS = Family(
    kind="histogram",
    name="pouch_remote_call_seconds",
    help="How long a counterpart took to answer.",
    labels=("counterpart",),
    buckets=_REMOTE,
)
STAGE_SECONDS = Family(
    kind="histogram",
    name="pouch_stage_seconds",
    help="How long a verb of the line took; answer is the whole from first byte to last.",
    labels=("stage",),
)
SIGNING_SECONDS = Family(
    kind="histogram",
    name="pouch_receipt_signing_seconds",
    help="How long making and signing a receipt took.",
)
QUEUE_DEPTH = Family(
    kind="gauge",
    name="pouch_queue_transmissions",
    help="Transmissions that wait: ready to be tried, or held for a person.",
    labels=("counterpart", "state"),
)
QUEUE_AGE = Family(
    kind="gauge",
    name="pouch_queue_oldest_seconds",
    help="Age of the oldest transmission that waits; 0 where none does.",
    labels=("counterpart", "state"),
)
LEDGER_ENTRIES = Family(kind="gauge", name="pouch_ledger_entries", help="Entries in the ledger.")
LEDGER_SIZE = Family(
    kind="gauge", name="pouch_ledger_size", help="Entries that have their place in the log.", labels=("office",)
)
LEDGER_WAITING = Family(
    kind="gauge",
    name="pouch_ledger_waiting_entries",
    help="Entries that still wait for their place in the log.",
    labels=("office",),
)
LEDGER_LAG = Family(
    kind="gauge",
    name="pouch_ledger_lag_seconds",
    help="How long the oldest entry without a place has waited; 0 where none does.",
    labels=("office",),
)
CHECKPOINT_AGE = Family(
    kind="gauge",
    name="pouch_ledger_checkpoint_age_seconds",
    help="Age of the newest signed checkpoint; shown from the first one on.",
    labels=("office",),
)
LEDGER_CHECKED = Family(
    kind="counter",
    name="pouch_ledger_checked_entries",
    help="Entries that the self-check has computed again.",
    labels=("office",),
)
LEDGER_MISMATCHES = Family(
    kind="counter",
    name="pouch_ledger_mismatches",
    help="Times the ledger in the database was not what was written or signed.",
    labels=("office",),
)
LEDGER_SUSPENDED = Family(
    kind="gauge",
    name="pouch_ledger_suspended",
    help="One while the log is not signed because it is less, or other, than what is known to have been signed.",
    labels=("office",),
)
WITNESS_ANSWERED = Family(
    kind="counter",
    name="pouch_witness_answers",
    help="What witnesses answered to our checkpoints; unreachable and malformed are no answers.",
    labels=("office", "witness", "verdict"),
)
WITNESS_AGE = Family(
    kind="gauge",
    name="pouch_witness_cosigned_age_seconds",
    help="Age of the newest cosignature of a witness; shown from the first one on.",
    labels=("office", "witness"),
)
WITNESS_LAG = Family(
    kind="gauge",
    name="pouch_witness_lag_entries",
    help="Entries that are signed and that a witness has not cosigned yet.",
    labels=("office", "witness"),
)
WITNESSED_REQUESTS = Family(
    kind="counter",
    name="pouch_witnessed_requests",
    help="Checkpoints of others' logs that came to be cosigned here, by what became of them.",
    labels=("verdict",),
)
STAMP_AGE = Family(
    kind="gauge",
    name="pouch_ledger_timestamp_age_seconds",
    help="Age of the newest time-stamp of an authority over a log; of the log's first checkpoint where there is none.",
    labels=("office", "authority"),
)
STAMP_FAILURES = Family(
    kind="counter",
    name="pouch_ledger_timestamp_failures",
    help="Times an authority gave no time-stamp that holds.",
    labels=("authority", "cause"),
)
EXPORT_AGE = Family(
    kind="gauge",
    name="pouch_ledger_export_age_seconds",
    help="Since when the log was last exported whole; since its first checkpoint where it never was.",
    labels=("office",),
)
EXPORT_FAILURES = Family(
    kind="counter",
    name="pouch_ledger_export_failures",
    help="Times the daily export could not be finished.",
    labels=("office", "cause"),
)
REVOCATION_DAYS = Family(
    kind="gauge",
    name="pouch_revocation_list_days_left",
    help="Days until the first of a partner's revocation lists is out of date; negative after that.",
    labels=("partner",),
)
REVOCATION_UNKNOWN = Family(
    kind="counter",
    name="pouch_revocation_unknown",
    help="Signatures taken or refused while no revocation list in date covered the signer's certificate.",
    labels=("partner",),
)
OUTAGES_UNPLANNED = Family(
    kind="gauge",
    name="pouch_outages_unplanned",
    help="Outages that go on or ended within a day, and were not announced as a whole.",
    labels=("office", "subject"),
)
LINK_AWAY = Family(
    kind="gauge",
    name="pouch_link_away_seconds",
    help="How long a counterpart has been away, as attempts at it saw; 0 where it is not.",
    labels=("counterpart",),
)
CERTIFICATE_DAYS = Family(
    kind="gauge",
    name="pouch_certificate_days_left",
    help="Days until a certificate expires; negative after that.",
    labels=("certificate",),
)
DISK_FREE = Family(
    kind="gauge",
    name="pouch_disk_free_bytes",
    help="Room left where documents and database lie.",
    labels=("place",),
)
CLOCK_SKEW = Family(
    kind="gauge",
    name="pouch_clock_skew_seconds",
    help="How far this machine's clock is from the database's; positive if ahead.",
)
POOL = Family(
    kind="gauge",
    name="pouch_database_connections",
    help="Connections of the pools of all workers.",
    labels=("state",),
    mode="livesum",
)
BUILD = Family(
    kind="gauge",
    name="pouch_build",
    help="Always 1; says which version runs.",
    labels=("version", "python"),
)

FAMILIES: Final = tuple(value for value in tuple(globals().values()) if isinstance(value, Family))
