"""ST.36: what is written is read again, national forms are read, and what is not read is told."""

from dataclasses import replace

import pytest
from bibliography_samples import FULL, bibliographies
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.core.bibliography import PartyRole
from gateway.core.reason import Reason, Refused
from gateway.wire.st36 import find_bibliography, read_bibliography
from gateway.wire.st36_render import render_bibliography
from gateway.wire.xml import parse_packaged

US = b"""<us-patent-application><us-bibliographic-data-application country="US">
<application-reference appl-type="utility"><document-id><country>US</country><doc-number>17043275</doc-number>
<date>20180413</date></document-id></application-reference>
<invention-title id="d1">Acid <sub>2</sub> test</invention-title>
<us-parties><us-applicants><us-applicant sequence="00" app-type="applicant"><addressbook><orgname>NEC</orgname>
<address><city>Tokyo</city><country>JP</country></address></addressbook></us-applicant></us-applicants></us-parties>
</us-bibliographic-data-application></us-patent-application>"""

SDOBI = b"""<ep-patent-document><SDOBI lang="en"><B100><B110>1667425</B110><B130>A1</B130>
<B140><date>20060607</date></B140><B190>EP</B190></B100><B200><B210>05255002.7</B210><B220><date>20050811</date></B220>
<B250>en</B250></B200><B300><B310>2004351438</B310><B320><date>20041203</date></B320><B330><ctry>JP</ctry></B330>
<B310>2004351439</B310><B320><date>20041204</date></B320><B330><ctry>JP</ctry></B330></B300>
<B500><B540><B541>de</B541><B542>Eins</B542><B541>en</B541><B542>One</B542></B540></B500>
<B700><B730><B731><snm>Wedg Co.</snm><adr><str>1 Way</str><city>Tokyo</city><ctry>JP</ctry></adr></B731></B730>
<B740><B741><snm>An Agent</snm><iid>123</iid></B741></B740></B700></SDOBI></ep-patent-document>"""


def read(data: bytes):
    element = find_bibliography(parse_packaged(data))
    assert element is not None
    return read_bibliography(element)


def test_what_is_written_is_read_again_and_nothing_is_left():
    again = read(render_bibliography(FULL)[0])
    assert again.bibliography == FULL
    assert (again.left, again.malformed) == ((), ())


@given(bibliographies)
def test_any_bibliography_goes_there_and_back(bibliography):
    assert read(render_bibliography(bibliography)[0]).bibliography == bibliography


def test_an_address_of_many_lines_is_told():
    address = replace(FULL.parties[0].address, lines=tuple("123456"))
    bibliography = replace(FULL, parties=(replace(FULL.parties[0], address=address),))
    document, lost = render_bibliography(bibliography)
    assert lost == ("/parties/applicants/applicant[1]/addressbook/address (lines after the fifth)",)
    assert read(document).bibliography.parties[0].address.lines == tuple("12345")
    assert render_bibliography(FULL)[1] == ()


def test_the_american_form_is_read_by_the_same_names():
    found = read(US)
    assert found.bibliography.application.number == "17043275"
    assert found.bibliography.subject == "utility"
    assert found.bibliography.of_role(PartyRole.APPLICANT)[0].name.whole == "NEC"
    assert found.bibliography.titles[0].text == "Acid 2 test"
    assert set(found.left) == {
        "/us-bibliographic-data-application/invention-title/@id",
        "/us-bibliographic-data-application/invention-title/sub (markup)",
    }


def test_b_tags_are_read_by_their_numbers():
    found = read(SDOBI)
    bibliography = found.bibliography
    assert (bibliography.application.number, bibliography.application.office) == ("05255002.7", "EP")
    assert [claim.number for claim in bibliography.claims] == ["2004351438", "2004351439"]
    assert [claim.filed.day for claim in bibliography.claims] == [3, 4]
    assert {title.language: title.text for title in bibliography.titles} == {"de": "Eins", "en": "One"}
    assert [party.role for party in bibliography.parties] == [PartyRole.APPLICANT, PartyRole.AGENT]
    assert found.left == ("/SDOBI/@lang", "/SDOBI/B700/B740/B741/iid")


@pytest.mark.parametrize(
    "data",
    [b"<bibliographic-data/>", b"<SDOBI/>", US.replace(b"doc-number", b"doc-nummer"), SDOBI.replace(b"B210", b"B211")],
)
def test_without_an_application_there_is_no_bibliography(data):
    with pytest.raises(Refused) as caught:
        read(data)
    assert caught.value.reason is Reason.SCHEMA_VIOLATION


def test_a_date_that_is_none_is_told_by_place_and_stays_left():
    found = read(US.replace(b"20180413", b"20180231"))
    place = "/us-patent-application/us-bibliographic-data-application/application-reference/document-id/date"
    assert found.bibliography.application.dated is None
    assert found.malformed == (place,)


def test_every_text_and_attribute_is_either_taken_or_told():
    """Each leaf of a full document renamed in turn: its content can no longer be taken, so it must be told."""
    document = parse_packaged(render_bibliography(FULL)[0])
    needed = {"doc-number"}  # without the application's number nothing is read
    leaves = [each for each in document.iter("*") if each.text and each.tag not in needed]
    assert len(leaves) > 30
    for leaf in leaves:
        name, leaf.tag = leaf.tag, "elsewhere"
        told = read(etree.tostring(document)).left
        leaf.tag = name
        assert any("elsewhere" in place for place in told), name


@given(st.text(alphabet="<>/ab &;", max_size=60))
def test_any_content_is_read_or_refused(text):
    try:
        root = parse_packaged(f"<bibliographic-data>{text}</bibliographic-data>".encode())
        read_bibliography(root)
    except Refused:
        pass
