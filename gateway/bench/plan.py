"""What is measured: the three sizes of a message, and one run's numbers as the command line gave them."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["KIB", "MIB", "OFFICE", "BenchFailed", "Plan", "Size"]

KIB = 1 << 10
MIB = 1 << 20

#: The office that deposits, at its own gateway.
OFFICE = "XA"


class BenchFailed(Exception):
    """Nothing could be measured, or what was measured is not what it claims to be; the text says what to do."""


class Size(Enum):
    """A size of message: (name, bytes of its document, comes as a MIME part?, messages signed for each second of the
    run on two cores, messages before the measured ones)."""

    SMALL = ("5k", 3 * KIB, False, 1200, 500)
    MIDDLE = ("1m", MIB, True, 200, 50)
    LARGE = ("300m", 300 * MIB, True, 3, 1)

    def __init__(self, label: str, document: int, attached: bool, each_second: int, warm_up: int) -> None:
        self.label = label
        self.document = document
        self.attached = attached
        self.each_second = each_second
        self.warm_up = warm_up

    @classmethod
    def named(cls, label: str) -> "Size":
        """Give the size of that name; KeyError if there is none."""
        return {size.label: size for size in cls}[label]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run: `concurrency` connections, each with one message under way, for `seconds`, at `workers` processes."""

    size: Size
    concurrency: int
    workers: int
    seconds: float
    tls: bool = False

    @property
    def warm_up(self) -> int:
        """Messages before the measured ones: every connection has some."""
        size = self.size
        return size.warm_up if size is Size.LARGE else max(size.warm_up, 4 * self.concurrency)

    @property
    def messages(self) -> int:
        """How many messages are signed, warm-up included: more than a gateway of so many workers takes in the time."""
        for_time = self.seconds * self.size.each_second * max(1.0, self.workers / 2)
        return self.warm_up + self.concurrency + int(for_time)
