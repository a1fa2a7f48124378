"""The texts of simple values in an answer, checked before zeep reads them: it takes "maybe" as false and "z" as none.

Rules: XML Schema part 2 lexical forms, without INF and NaN, which are no numbers of any register; no comments, so that
`4<!-- -->56` cannot be read as 4.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from lxml import etree

from gateway.core.reason import Deferred, Reason

__all__ = ["check_texts"]


def _is_date_time(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


#: built-in type -> whether a text is of it; of a text or base64 only that nothing else stands inside is checked
_FORMS: Final[Mapping[str, Callable[[str], object]]] = {
    "double": re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?").fullmatch,
    "dateTime": _is_date_time,
    "boolean": re.compile(r"true|false|1|0").fullmatch,
    "long": re.compile(r"[+-]?\d{1,19}").fullmatch,
    "string": lambda text: True,
    "base64Binary": lambda text: True,
}
_WHITE: Final = " \t\r\n"


def check_texts(content: etree._Element, kinds: Mapping[str, str]) -> None:
    """Check every simple value below an answer; `kinds` maps names of elements to built-in types of XML Schema.

    Deferred(REMOTE_MALFORMED) naming the element, which is a name of the profile, and never its text.
    """
    for element in content.iter():
        tag = element.tag
        if not isinstance(tag, str):
            raise Deferred(Reason.REMOTE_MALFORMED, "comment")
        text = (element.text or "").strip(_WHITE)
        is_of_form = _FORMS.get(kinds.get(tag, ""))
        if is_of_form is None:
            wrong = bool(text)  # a structure, or what zeep refuses
        elif element.text is None:
            wrong = len(element) > 0
        else:
            wrong = len(element) > 0 or not is_of_form(text)
        if wrong or (element.tail or "").strip(_WHITE):
            raise Deferred(Reason.REMOTE_MALFORMED, tag)
