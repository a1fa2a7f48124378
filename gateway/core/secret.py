"""A value that must never be shown: access codes, tokens, keys.

Rules: `str`, `repr` and format give stars; pickling and JSON encoding fail; only `reveal()` gives the value, so that
a search for `reveal(` lists every place that touches it.
"""

import hmac
from typing import Final, NoReturn

__all__ = ["Secret"]

_STARS: Final = "***"


class Secret:
    """Wraps a text that is compared in constant time and never printed."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the text itself, to the one call that needs it."""
        return self._value

    def matches(self, other: "Secret") -> bool:
        """Compare without telling by its duration how much was right."""
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __repr__(self) -> str:
        return _STARS

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return _STARS

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")

    __hash__ = None  # type: ignore[assignment]  # a secret is no key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other)
