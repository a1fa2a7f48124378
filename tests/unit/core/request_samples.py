"""One request of each kind with every member set, by name: what the golden digests are about."""

from dataclasses import replace
from datetime import date

from core_values import EXCHANGE_ID, IB, OTHER_ID, XA, XB, application, decision, deposit, head, listed, retrieval

from gateway.core.document import Publication, Role
from gateway.core.office import Right
from gateway.core.release import Condition, Outcome
from gateway.core.request import (
    Cause,
    Confirmation,
    Correction,
    Hold,
    Hosting,
    Inquiry,
    Issuer,
    Notice,
    Release,
    Replacement,
    Resend,
    Withdrawal,
)
from gateway.core.secret import Secret

TRANSLATION = listed(
    b"<translation/>",
    content_id="translation.xml",
    role=Role.TRANSLATION,
    media_type="application/xml",
    language="pt-BR",
    certification=None,
)

SAMPLES = {
    "deposit": deposit(),
    "deposit in full": deposit(
        head=head(message_id="urn:uuid:7", sender=XB),
        application=application(right=Right.DESIGN, number="Номер 7/ä"),
        documents=(listed(), TRANSLATION),
        hosting=Hosting.OFFICE,
        code_issuer=Issuer.OFFICE,
        applicant_email="applicant@example.org",
        publication=Publication.PUBLISHED,
    ),
    "release": Release(
        head=head(),
        exchange_id=EXCHANGE_ID,
        decisions=(
            decision(Condition.FEE, Outcome.NOT_DUE, by="Müller", basis='§ 7 "b"'),
            decision(Condition.SECRECY, Outcome.RESCINDED),
        ),
    ),
    "correction": Correction(
        head=head(), exchange_id=EXCHANGE_ID, filing_date=date(2026, 3, 9), explanation="typed wrong"
    ),
    "replacement": Replacement(
        head=head(), exchange_id=EXCHANGE_ID, explanation="page 2\nwas missing", documents=(listed(),)
    ),
    "withdrawal": Withdrawal(head=head(), exchange_id=EXCHANGE_ID, cause=Cause.WRONG_DOCUMENT),
    "withdrawal in full": Withdrawal(
        head=head(), exchange_id=EXCHANGE_ID, cause=Cause.SECRECY_IMPOSED, explanation="order 7"
    ),
    "retrieval": retrieval(),
    "retrieval in full": retrieval(holding_office=XA, own_number="B/7", own_filing_date=date(2026, 9, 1)),
    "confirmation": Confirmation(head=head(), notification_id=OTHER_ID),
    "hold": Hold(head=head(), exchange_id=EXCHANGE_ID, explanation="secrecy"),
    "hold of the office": Hold(head=head(), exchange_id=None, explanation="secrecy", lift=True),
    "resend": Resend(head=head(), exchange_id=EXCHANGE_ID),
    "resend in full": Resend(head=head(), exchange_id=EXCHANGE_ID, own_number="B/7", own_filing_date=date(2026, 9, 1)),
    "inquiry": Inquiry(head=head(sender=IB), application=application(), access_code=Secret("A1b2")),
    "notice": Notice(head=head(sender=IB), acknowledgement_id="A-1"),
}

OTHER_CODE = {name: replace(SAMPLES[name], access_code=Secret("Z9y8")) for name in ("retrieval", "inquiry")}
