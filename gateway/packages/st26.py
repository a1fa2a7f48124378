"""ST.26 sequence listings: of the right application, complete, and made of letters that a sequence has.

Source: WIPO ST.26 and its DTD: SequenceData, INSDSeq, SequenceTotalQuantity, ApplicationIdentification.
"""

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from gateway.core.finding import Code, Finding, Form, found
from gateway.packages.bibliographic import Facts, check
from gateway.packages.form import Inspected, Look, Setting, Subject
from gateway.packages.xml_reading import XML_TYPES, read_root
from gateway.wire.traced import Traced
from gateway.wire.xml import place_of

__all__ = ["St26"]

#: Letters by kind of molecule (ST.26, Annex I, Tables 1 and 3); "000" stands for a sequence left out (paragraph 58).
_LETTERS: Final = {
    "DNA": re.compile(r"[acgtmrwsykvhdbn]+"),
    "RNA": re.compile(r"[acgtmrwsykvhdbn]+"),
    "AA": re.compile(r"[ARNDCQEGHILKMFPOSUTWYVBZJX]+"),
}
_LEFT_OUT: Final = "000"


class St26:
    """Sequence listings in XML."""

    form = Form.ST26
    media_types = XML_TYPES

    def recognises(self, look: Look) -> bool:
        return look.root == ("ST26SequenceListing", "")

    def inspect(self, subject: Subject, setting: Setting, learnt: Inspected) -> Iterator[Finding]:
        for each in read_root(subject):
            if isinstance(each, Finding):
                yield each
            else:
                yield from check(_facts(each), subject.declared.application, setting.at)
                yield from _check_sequences(each)


def _facts(root: etree._Element) -> Facts:
    traced = Traced(root)
    identified = traced.first(root, "ApplicationIdentification")
    return Facts(
        place=place_of(root if identified is None else identified),
        office=traced.text(identified, "IPOfficeCode"),
        number=traced.text(identified, "ApplicationNumberText"),
        filed=traced.day(identified, "FilingDate"),
        malformed=tuple(traced.malformed),
    )


def _check_sequences(root: etree._Element) -> Iterator[Finding]:
    traced = Traced(root)
    sequences = list(traced.all(root, "SequenceData"))
    told = traced.text(root, "SequenceTotalQuantity")
    if told is not None and told != str(len(sequences)):
        yield found(
            Code.LISTING_QUANTITY, f"{place_of(root)}/SequenceTotalQuantity", f"{told} told, {len(sequences)} there"
        )
    ids = [sequence.get("sequenceIDNumber") for sequence in sequences]
    if ids != [str(number) for number in range(1, len(ids) + 1)]:
        yield found(Code.LISTING_ORDER, place_of(root))
    for number, sequence in enumerate(sequences, 1):
        place = f"{place_of(root)}/SequenceData[{number}]"
        record = traced.first(sequence, "INSDSeq")
        letters = "".join((traced.text(record, "INSDSeq_sequence") or "").split())
        if letters == _LEFT_OUT:
            continue
        allowed = _LETTERS.get(traced.text(record, "INSDSeq_moltype") or "")
        length = traced.text(record, "INSDSeq_length")
        if (allowed is not None and not allowed.fullmatch(letters)) or (length and length != str(len(letters))):
            yield found(Code.LISTING_SEQUENCE, place, f"{len(letters)} letters, {length} told")
