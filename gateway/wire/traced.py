"""Reading an element tree so that afterwards it can be said what was not read.

Rules: names are local names, since national forms of ST.36 put theirs into namespaces; what is left is told by place
and never by value.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from lxml import etree

from gateway.wire.xml import local_name, place_of

__all__ = ["Traced"]

#: Attributes that say which form it is, not what it says.
_OF_THE_FORM: Final = frozenset(
    {"dtd-version", "st96Version", "ipoVersion", "schemaLocation", "noNamespaceSchemaLocation"}
)
_DAY: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_LEFT_MOST: Final = 1000


class Traced:
    """A tree, and what of it has been taken."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.malformed: list[str] = []
        self._texts: set[etree._Element] = set()
        self._markup: set[etree._Element] = set()
        self._attributes: set[tuple[etree._Element, str]] = set()

    def all(self, element: etree._Element | None, path: str) -> Iterator[etree._Element]:
        """The elements at a path of local names below an element, e.g. `applicants/applicant`; `a|b` is either."""
        step, _, rest = path.partition("/")
        for child in element if element is not None else ():
            if local_name(child) in step.split("|"):
                if rest:
                    yield from self.all(child, rest)
                else:
                    yield child

    def first(self, element: etree._Element | None, path: str) -> etree._Element | None:
        """The first element at a path, or None."""
        return next(self.all(element, path), None)

    def text(self, element: etree._Element | None, path: str = "", *, collapse: bool = True) -> str | None:
        """The text of the element, or of the first at a path below it; None if there is none.

        White space is collapsed, or only trimmed in front where columns count. Markup inside is passed over; it stays
        among what is left.
        """
        found = self.first(element, path) if path else element
        if found is None:
            return None
        self._texts.add(found)
        self._markup.update(node for node in found.iter("*") if node is not found)
        return (" ".join(_text(found).split()) if collapse else _text(found).lstrip()) or None

    def attribute(self, element: etree._Element | None, name: str) -> str | None:
        """An attribute by its local name, trimmed; None if it is absent or empty."""
        for key, value in element.attrib.items() if element is not None else ():
            if str(key).rpartition("}")[2] == name and element is not None:
                self._attributes.add((element, str(key)))
                return str(value).strip() or None
        return None

    def day(self, element: etree._Element | None, path: str) -> date | None:
        """A date, YYYYMMDD or YYYY-MM-DD; one that is none is noted in `malformed` and left."""
        found = self.first(element, path)
        if found is None:
            return None
        written = _DAY.fullmatch(_text(found).strip())
        try:
            day = date(*(int(part) for part in written.groups())) if written else None
        except ValueError:
            day = None
        if day is None:
            self.malformed.append(place_of(found))
        else:
            self._texts.add(found)
        return day

    def left(self) -> tuple[str, ...]:
        """The places of texts, attributes and markup that nobody has taken, at most a thousand."""
        found: list[str] = []
        waiting = [(self.root, f"/{local_name(self.root)}")]
        while waiting and len(found) < _LEFT_MOST:
            element, place = waiting.pop()
            found.extend(self._left_of(element, place))
            children = [child for child in element if isinstance(child.tag, str)]
            names = Counter(map(local_name, children))
            seen: Counter[str] = Counter()
            places = []
            for child in children:
                name = local_name(child)
                seen[name] += 1
                places.append((child, f"{place}/{name}[{seen[name]}]" if names[name] > 1 else f"{place}/{name}"))
            waiting.extend(reversed(places))
        return tuple(found[:_LEFT_MOST])

    def _left_of(self, element: etree._Element, place: str) -> Iterator[str]:
        if element in self._markup:
            yield f"{place} (markup)"
        elif element not in self._texts and _has_text(element):
            yield place
        for key in element.attrib:
            name = str(key).rpartition("}")[2]
            if (element, str(key)) not in self._attributes and name not in _OF_THE_FORM:
                yield f"{place}/@{name}"


def _text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext("*"))


def _has_text(element: etree._Element) -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)
