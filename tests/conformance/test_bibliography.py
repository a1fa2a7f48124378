"""Our ST.96 against the official V6.0 schemas, our reading against published examples, our mapping against WIPO's."""

import csv
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.core.bibliography import (
    Bibliography,
    DocumentId,
    NameKind,
    Party,
    PartyName,
    PartyRole,
    PriorityClaim,
    Title,
)
from gateway.wire.st36 import find_bibliography, read_bibliography
from gateway.wire.st96 import CATEGORIES, DESIGNATIONS, SCOPES, SUBJECTS, find_st96_bibliography, read_st96_bibliography
from gateway.wire.st96_render import render_st96_bibliography
from gateway.wire.xml import parse, parse_packaged

SHARED = Path(__file__).parents[3] / "shared" / "data"
if not SHARED.exists():
    pytest.skip("the official schemas are not here", allow_module_level=True)
ST36 = [
    *sorted((SHARED / "st36").glob("*_DOC*.xml")),
    *(SHARED / "national_examples" / f"{name}_example1.xml" for name in ("jp", "us")),
]


@cache
def official() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SHARED / "st96" / "xsd_v6_0_flattened" / "BibliographicData_V6_0.xsd"))


def is_official(document: bytes) -> bool:
    official().assertValid(parse(document))
    return True


@pytest.mark.parametrize("path", ST36, ids=lambda path: path.stem)
def test_published_st36_becomes_official_st96_and_comes_back(path):
    element = find_bibliography(parse_packaged(path.read_bytes()))
    assert element is not None
    read = read_bibliography(element)
    document, _ = render_st96_bibliography(read.bibliography)
    assert is_official(document)
    again = read_st96_bibliography(parse(document)).bibliography
    assert (again.application, again.claims, again.titles) == (
        read.bibliography.application,
        read.bibliography.claims,
        read.bibliography.titles,
    )
    assert len(again.parties) == len(read.bibliography.parties) > 0


def test_wipos_example_publication_is_read_and_written_again():
    root = parse_packaged((SHARED / "st96" / "examples" / "PatentPublication_Example.xml").read_bytes())
    element = find_st96_bibliography(root)
    assert element is not None
    read = read_st96_bibliography(element)
    assert read.bibliography.application.number == "13797521"
    assert read.bibliography.claims[0].office == "JP"
    document, dropped = render_st96_bibliography(read.bibliography)
    assert is_official(document)
    assert dropped == ()


_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=30)


@settings(max_examples=50)
@given(number=_text, title=_text, name=_text, day=st.dates(), sequence=st.integers(1, 999).map(str))
def test_whatever_is_written_is_official(number, title, name, day, sequence):
    bibliography = Bibliography(
        application=DocumentId(number=number, office="DE", dated=day),
        titles=(Title(text=title, language="de"),),
        parties=(Party(role=PartyRole.APPLICANT, name=PartyName(kind=NameKind.ENTITY, whole=name)),),
        claims=(PriorityClaim(sequence=sequence, filed=day, office="JP", number=number),),
    )
    assert is_official(render_st96_bibliography(bibliography)[0])


def test_words_are_those_of_wipos_table():
    with (SHARED / "st96" / "st36_to_st96_value_mapping.csv").open() as file:
        rows = {(row["from_element"], row["from_value"]): row["to_value"] for row in csv.DictReader(file)}
    ours = {("kind", scope.value): word for scope, word in SCOPES.items()}
    ours |= {("appl-type", word): theirs for word, theirs in SUBJECTS.items()}
    ours |= {("designation", word): theirs for word, theirs in DESIGNATIONS.items()}
    ours |= {("app-type", word): theirs for word, theirs in CATEGORIES[PartyRole.APPLICANT].items()}
    ours |= {("rep-type", word): theirs for word, theirs in CATEGORIES[PartyRole.AGENT].items()}
    known = {key: word for key, word in ours.items() if key in rows}
    assert known == {key: rows[key] for key in known}
    # not in WIPO's table, and ours by the schemas' own enumerations
    assert set(ours) - set(known) == {("appl-type", "design"), ("appl-type", "plant"), ("app-type", "applicant")}


def test_places_are_those_of_wipos_table():
    """Where WIPO's table says what becomes of an element that we read, our output has the element it names."""
    with (SHARED / "st96" / "st36_to_st96_element_mapping.csv").open() as file:
        rows = {row["xpath_from"]: row["xpath_to"] for row in csv.DictReader(file)}
    path = SHARED / "national_examples" / "us_example1.xml"
    element = find_bibliography(parse_packaged(path.read_bytes()))
    assert element is not None
    document = render_st96_bibliography(read_bibliography(element).bibliography)[0].decode()
    for place in (
        "application-reference/document-id/doc-number",
        "application-reference/document-id/date",
        "bibliographic-data/publication-reference",
        "bibliographic-data/classifications-ipcr/classification-ipcr",
        "classification-ipcr/section",
        "parties/applicants/applicant/@designation",
        "parties/applicants/applicant/residence/country",
        "parties/inventors/inventor/addressbook",
        "invention-title",
    ):
        last = re.split(r"[/{}]", rows[place])[-1]
        assert f"<{last}" in document, place
