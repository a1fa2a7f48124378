"""IPAS as an office system: does the protocol's steps over the line, and asks the installations whether they answer.

Rules: all decisions are in protocol.py; here is only who does a step. If the line fails, the protocol ends where it is
and begins again from what was committed.
"""

from collections.abc import Mapping
from typing import Any, Final

from adapters.ipas.codes import Faulted
from adapters.ipas.config import IpasSettings, read_settings
from adapters.ipas.handing import HandedOver, Handing, Sheet
from adapters.ipas.keys import DocumentKey
from adapters.ipas.line import Line
from adapters.ipas.operations import Operation
from adapters.ipas.protocol import ended, hand_over
from adapters.ipas.steps import Call, Commit, NextNumber, ReadBack, Step, Steps, WriteFile
from gateway.core.errand import Cargo, CargoDocument, Errand, HandOverErrand
from gateway.core.exchange import Fact, FactName
from gateway.core.reason import Reason, Refused
from gateway.core.transmission import Delivered, Pending
from gateway.ports import AdapterKit

__all__ = ["IpasAdapter", "adapter"]

#: media type -> ending of the file's name, which IPAS takes as its kind
_SUFFIXES: Final = {
    "application/pdf": "pdf",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/zip": "zip",
    "image/tiff": "tif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/plain": "txt",
}


class IpasAdapter:
    """One office's IPAS: lays received documents into it."""

    name = "ipas"

    def __init__(self, settings: IpasSettings) -> None:
        self._settings = settings
        self._rows = settings.fault_rows

    async def deliver(self, errand: Errand, kit: AdapterKit) -> Delivered | Pending:
        """Hand a document over; any other errand is Refused(KIND_NOT_AGREED). May be called again at any time."""
        if not isinstance(errand, HandOverErrand):
            raise Refused(Reason.KIND_NOT_AGREED, "task")
        cargo = errand.cargo.subject
        url = self._settings.endpoints.get(cargo.application.right)
        if url is None:
            raise Refused(Reason.KIND_NOT_AGREED, "right")
        for place, document in enumerate(cargo.documents):
            if self._settings.content == "output-folder" and document.listed.size > self._settings.largest_file:
                raise Refused(Reason.BODY_TOO_LARGE, f"documents[{place}]")
        handing = _handing(errand.exchange_id, cargo, self._settings, kit)
        line = self._line(url, kit)
        steps = hand_over(handing, self._settings, kit.progress.known)
        done = await _drive(steps, line, cargo.documents, kit)
        kit.log.info("handed over", document=str(done.document), day=done.day.isoformat())
        return Delivered(facts=_facts(done, kit))

    async def probe(self, kit: AdapterKit) -> str:
        """Ask each installation for its environments, and for its folder where files are written."""
        answers = []
        for right, url in self._settings.endpoints.items():
            line = self._line(url, kit)
            try:
                environments = await line.call(Operation.ENVIRONMENTS, {})
                if self._settings.content == "output-folder":
                    await line.call(Operation.FOLDER_READ, {"arg0": self._settings.output_root})
            except Faulted as fault:
                raise ended(fault) from None
            answers.append(f"{right.value}: answers, {len(environments)} environment(s)")
        return "; ".join(answers)

    def _line(self, url: str, kit: AdapterKit) -> Line:
        return Line(kit=kit, url=url, rows=self._rows, largest_file=self._settings.largest_file)


def adapter(settings: Mapping[str, Any]) -> IpasAdapter:
    """Make the adapter of one connection from the operator's settings; ValueError with the path of what is wrong."""
    return IpasAdapter(read_settings(settings))


def _handing(exchange_id: str, cargo: Cargo, settings: IpasSettings, kit: AdapterKit) -> Handing:
    numbers = [fact.value for fact in cargo.facts if fact.name is FactName.OWN_SYSTEM_NUMBER]
    sheets = []
    for place, document in enumerate(cargo.documents):
        listed = document.listed
        name = settings.file_name.format(
            exchange=exchange_id,
            version=cargo.version,
            ordinal=place + 1,
            role=listed.role.value,
            number="{number}",  # known only once the document is received
        )
        suffix = _SUFFIXES.get(listed.media_type, "bin")
        sheets.append(Sheet(name=name, suffix=suffix, size=listed.size, sha256=listed.sha256))
    return Handing(
        exchange_id=exchange_id,
        version=cargo.version,
        application=cargo.application,
        own_number=cargo.own_number,
        received_at=cargo.received_at,
        now=kit.clock.now(),
        sheets=tuple(sheets),
        earlier=DocumentKey.parse(numbers[-1]) if numbers and numbers[-1] else None,
    )


async def _drive(
    steps: Steps[HandedOver], line: Line, documents: tuple[CargoDocument, ...], kit: AdapterKit
) -> HandedOver:
    """Do the steps one after the other. What was turned away is given back to them, so that they can leave the log
    as it was found; a Deferred of the line ends them at once, since nothing can be said to the other side now.
    """
    answer: Any = None
    fault: Faulted | Refused | None = None
    try:
        while True:
            try:
                step = steps.send(answer) if fault is None else steps.throw(fault)
            except StopIteration as stop:
                done: HandedOver = stop.value
                return done
            answer, fault = None, None
            try:
                answer = await _do(step, line, documents, kit)
            except (Faulted, Refused) as turned_away:
                fault = turned_away
    finally:
        steps.close()


async def _do(step: Step, line: Line, documents: tuple[CargoDocument, ...], kit: AdapterKit) -> Any:
    match step:
        case Call(operation=operation, arguments=arguments):
            return await line.call(operation, arguments)
        case Commit(values=values):
            return await kit.progress.commit(**values)
        case NextNumber(name=name, first=first, last=last):
            return await kit.counters.next(name, first=first, last=last)
        case WriteFile(place=place, path=path, suffix=suffix):
            document = documents[place]
            return await line.write_file(path, suffix, document.listed.size, document.open())
        case ReadBack(path=path):
            return await line.read_back(path)


def _facts(done: HandedOver, kit: AdapterKit) -> tuple[Fact, ...]:
    now = kit.clock.now()
    facts = [
        Fact(name=FactName.IN_OWN_SYSTEM, at=now, value=done.day.isoformat()),
        Fact(name=FactName.OWN_SYSTEM_NUMBER, at=now, value=str(done.document)),
    ]
    if done.compared:
        facts.append(Fact(name=FactName.DIGEST_COMPARED, at=now))
    return tuple(facts)
