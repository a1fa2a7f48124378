"""One answer for all malformed DER: whatever a library below raises, early or late, becomes a Refusal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from pki.verdict import Refusal, SubIndication

__all__ = ["reads_der"]

#: What asn1crypto and cryptography raise for bytes that are not what they should be.
_MALFORMED: Final = (
    *(ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def reads_der(parse: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Have a parser answer malformed bytes with Refusal FORMAT_FAILURE."""

    @wraps(parse)
    def guarded(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        try:
            return parse(*arguments, **named)
        except _MALFORMED:
            raise Refusal(SubIndication.FORMAT_FAILURE, "it is not the DER that its standard describes") from None

    return guarded
