"""The stage: what the acts have at hand while everything runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.client import OfficeClient, Profile
from gateway.demo.ground import Ground, OfficeGround
from gateway.demo.programs import Crew
from gateway.demo.timeline import StoryFailed, Timeline
from gateway.demo.windows import Window

__all__ = ["Affair", "Office", "Papers", "Stage", "reasons_of"]

_T = TypeVar("_T")

#: Seconds anything may take: a retry waits for some.
_PATIENCE: Final = 60.0


@dataclass(slots=True, kw_only=True)
class Affair:
    """One document of the story, as its offices know it now, and as it was first `sent`.

    `code` is the applicant's and is shown to nobody.
    """

    office: str
    number: str
    filed: str
    paper: Path
    certified_on: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    message_id: str = ""
    deposit: str = ""
    receipt: bytes = b""
    code: str = field(default="", repr=False)
    retrieval: str = ""
    sent: "Affair | None" = None

    @property
    def application(self) -> dict[str, str]:
        """As the interface writes it."""
        return {"officeCode": self.office, "right": "patent", "number": self.number, "filingDate": self.filed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One office: its own system as a client of its gateway, and the window into its IPAS."""

    code: str
    profile: Profile
    client: OfficeClient
    ipas: Window
    ground: OfficeGround

    @property
    def system(self) -> str:
        """What the timeline calls its own system."""
        return f"{self.code}'s system"

    @property
    def gateway(self) -> str:
        """What the timeline calls its gateway."""
        return f"gateway {self.code}"

    async def status(self, exchange_id: str) -> dict[str, Any]:
        """What its gateway knows of an exchange."""
        return (await self.client.status(exchange_id)).body

    async def facts(self, exchange_id: str) -> dict[str, str]:
        """The newest value of each fact of an exchange."""
        return {fact["name"]: fact.get("value", "") for fact in (await self.status(exchange_id))["facts"]}

    async def events(self, exchange_id: str) -> list[str]:
        """The events of an exchange that wait to be confirmed."""
        waiting = (await self.client.poll(100)).body["notifications"]
        return [notice["event"] for notice in waiting if notice["exchangeId"] == exchange_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """The documents of the story.

    `library`: XA's, in its own library, with its `bibliography`. `hosted`: XA's, large, kept by the Bureau.
    `returned`: XB's, with a code that the Bureau makes. `corrected` replaces the first.
    """

    library: Affair
    hosted: Affair
    returned: Affair
    bibliography: Path
    corrected: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs, and what it is about."""

    ground: Ground
    timeline: Timeline
    crew: Crew
    xa: Office
    xb: Office
    bureau: Window
    papers: Papers

    async def until(
        self,
        what: str,
        look: Callable[[], Awaitable[_T]],
        done: Callable[[_T], Any] = bool,
        patience: float = _PATIENCE,
    ) -> _T:
        """Look until it is `done`, and give what was seen; StoryFailed with the logs to read if it takes too long."""
        with self.timeline.busy(f"waiting until {what}"):
            return await self.crew.wait(what, look, done, patience)

    async def until_state(self, office: Office, exchange_id: str, *states: str) -> dict[str, Any]:
        """Wait for a state of an exchange; gives its status. StoryFailed at once if it is refused instead."""

        def done(status: dict[str, Any]) -> bool:
            if status["state"] == "refused" and "refused" not in states:
                raise StoryFailed(f"{office.gateway} refused an exchange: {reasons_of(status)}", self.crew.advice())
            return status["state"] in states

        what = f"{office.gateway} says {' or '.join(states)}"
        return await self.until(what, lambda: office.status(exchange_id), done)


def reasons_of(status: dict[str, Any]) -> str:
    """What a status says went wrong."""
    told = [(each["task"], each["reason"]) for each in status["transmissions"] if each.get("reason")]
    return "; ".join(f"{task}: {reason['code']} {reason['text']}" for task, reason in told) or "no reason is told"
