"""A rehearsal of the DAS protocol without I/O, and the errands it is rehearsed with."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

sys.path.append(str(Path(__file__).parents[3] / "contract"))

from memory_ports import MemoryClock, MemoryKit

from adapters.das.config import read_config
from adapters.das.protocol import Authorise, Call, Commit, Course, Fetch, Upload
from gateway.core.document import Certification, CertificationForm, DocumentKind, ListedDocument, Role
from gateway.core.errand import (
    AnswerErrand,
    Cargo,
    CargoDocument,
    CorrectErrand,
    ObtainErrand,
    PlaceErrand,
    RecheckErrand,
    ReplaceErrand,
    WithdrawErrand,
)
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.release import Condition, Decision, Outcome, decide
from gateway.core.request import Cause, Hosting
from gateway.core.secret import Secret
from gateway.ports import Answer

BASE = "https://das.example/das-api/v1"
CONTENT = b"%PDF-1.7 example of a certified copy"
SHA256 = bytes.fromhex("e4eeef9fea1bdbcc0ea2ebc3006fef303a640cbf562e26952d6503559c7ee375")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Errands:
    """Errands about XC 2026/000123, the way the line makes them."""

    application = Application(
        office=OfficeCode("XC"),
        right=Right.PATENT,
        number="2026/000123",
        normal="XC 2026/000123",
        filing_date=date(2026, 2, 3),
    )

    @staticmethod
    def document(content=CONTENT, *, role=Role.CERTIFIED_COPY, media_type="application/pdf", sha256=SHA256):
        async def pieces():
            yield content

        listed = ListedDocument(
            content_id="copy",
            size=len(content),
            sha256=sha256,
            role=role,
            media_type=media_type,
            certification=Certification(
                certified_by=OfficeCode("XC"),
                form=CertificationForm.DIGITALLY_SIGNED,
                certified_on=date(2026, 2, 4),
                filing_date_certified=True,
            ),
        )
        return CargoDocument(listed=listed, open=pieces)

    def cargo(self, **changes):
        values = {
            "kind": DocumentKind.PRIORITY_DOCUMENT,
            "application": self.application,
            "documents": (self.document(),),
            "version": 1,
            "hosting": Hosting.BUREAU,
            "access_code": Secret("7QX1"),
            "applicant_email": "applicant@example.org",
            "received_at": NOW,
        }
        given = [Decision(condition=c, outcome=Outcome.GIVEN, by="XC", basis="form", decided_at=NOW) for c in Condition]
        return decide(Cargo(**{**values, **changes}), given, on_hold=False)

    def place(self, **changes):
        return PlaceErrand(exchange_id="x-1", cargo=self.cargo(**changes))

    def correct(self, **changes):
        return CorrectErrand(exchange_id="x-1", cargo=self.cargo(**changes), former_filing_date=date(2026, 2, 1))

    def replace(self, **changes):
        return ReplaceErrand(exchange_id="x-1", cargo=self.cargo(version=2, **changes))

    def withdraw(self):
        return WithdrawErrand(
            exchange_id="x-1",
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=self.application,
            cause=Cause.AUTHORISATION_RESCINDED,
        )

    def obtain(self, *, version=1, holding_office=None, code="7QX1"):
        return ObtainErrand(
            exchange_id="x-2",
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=self.application,
            access_code=Secret(code),
            holding_office=holding_office,
            own_number="XB 77",
            own_filing_date=date(2026, 11, 1),
            version=version,
        )

    def recheck(self, *seen):
        return RecheckErrand(
            exchange_id="x-2",
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=self.application,
            access_code=Secret("7QX1"),
            seen=seen,
        )

    def answer(self, *, reason=None):
        cargo = None if reason else self.cargo(hosting=Hosting.OFFICE)
        return AnswerErrand(exchange_id="x-1", acknowledgement_id="off-1", cargo=cargo, reason=reason)


class Rehearsal:
    """Drives the steps of an errand: replies in turn, as (operation, answer or failure); keeps what was asked for."""

    def __init__(self, **settings):
        self.config = read_config({"base_url": BASE, **settings})
        self.clock = MemoryClock(NOW)
        self.known = {}
        self.acts = []

    def course(self):
        return Course(config=self.config, known=self.known, clock=self.clock)

    def play(self, move, errand, *replies):
        """Run `move` for `errand`; returns its outcome, raises its failure."""
        waiting = list(replies)
        steps = move(self.course(), errand) if errand is not None else move(self.course())
        came = failure = None
        try:
            while True:
                act = steps.send(came) if failure is None else steps.throw(failure)
                came = failure = None
                self.acts.append(act)
                if isinstance(act, Commit):
                    self._commit(act)
                elif not isinstance(act, Authorise):
                    expected, reply = waiting.pop(0)
                    assert self.name_of(act) == expected
                    came, failure = (None, reply) if isinstance(reply, Exception) else (reply, None)
        except StopIteration as end:
            assert not waiting, f"not asked for: {waiting}"
            return end.value

    def calls(self, name):
        """The acts of this operation, in order."""
        return [act for act in self.acts if not isinstance(act, Commit | Authorise) and self.name_of(act) == name]

    def body(self, name, number=0):
        return msgspec.json.decode(self.calls(name)[number].body)

    @staticmethod
    def name_of(act):
        if isinstance(act, Call):
            return act.operation.name
        return {Upload: "UPLOAD", Fetch: "FETCH"}[type(act)]

    def _commit(self, act):
        for name, value in act.values.items():
            if value is None:
                self.known.pop(name, None)
            else:
                self.known[name] = value


def json_answer(status=200, headers=None, **content):
    """An answer of DAS with these members."""
    return Answer(
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        body=msgspec.json.encode(content),
    )


def error_answer(*numbers, status=400, **headers):
    """An error of DAS with these numbers and texts that tell secrets."""
    details = [{"code": number, "message": "expected 2026-02-09 and access code Z9Z9"} for number in numbers]
    return json_answer(status, headers, code="INVALID_INPUT_DATA", message="access code Z9Z9", details=details)


@pytest.fixture
def errands():
    return Errands()


@pytest.fixture
def rehearse():
    return Rehearsal


@pytest.fixture
def says():
    """Makes an answer of DAS."""
    return json_answer


@pytest.fixture
def refuses():
    """Makes an error answer of DAS."""
    return error_answer


@pytest.fixture
def memory_kit():
    return MemoryKit
