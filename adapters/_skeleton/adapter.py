"""The shell: does what the protocol asks, with the kit. Decisions are in protocol.py, words in codes.py.

Rules: never log or measure by an address or a text of the counterpart.
"""

from collections.abc import Generator, Mapping
from typing import Any, TypeVar

from adapters._skeleton.config import Config, read_config
from adapters._skeleton.protocol import Call, Commit, look, place
from gateway.core.errand import Errand, PlaceErrand
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered, Pending
from gateway.ports import AdapterKit, Answer

__all__ = ["SkeletonAdapter", "adapter"]

_T = TypeVar("_T")


def adapter(settings: Mapping[str, Any]) -> "SkeletonAdapter":
    """Make the adapter; ValueError names the dotted path of what cannot be used in the settings."""
    return SkeletonAdapter(read_config(settings))


class SkeletonAdapter:
    """An office that takes registrations and nothing else (ports.OfficeAdapter)."""

    name = "skeleton"

    def __init__(self, config: Config) -> None:
        self._config = config

    async def deliver(self, errand: Errand, kit: AdapterKit) -> Delivered | Pending:
        """Do one errand; Refused(KIND_NOT_AGREED) for what this office does not take."""
        if not isinstance(errand, PlaceErrand):
            raise Refused(Reason.KIND_NOT_AGREED, type(errand).__name__)
        return await self._drive(place(errand.cargo.subject, kit.progress.known, kit.clock), kit)

    async def probe(self, kit: AdapterKit) -> str:
        """Look whether the counterpart answers."""
        return await self._drive(look(kit.clock), kit)

    async def _drive(self, steps: Generator[Any, Any, _T], kit: AdapterKit) -> _T:
        came: Answer | None = None
        failure: Deferred | Refused | None = None
        try:
            while True:
                act = steps.send(came) if failure is None else steps.throw(failure)
                came, failure = None, None
                try:
                    if isinstance(act, Commit):
                        await kit.progress.commit(**act.values)
                    else:
                        came = await self._call(act, kit)
                except (Deferred, Refused) as failed:
                    failure = failed
        except StopIteration as end:
            outcome: _T = end.value
            return outcome
        finally:
            steps.close()

    async def _call(self, act: Call, kit: AdapterKit) -> Answer:
        begun = kit.clock.now()
        outcome = "failed"
        try:
            answer = await self._call_once(act, kit)
            if answer.status == 401:  # not done; the token may have been taken back before its time
                kit.tokens.forget()
                answer = await self._call_once(act, kit)
            outcome = str(answer.status)
        finally:
            seconds = (kit.clock.now() - begun).total_seconds()
            kit.meter.remote_call(self._config.counterpart, act.operation, outcome, max(seconds, 0.0))
        return answer

    async def _call_once(self, act: Call, kit: AdapterKit) -> Answer:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {(await kit.tokens.token()).reveal()}",
            **({} if act.body is None else {"Content-Type": "application/json"}),
        }
        url = self._config.base_url + act.path
        return await kit.http.call(act.method, url, headers=headers, query=act.query, body=act.body)
