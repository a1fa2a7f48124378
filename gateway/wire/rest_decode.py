"""Strict JSON: a body becomes one of the structures of rest_structs.py, or is refused with a JSON pointer.

Rules:
- One value, UTF-8, no member twice (RFC 7493), since a signature over two values proves neither.
- Messages of the decoder quote the body, so they go nowhere; only the place is taken from them.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from gateway.wire.markup import CARRIED
from gateway.wire.soap_requests import FINER

__all__ = ["decode_body"]

_Decoded = TypeVar("_Decoded", bound=msgspec.Struct)

_PLACE: Final = re.compile(r" - at `\$([^`]*)`\Z")
_STEP: Final = re.compile(r"\.([A-Za-z0-9_]{1,64})|\[(\d{1,9}|\.\.\.)\]")
_MOST_STEPS: Final = 8
_MEMBER: Final = re.compile(r"Object (?:missing required|contains unknown) field `([A-Za-z0-9_\-]{1,64})`")
_OFFSET: Final = re.compile(r"\(byte (\d+)\)\Z")
_ACCESS_CODE: Final = re.compile(r"[A-Za-z0-9]{4}")
_NOT_CARRIED: Final = re.compile(rf"[^{CARRIED}]")

#: The XML door's Reasons for bad values, by the names of JSON.
_FINER: Final[Mapping[str, Reason]] = {
    **{name[0].lower() + name[1:]: reason for name, reason in FINER.items()},
    "content": Reason.CONTENT_ENCODING,
}


def _decode_secret(kind: type, value: Any) -> Secret:
    if kind is not Secret or not isinstance(value, str) or not _ACCESS_CODE.fullmatch(value):
        raise ValueError("not an access code")
    return Secret(value)


def decode_body(body: bytes, kind: type[_Decoded]) -> _Decoded:
    """Read a body; Refused with NOT_JSON, or with SCHEMA_VIOLATION or a finer Reason and a JSON pointer."""
    try:
        decoded = msgspec.json.decode(body, type=kind, dec_hook=_decode_secret)
        json.loads(body, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except msgspec.ValidationError as error:
        raise _violation(str(error)) from None
    except msgspec.DecodeError as error:
        offset = _OFFSET.search(str(error))
        raise Refused(Reason.NOT_JSON, f"byte {offset[1]}" if offset else None) from None
    except UnicodeDecodeError:
        raise Refused(Reason.NOT_JSON) from None
    _check_texts(decoded, "")
    return decoded


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Refused(Reason.NOT_JSON)


def _violation(message: str) -> Refused:
    found = _PLACE.search(message)
    steps = [name or index for name, index in _STEP.findall(found[1] if found else "")][:_MOST_STEPS]
    member = _MEMBER.match(message)
    if member:
        steps.append(member[1])
    reason = Reason.SCHEMA_VIOLATION
    if steps and not member:
        reason = _FINER.get(steps[-1], reason)
    return Refused(reason, "".join(f"/{step}" for step in steps) or None)


def _check_texts(value: Any, place: str) -> None:
    """What XML cannot carry would be told in another form than it came."""
    if isinstance(value, str):
        if _NOT_CARRIED.search(value):
            name = place.rpartition("/")[2]
            raise Refused(_FINER.get(name, Reason.SCHEMA_VIOLATION), place)
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            _check_texts(getattr(value, field.name), f"{place}/{field.encode_name}")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            _check_texts(item, f"{place}/{number}")
