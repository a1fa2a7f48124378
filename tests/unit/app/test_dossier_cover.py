"""The cover: all of it can be read, nothing in it is believed, nothing is loaded."""

import html
from datetime import UTC, date, datetime

import pytest

from gateway.app.dossier_cover import render_cover, sections_of, title_of
from gateway.app.dossier_cover_pdf import render_cover_pdf
from gateway.core.document import DocumentKind, Publication
from gateway.core.exchange import Party, State
from gateway.core.office import Right
from gateway.core.release import Condition, Outcome
from gateway.wire.dossier_contents import (
    ApplicationFacts,
    Contents,
    DecisionTaken,
    EntryFiles,
    ExchangeFacts,
    KnownFact,
    LogFiles,
    Missing,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>{{ 7 * 7 }}&\"'"
ID = "01a207cb-48a1-7e36-a30c-b42e042e7a1c"


def contents(text=HOSTILE, **changes):
    application = ApplicationFacts(office="XA", right=Right.PATENT, number=text, filing_date=date(2026, 1, 2))
    given = {
        "format": "pouch-dossier-exchange/1",
        "exchange": ExchangeFacts(
            exchange_id=ID,
            office="XA",
            party=Party.DEPOSITING,
            kind=DocumentKind.PRIORITY_DOCUMENT,
            application=application,
            state=State.HELD,
            version=1,
            publication=Publication.UNPUBLISHED,
            created_at=AT,
        ),
        "documents": (),
        "decisions": (
            DecisionTaken(condition=Condition.FEE, outcome=Outcome.GIVEN, by=text, basis=text, decided_at=AT),
        ),
        "facts": (KnownFact(name="registered", at=AT, value=text),),
        "transmissions": (),
        "messages": (),
        "notifications": (),
        "entries": (EntryFiles(entry_id=ID, step="a-step-of-later", at=AT, leaf="leaf"),),
        "log": LogFiles(origin="xa.example", verifier_keys="keys"),
        "certificates": (),
        "missing": (Missing(what="time-stamps", why=text),),
    }
    return Contents(**given | changes)


def test_texts_of_others_are_texts_on_the_page():
    page = render_cover(contents(), AT).decode()
    assert "<script" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}" in page
    assert page.count("&lt;script") >= 5 and "default-src &#39;none&#39;" not in page
    assert "default-src 'none'" in page, "nothing is loaded, even if something were in it"


def test_every_section_is_on_the_page_also_an_empty_one():
    page = html.unescape(render_cover(contents("2026/1"), AT).decode())
    for section in sections_of(contents("2026/1"), AT):
        assert section.heading in page
    assert page.count("<p>Nothing.</p>") == 5
    assert "a-step-of-later" in page, "what is not known in words stands by its own word"


@pytest.mark.parametrize("text", [HOSTILE, "Ñandú", "申请 номер", "x" * 2000, "\u202e\x00"])
def test_the_printed_cover_takes_any_text_and_is_the_same_each_time(text):
    said = contents(text)
    one, other = (render_cover_pdf(title_of(said), sections_of(said, AT), AT) for _ in range(2))
    assert one == other and one.startswith(b"%PDF-1.") and one.rstrip().endswith(b"%%EOF")
