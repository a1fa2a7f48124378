"""Application numbers: the form to compare by, found from the office's own format, beside the number as received.

Rules:
- The number as received is kept and never rebuilt from its normal form (ST.10/C leaves national forms to offices).
- Expressions are data and are checked when they are loaded: no unbounded quantifier, so that matching a number of at
  most 64 characters is short whatever it holds.
- An office with a format for a right is held to it; an office without one is taken in a generic, bounded form.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Final

from gateway.core.office import OfficeCode, Right
from gateway.core.reason import Reason, Refused

__all__ = ["NormalNumber", "NumberFormat", "NumberFormats", "NumberSource", "shipped_formats"]

_LIMIT: Final = 64
_EXPRESSION_LIMIT: Final = 200
_MOST_CHOICES: Final = 4  # ranges {n,m}; twice as many "?", of which "(?:" takes some
_EVERY: Final = "*"
_OFFICE_MARK: Final = "<office>"
_EXPRESSION: Final = re.compile(r"(?:[A-Z0-9 /,\-]|\\d|\\\.|\((?:\?:)?|\)|\||<office>|\?|\{\d{1,2}(?:,\d{1,2})?\})+")
_GENERIC: Final = re.compile(r"\w[\w ./,()\-]{0,63}")


class NumberSource(Enum):
    """Which knowledge a normal form comes from."""

    OFFICE = "office"  # the office's own format
    EVERY_OFFICE = "every-office"  # a format all offices share: international applications
    GENERIC = "generic"  # none known: upper case, single blanks, ST.3 code in front


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """One line of number_formats.toml, or of the settings; see the head of that file."""

    office: str
    rights: frozenset[Right]
    expression: str
    normal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalNumber:
    """A number twice: as it came, and as it is compared."""

    as_received: str
    normal: str
    source: NumberSource


class NumberFormats:
    """The formats in force: what the gateway ships and what its settings add."""

    def __init__(self, formats: Iterable[NumberFormat]) -> None:
        """ValueError, naming office and expression, for one that is not of the bounded kind or not well formed."""
        self._formats = tuple(formats)
        self._compiled: dict[tuple[str, Right], list[tuple[re.Pattern[str], str]]] = {}
        for line in self._formats:
            compiled = _compile(line)
            for right in line.rights:
                self._compiled.setdefault((line.office, right), []).append((compiled, line.normal))

    def adding(self, formats: Iterable[NumberFormat]) -> "NumberFormats":
        """Give these formats with further ones; an office and right named there are no longer held to ours."""
        further = tuple(formats)
        replaced = {(line.office, right) for line in further for right in line.rights}
        kept = (
            NumberFormat(office=line.office, rights=rights, expression=line.expression, normal=line.normal)
            for line in self._formats
            if (rights := frozenset(right for right in line.rights if (line.office, right) not in replaced))
        )
        return NumberFormats((*kept, *further))

    def normalise(self, office: OfficeCode, right: Right, number: str) -> NormalNumber:
        """Find the normal form; Refused(NUMBER_MALFORMED) if the office's own form is known and this is another."""
        if len(number) > _LIMIT:
            raise Refused(Reason.NUMBER_MALFORMED)
        text = " ".join(unicodedata.normalize("NFKC", number).upper().split())
        own = self._compiled.get((office, right), [])
        for candidate in _without_code(office, text):
            for expression, normal in own:
                if found := expression.fullmatch(candidate):
                    return NormalNumber(as_received=number, normal=found.expand(normal), source=NumberSource.OFFICE)
            for expression, normal in self._compiled.get((_EVERY, right), []):
                if (found := expression.fullmatch(candidate)) and found[1] == office:
                    return NormalNumber(
                        as_received=number, normal=found.expand(normal), source=NumberSource.EVERY_OFFICE
                    )
        if own or not _GENERIC.fullmatch(text) or not any(map(str.isdigit, text)):
            raise Refused(Reason.NUMBER_MALFORMED)
        *_, national = _without_code(office, text)
        return NormalNumber(as_received=number, normal=f"{office} {national}", source=NumberSource.GENERIC)


def _compile(line: NumberFormat) -> re.Pattern[str]:
    expression = line.expression
    bounded = (
        len(expression) <= _EXPRESSION_LIMIT
        and _EXPRESSION.fullmatch(expression)
        and "){" not in expression  # a repeated group could be tried in exponentially many ways
        and expression.count(",") <= _MOST_CHOICES
        and expression.count("?") <= 2 * _MOST_CHOICES
    )
    try:
        compiled = re.compile(expression.replace(_OFFICE_MARK, "[A-Z]{2}"), re.ASCII) if bounded else None
    except re.error:
        compiled = None
    if compiled is None:
        raise ValueError(f"number format of {line.office}: {expression!r} is not an expression of the bounded kind")
    if any(int(group) > compiled.groups for group in re.findall(r"\\(\d)", line.normal)):
        raise ValueError(f"number format of {line.office}: {line.normal!r} names a group that is not there")
    if line.office == _EVERY and not expression.partition("(")[2].startswith(f"{_OFFICE_MARK})"):
        raise ValueError(f"number format for every office: {expression!r} must say where the office stands")
    return compiled


def _without_code(office: OfficeCode, text: str) -> Iterable[str]:
    """Give the number as it is and, if the office's code stands in front, without it."""
    yield text
    if text.startswith(office) and len(text) > len(office):
        yield text[len(office) :].lstrip(" ")


@cache
def shipped_formats() -> NumberFormats:
    """Give the formats of schemas/number_formats.toml."""
    rows = tomllib.loads(files("schemas").joinpath("number_formats.toml").read_text("utf-8"))["format"]
    return NumberFormats(
        NumberFormat(
            office=row["office"],
            rights=frozenset(Right(right) for right in row["rights"]),
            expression=row["expression"],
            normal=row["normal"],
        )
        for row in rows
    )
