"""Writing XML by hand, in canonical form: texts escaped, no white space between elements, no declaration.

Rules: a text is escaped as Canonical XML 1.0 section 2.3 writes it, so that what is written needs no second form; a
character that XML cannot carry becomes U+FFFD, since an answer is better than none.
"""

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["CARRIED", "escape", "optional", "tag", "wrap"]

#: A character class of what XML 1.0 can carry in a text (section 2.2).
CARRIED: Final = r"\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"

_SPECIAL: Final = re.compile(rf"[&<>\r]|[^{CARRIED}]")
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}


def escape(text: str) -> str:
    """Escape a text for an element's content."""
    return _SPECIAL.sub(_replace, text)


def _replace(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], "\ufffd")


def tag(name: str, text: str | int) -> str:
    """Write `<name>text</name>`."""
    return f"<{name}>{text if isinstance(text, int) else escape(text)}</{name}>"


def optional(name: str, text: str | int | None) -> str:
    """Write an element, or nothing for None."""
    return "" if text is None else tag(name, text)


def wrap(name: str, contents: Iterable[str]) -> str:
    """Write an element around contents that are written already."""
    return f"<{name}>{''.join(contents)}</{name}>"
