"""The counterparts as this process sees them answer or fail: seen from the attempts that are made anyway."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.app.system import boot_seconds
from gateway.core.errand import Errand
from gateway.core.link import LinkTally, LinkWatch
from gateway.core.office import OfficeCode
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered, Pending, Transmission
from gateway.pipeline import Counterparts
from gateway.ports import AdapterKit, Clock, OfficeAdapter

__all__ = ["LinkKey", "WatchedLinks"]

#: Hosted office, counterpart and adapter.
LinkKey = tuple[OfficeCode, OfficeCode, str]


class WatchedLinks:
    """Hands out adapters that note how each attempt ends (pipeline.Counterparts)."""

    def __init__(
        self, counterparts: Counterparts, clock: Clock, *, seconds: Callable[[], float] = boot_seconds
    ) -> None:
        self._counterparts = counterparts
        self._clock = clock
        self._seconds = seconds
        self._watches: dict[LinkKey, LinkWatch] = {}

    def adapter(self, hosted: OfficeCode, counterpart: OfficeCode, name: str) -> OfficeAdapter | None:
        """Give the adapter, watched; None if the settings no longer name one."""
        adapter = self._counterparts.adapter(hosted, counterpart, name)
        if adapter is None:
            return None
        return _WatchedAdapter(name=adapter.name, adapter=adapter, links=self, key=(hosted, counterpart, name))

    def kit(self, transmission: Transmission) -> AdapterKit:
        """Give the kit of one transmission."""
        return self._counterparts.kit(transmission)

    def saw(self, key: LinkKey, reason: Reason | None) -> None:
        """Note an attempt's end; None is one that succeeded or waits politely."""
        self._watches.setdefault(key, LinkWatch()).saw(reason, self._clock.now(), self._seconds())

    def take(self, seconds: float) -> dict[LinkKey, LinkTally]:
        """Give what was seen since the last time; what is not told in the end is to be given back."""
        taken = {key: watch.take(seconds) for key, watch in self._watches.items()}
        return {key: tally for key, tally in taken.items() if tally is not None}

    def give_back(self, key: LinkKey, tally: LinkTally) -> None:
        """Keep for later what could not be told."""
        self._watches[key].give_back(tally)

    def merged(self, key: LinkKey, goods: int, seconds: float) -> None:
        """Take note of how many answers all processes have told of."""
        self._watches[key].merged(goods, seconds)


@dataclass(slots=True, kw_only=True)
class _WatchedAdapter:
    """An adapter that does what it did, watched (ports.OfficeAdapter)."""

    name: str
    adapter: OfficeAdapter
    links: WatchedLinks
    key: LinkKey

    async def deliver(self, errand: Errand, kit: AdapterKit) -> Delivered | Pending:
        """Do one errand as far as it goes now, and note how it ended."""
        try:
            outcome = await self.adapter.deliver(errand, kit)
        except (Refused, Deferred) as error:
            self.links.saw(self.key, error.reason)
            raise
        self.links.saw(self.key, None)
        return outcome

    async def probe(self, kit: AdapterKit) -> str:
        """Look whether the counterpart answers."""
        return await self.adapter.probe(kit)
