"""The forms the engine knows, in the order in which they are asked: the special before the general."""

from typing import Final

from gateway.packages.annexf import Sep, Wad, Wasp
from gateway.packages.archive_form import PlainArchive
from gateway.packages.epo import EpoDocument
from gateway.packages.form import FormReader
from gateway.packages.pddp import Pddp
from gateway.packages.pdf import PlainPdf
from gateway.packages.signed_xml import SignedArchive, SignedXml
from gateway.packages.st26 import St26
from gateway.packages.st36 import St36
from gateway.packages.st96 import St96
from gateway.packages.xml_form import PlainXml

__all__ = ["FORMS"]

FORMS: Final[tuple[FormReader, ...]] = (
    Wasp(),
    Sep(),
    PlainPdf(),
    SignedXml(),
    St26(),
    St36(),
    St96(),
    PlainXml(),
    Pddp(),
    SignedArchive(),
    Wad(),
    EpoDocument(),
    PlainArchive(),
)
