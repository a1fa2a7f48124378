"""Bibliographic data for tests, one full example and hypothesis strategies for any."""

from datetime import date
from string import ascii_letters, digits

from hypothesis import strategies as st

from gateway.core.bibliography import (
    Address,
    Bibliography,
    ClaimedCopy,
    Classification,
    DocumentId,
    NameKind,
    Party,
    PartyName,
    PartyRole,
    PriorityClaim,
    Scope,
    Title,
)
from gateway.core.secret import Secret

FULL = Bibliography(
    application=DocumentId(number="10 2025 000 123.4", office="DE", dated=date(2025, 3, 2)),
    publication=DocumentId(number="2026000123", office="DE", kind="A1", dated=date(2026, 9, 3)),
    subject="utility",
    country="DE",
    filing_language="de",
    publication_language="de",
    titles=(Title(text="Gerät & Verfahren", language="de"), Title(text="Device <1>", language="en")),
    parties=(
        Party(
            role=PartyRole.APPLICANT,
            sequence="1",
            name=PartyName(kind=NameKind.ORGANISATION, whole="Beispiel GmbH"),
            address=Address(lines=("Hauptstr. 1", "Haus B"), city="Bonn", state="NRW", postcode="53111", country="DE"),
            category="applicant",
            designation="all-except-us",
            nationality="DE",
            residence="DE",
            phone="+49 1",
            fax="+49 2",
            email="a@example.org",
        ),
        Party(
            role=PartyRole.INVENTOR,
            sequence="1",
            name=PartyName(kind=NameKind.PERSON, prefix="Dr.", first="Ana", middle="M.", last="Ñandú", suffix="Jr."),
            address=Address(city="Bonn", country="DE"),
            nationality="PE",
        ),
        Party(
            role=PartyRole.AGENT,
            sequence="1",
            name=PartyName(kind=NameKind.ENTITY, whole="特許事務所"),
            address=Address(text="Tokyo 1-2-3"),
            category="common-representative",
        ),
    ),
    claims=(
        PriorityClaim(
            sequence="1",
            filed=date(2024, 3, 2),
            office="JP",
            number="2024-123456",
            scope=Scope.NATIONAL,
            copy=ClaimedCopy.LIBRARY,
            access_code=Secret("A1B2"),
        ),
        PriorityClaim(sequence="2", filed=date(2024, 5, 2), office="EP", copy=ClaimedCopy.REQUESTED),
    ),
    classifications=(
        Classification(sequence="1", text="H04N   1/40        20060101AFI20051109BHEP"),
        Classification(
            sequence="2",
            parts=(
                ("ipc-version-indicator/date", "20060101"),
                ("classification-level", "A"),
                ("section", "H"),
                ("class", "01"),
                ("subclass", "L"),
                ("main-group", "21"),
                ("subgroup", "30"),
            ),
        ),
    ),
)

_words = st.text(alphabet=ascii_letters + digits + "Ñ特&<>'\"- ", min_size=1, max_size=20)
words = _words.map(lambda text: " ".join(text.split())).filter(bool)
_maybe = st.none() | words
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1))
codes = st.sampled_from(["DE", "EP", "JP", "US", "WO"])
languages = st.none() | st.sampled_from(["de", "en", "zh"])
sequences = st.integers(1, 99).map(str)
names = st.one_of(
    st.builds(PartyName, kind=st.sampled_from([NameKind.ORGANISATION, NameKind.ENTITY]), whole=words),
    st.builds(
        PartyName, kind=st.just(NameKind.PERSON), last=words, prefix=_maybe, first=_maybe, middle=_maybe, suffix=_maybe
    ),
)
addresses = st.none() | st.builds(
    Address,
    lines=st.lists(words, max_size=5).map(tuple),
    city=_maybe,
    county=_maybe,
    state=_maybe,
    postcode=_maybe,
    country=st.none() | codes,
    text=_maybe,
).filter(lambda address: address != Address())


def parties(role, category, *, designated=False):
    return st.builds(
        Party,
        role=st.just(role),
        sequence=sequences,
        name=names,
        address=addresses,
        category=category,
        designation=st.none() | st.sampled_from(["all", "us-only"]) if designated else st.none(),
        nationality=st.none() if role is PartyRole.AGENT else st.none() | codes,
        residence=st.none() | codes if designated else st.none(),
        phone=_maybe,
        fax=_maybe,
        email=_maybe,
    )


claims = st.builds(
    PriorityClaim,
    sequence=sequences,
    filed=days,
    office=codes,
    number=_maybe,
    scope=st.none() | st.sampled_from(Scope),
    copy=st.none() | st.sampled_from(ClaimedCopy),
)
bibliographies = st.builds(
    Bibliography,
    application=st.builds(DocumentId, number=words, office=codes, dated=st.none() | days),
    publication=st.none() | st.builds(DocumentId, number=words, office=codes, kind=_maybe, dated=st.none() | days),
    subject=st.none() | st.sampled_from(["utility", "design", "plant"]),
    country=st.none() | codes,
    filing_language=languages,
    publication_language=languages,
    titles=st.lists(st.builds(Title, text=words, language=languages), min_size=1, max_size=3).map(tuple),
    parties=st.tuples(
        st.lists(
            parties(
                PartyRole.APPLICANT, st.none() | st.sampled_from(["applicant", "applicant-inventor"]), designated=True
            ),
            min_size=1,
            max_size=2,
        ),
        st.lists(parties(PartyRole.INVENTOR, st.none()), max_size=2),
        st.lists(parties(PartyRole.AGENT, st.sampled_from(["agent", "attorney"])), max_size=2),
    ).map(lambda three: tuple(party for bag in three for party in bag)),
    claims=st.lists(claims, max_size=3).map(tuple),
    classifications=st.lists(st.builds(Classification, sequence=sequences, text=words), max_size=2).map(tuple),
)
