"""The forms the engine knows, in the order in which they are asked: the special before the general."""

from typing import Final

from gateway.packages.archive_form import PlainArchive
from gateway.packages.form import FormReader
from gateway.packages.pdf import PlainPdf
from gateway.packages.xml_form import PlainXml

__all__ = ["FORMS"]

FORMS: Final[tuple[FormReader, ...]] = (
    PlainPdf(),
    PlainXml(),
    PlainArchive(),
)
