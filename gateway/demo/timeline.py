"""The timeline: who called whom, what was checked, how long it took; one line each, as it happens.

Rules: on a terminal with colour and a mark that moves while something takes long, elsewhere plain lines.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.status import Status
from rich.text import Text

__all__ = ["StoryFailed", "Timeline"]

#: Columns of who calls whom, and of what, where the terminal has room for them.
_WHO: Final = 36
_WHAT: Final = 74


class StoryFailed(Exception):
    """A step did not end as it must; the text says what was expected, `remedy` what to do next."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy


@dataclass(slots=True)
class Step:
    """One step of the story and the checks it passed."""

    number: int
    title: str
    checks: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Timeline:
    """Writes the story down while it is played."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._step_began = self._began
        self.steps: list[Step] = []
        self.is_told = False
        self._under_way: list[str] = []
        self._status: Status | None = None

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def step(self, number: int, title: str) -> None:
        """Begin a step."""
        self.end_step()
        self.steps.append(Step(number=number, title=title))
        self._step_began = time.monotonic()
        self._line(Text(f"\n{number}  {title}", style="bold"))

    def end_step(self) -> None:
        """Note how long the present step took."""
        if self.steps:
            self.steps[-1].seconds = time.monotonic() - self._step_began

    def end(self) -> None:
        """The last step has ended, and everything was verified."""
        self.end_step()
        self.is_told = True
        checks = sum(len(step.checks) for step in self.steps)
        self.say(f"\nThe story is told: {checks} checks, all of them hold, {self.seconds:.0f} s.", "bold green")

    def summary(self) -> dict[str, Any]:
        """The story as JSON values."""
        steps = [
            {"step": step.number, "title": step.title, "seconds": round(step.seconds, 3), "checks": step.checks}
            for step in self.steps
        ]
        return {"verified": self.is_told, "seconds": round(self.seconds, 3), "steps": steps}

    @contextmanager
    def call(self, who: str, whom: str, what: str) -> Iterator[None]:
        """A call that is under way: its line comes when it is done, with its time."""
        began = time.monotonic()
        with self.busy(f"{who} → {whom}  {what}"):
            yield
        line = Text("   ")
        line.append(f"{who} → {whom}".ljust(_WHO), style="cyan")
        line.append(f" {what}".ljust(min(_WHAT, self._console.width - _WHO - 14)))
        line.append(_duration(time.monotonic() - began), style="dim")
        self._line(line)

    def check(self, holds: Any, text: str, found: Any = None) -> None:
        """Write down what was checked; StoryFailed if it does not hold. `found` is told then, so never a secret."""
        if not holds:
            raise StoryFailed(f"this does not hold: {text}" + ("" if found is None else f"; found {found!r}"))
        if self.steps:
            self.steps[-1].checks.append(text)
        self._line(Text.assemble("     ", ("✓ ", "green"), text))

    def say(self, text: str = "", style: str = "") -> None:
        """A line of plain text."""
        self._line(Text(text, style=style))

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Something takes long: on a terminal a mark moves beside what is under way, several things at once."""
        self._under_way.append(text)
        self._show()
        try:
            yield
        finally:
            self._under_way.remove(text)
            self._show()

    def _show(self) -> None:
        """One moving line for all that is under way; rich knows only one at a time."""
        if not self._console.is_terminal:
            return
        if self._status is None and self._under_way:
            self._status = self._console.status("", spinner="dots")
            self._status.start()
        if self._status is not None and not self._under_way:
            self._status.stop()
            self._status = None
        if self._status is not None:
            shown = Text("; ".join(dict.fromkeys(self._under_way)), style="dim")
            shown.truncate(self._console.width - 4, overflow="ellipsis")
            self._status.update(shown)

    def _line(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:6.0f} ms" if seconds < 1 else f"{seconds:6.1f} s "
