"""ST.96: what is written is read again, and what it cannot say is told."""

from dataclasses import replace
from datetime import date

import pytest
from bibliography_samples import FULL, bibliographies
from hypothesis import assume, given

from gateway.core.bibliography import Address, DocumentId, PartyRole
from gateway.core.reason import Reason, Refused
from gateway.wire.st96 import find_st96_bibliography, read_st96_bibliography
from gateway.wire.st96_render import render_st96_bibliography
from gateway.wire.xml import parse


def read(data: bytes):
    element = find_st96_bibliography(parse(data))
    assert element is not None
    return read_st96_bibliography(element)


def test_what_is_written_is_read_again_and_nothing_is_left():
    document, dropped = render_st96_bibliography(FULL)
    again = read(document)
    assert again.bibliography == FULL
    assert (again.left, again.malformed, dropped) == ((), (), ())


@given(bibliographies)
def test_what_nothing_is_dropped_of_comes_back_as_it_was(bibliography):
    document, dropped = render_st96_bibliography(bibliography)
    assume(not dropped)
    assert read(document).bibliography == bibliography


@given(bibliographies)
def test_only_addresses_lose_and_then_it_is_told(bibliography):
    document, dropped = render_st96_bibliography(bibliography)
    again = read(document).bibliography
    assert all("address" in place for place in dropped)

    def bare(parties):
        return tuple(replace(party, address=None) for party in parties)

    assert replace(again, parties=bare(again.parties)) == replace(bibliography, parties=bare(bibliography.parties))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"country": "Germany"}, "/@country"),
        ({"filing_language": "deutsch"}, "/language-of-filing"),
        ({"subject": "sunshine"}, "/application-reference/@appl-type"),
        ({"application": replace(FULL.application, kind="A")}, "/application-reference/document-id/kind"),
        ({"publication": DocumentId(number="1")}, "/publication-reference/document-id"),
        ({"claims": (replace(FULL.claims[0], office=None),)}, "/priority-claims/priority-claim[1]"),
        (
            {"claims": (replace(FULL.claims[0], library="IB-DAS"),)},
            "/priority-claims/priority-claim[1]/priority-doc-from-library/@library-identifier",
        ),
        (
            {"classifications": (replace(FULL.classifications[0], text=None),)},
            "/classifications-ipcr/classification-ipcr[1]",
        ),
        ({"parties": (replace(FULL.parties[1], residence="DE"),)}, "/parties/inventors/inventor[1]/residence"),
        (
            {"parties": (replace(FULL.parties[0], category="legal-representative"),)},
            "/parties/applicants/applicant[1]/@category",
        ),
        (
            {"parties": (replace(FULL.parties[0], address=Address(lines=("x",), city="y")),)},
            "/parties/applicants/applicant[1]/addressbook/address (its parts, joined into one text)",
        ),
    ],
)
def test_what_it_has_no_word_for_is_told_by_place(change, place):
    assert place in render_st96_bibliography(replace(FULL, **change))[1]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"titles": ()}, "/invention-title"),
        ({"parties": ()}, "/parties"),
        ({"application": DocumentId(number="1", dated=date(2025, 1, 1))}, "/application-reference/document-id/country"),
    ],
)
def test_what_the_schema_asks_for_is_never_invented(change, place):
    with pytest.raises(Refused) as caught:
        render_st96_bibliography(replace(FULL, **change))
    assert (caught.value.reason, caught.value.place) == (Reason.SCHEMA_VIOLATION, place)


def test_a_representative_of_no_kind_is_an_agent():
    agent = replace(FULL.parties[2], category=None)
    document, _ = render_st96_bibliography(replace(FULL, parties=(agent,)))
    assert read(document).bibliography.of_role(PartyRole.AGENT)[0].category == "agent"
