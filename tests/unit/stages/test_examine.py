"""Examining documents on the line: errors turn away with their findings, warnings become facts, notes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from core_values import NOW, XA, deposit, head, listed, obtained
from test_validate import validated

from gateway.core.document import Role
from gateway.core.exchange import FactName
from gateway.core.finding import CertificationVerdict, Code, Form, Judgement, Report, found, judged
from gateway.core.reason import Reason, Refused
from gateway.core.request import Replacement
from gateway.core.transmission import Delivered
from gateway.stages.acknowledge import acknowledge
from gateway.stages.examine import facts_of
from gateway.stages.record import record


def report(*codes: Code, certification: CertificationVerdict | None = None, name: str = "certified-copy") -> Report:
    findings = tuple(found(code, "page 1") for code in codes)
    return Report(form=Form.PDF, name=name, judgement=judged(findings), findings=findings, certification=certification)


class Examining:
    """Finds what it is told to find, in every document, and keeps what it was shown."""

    def __init__(self, *codes: Code, refuses_unreadable: bool = False, certification=None) -> None:
        self.codes, self.refuses_unreadable, self.certification = codes, refuses_unreadable, certification
        self.seen = []

    async def examine(self, listed, application, content):
        self.seen.append((listed.content_id, application, b"".join([chunk async for chunk in content])))
        return report(*self.codes, certification=self.certification, name=listed.content_id)


def equip(bench, examiner):
    return replace(bench, line=replace(bench.line, examiner=examiner))


async def test_documents_are_examined_with_what_is_said_of_them(bench):
    examiner = Examining()
    request = deposit()
    await validated(equip(bench, examiner), request)
    assert [(name, content) for name, _, content in examiner.seen] == [
        (document.content_id, document.content) for document in request.documents
    ]
    assert {application.number for _, application, _ in examiner.seen} == {request.application.number}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (Code.PDF_SCRIPT_RUNS, Reason.DOCUMENT_FAULTY),
        (Code.ARCHIVE_DAMAGED, Reason.ARCHIVE_DAMAGED),
        (Code.TYPE_MISMATCH, Reason.MEDIA_TYPE_MISMATCH),
        (Code.TOO_COSTLY, Reason.DOCUMENT_FAULTY),
    ],
)
async def test_an_error_turns_away_with_all_findings(bench, code, reason):
    with pytest.raises(Refused) as refused:
        await validated(equip(bench, Examining(Code.PDF_COUNT, code)), deposit())
    error = refused.value
    assert (error.reason, error.place) == (reason, deposit().documents[0].content_id)
    assert [each.code for each in error.findings] == [code, Code.PDF_COUNT]
    assert "page 1" not in str(error)


@pytest.mark.parametrize(("refuses", "turned_away"), [(False, False), (True, True)])
async def test_what_nobody_can_read_is_kept_unless_the_gateway_is_told_otherwise(bench, refuses, turned_away):
    examiner = Examining(Code.PDF_UNREADABLE, refuses_unreadable=refuses)
    if turned_away:
        with pytest.raises(Refused):
            await validated(equip(bench, examiner), deposit())
    else:
        valid = await validated(equip(bench, examiner), deposit())
        assert [fact.value for fact in facts_of(valid.reports, NOW)] == [
            f"{document.content_id}: pdf-unreadable" for document in deposit().documents
        ]


async def test_what_was_accepted_before_stays_accepted(bench):
    """The examiner learns; an honest repeat still gets its receipt."""
    valid = await validated(bench, deposit())
    recorded = await record(valid, bench.line)
    repeated = await validated(equip(bench, Examining(Code.PDF_LAUNCH)), deposit())
    assert repeated.receipt == recorded.receipt


async def test_warnings_and_verdicts_are_facts_of_the_exchange(bench):
    seal = CertificationVerdict(
        judgement=Judgement.INDETERMINATE, explanation="no path", sub_indication="NO_CERTIFICATE_CHAIN_FOUND"
    )
    examiner = Examining(Code.PDF_FONT_MISSING, Code.PDF_COLOUR, certification=seal)
    equipped = equip(bench, examiner)
    recorded = await record(await validated(equipped, deposit()), equipped.line)
    view = await bench.store.view(XA, recorded.exchange_id)
    first = deposit().documents[0].content_id
    assert view.fact(FactName.FINDINGS).endswith(": pdf-font-missing")
    facts = {(fact.name, fact.value) for fact in view.facts}
    assert (FactName.CERTIFICATION_VERDICT, f"{first}: INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND") in facts


async def test_a_replacement_is_examined_too(bench):
    recorded = await record(await validated(bench, deposit()), bench.line)
    request = Replacement(
        head=head(message_id="r-1"), exchange_id=recorded.exchange_id, explanation="better", documents=(listed(),)
    )
    with pytest.raises(Refused) as refused:
        await validated(equip(bench, Examining(Code.TWO_FORMS)), request)
    assert refused.value.reason is Reason.DOCUMENT_FAULTY


async def test_what_a_counterpart_gave_is_told_and_never_turned_away(bench):
    copy, certificate = obtained(), obtained(b"%PDF-c", name="certificate.pdf", role=Role.REGISTRATION_CERTIFICATE)
    bench.documents.kept[copy.stored.document_id] = b"%PDF-1.7"
    equipped = equip(bench, Examining(Code.PDF_LAUNCH, Code.PDF_COUNT))
    exchange_id = await equipped.requested()
    assert await equipped.dispatch_one() == "routed"
    transmission = await bench.store.claim(busy=frozenset(), lease=timedelta(minutes=1))
    delivered = Delivered(documents=(copy, certificate))
    await acknowledge(transmission, delivered, await bench.view(exchange_id), equipped.line)
    [fact] = [fact for fact in (await bench.view(exchange_id)).facts if fact.name is FactName.FINDINGS]
    assert fact.value == "copy.pdf: pdf-launch pdf-count"
