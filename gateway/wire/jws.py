"""A detached JWS and its payload put together into one compact JWS, and taken apart again (RFC 7515, appendix F).

Rules: nothing is verified here, and the payload's bytes stay as they came, so that what was signed can be kept and
handed on as one object of a standard form.
"""

import base64
import binascii
import re
from typing import Final

__all__ = ["attach_payload", "detach_payload"]

_COMPACT: Final = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")


def attach_payload(detached: str, payload: bytes) -> bytes:
    """Write the compact JWS that a verified detached one and its payload make; ValueError if it is none."""
    header, middle, signature = detached.split(".")
    if middle:
        raise ValueError("a detached JWS has nothing between its two dots")
    encoded = base64.urlsafe_b64encode(payload).rstrip(b"=")
    return b".".join((header.encode("ascii"), encoded, signature.encode("ascii")))


def detach_payload(compact: bytes) -> tuple[str, bytes] | None:
    """Give the detached JWS and the payload of a compact one, or None for anything else, such as a JSON object."""
    found = _COMPACT.fullmatch(compact)
    if found is None:
        return None
    header, encoded, signature = found.groups()
    try:
        payload = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except binascii.Error:
        return None
    if base64.urlsafe_b64encode(payload).rstrip(b"=") != encoded:
        return None
    return f"{header.decode('ascii')}..{signature.decode('ascii')}", payload
