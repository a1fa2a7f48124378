"""What the story believes only when it has checked it: signed receipts and notifications, bytes by their digests."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree

from gateway.client import Profile
from gateway.demo.timeline import StoryFailed
from gateway.wire import xml
from pki.keys import load_certificate
from pki.trust import Purpose, TrustList, pin
from pki.xmldsig import verify_enveloped

__all__ = ["only", "read_signed", "sha256_of", "signed_digests", "text_in"]

_T = TypeVar("_T")


def only(found: Sequence[_T], what: str) -> _T:
    """The one thing that was found; StoryFailed if there is none, or more than one."""
    if len(found) != 1:
        raise StoryFailed(f"expected one {what}, found {len(found)}")
    return found[0]


def read_signed(document: bytes, profile: Profile) -> etree._Element:
    """Verify a receipt or notification of the office's gateway; StoryFailed if it is not its own."""
    trust = TrustList([pin(profile.hosted, Purpose.SIGNING, load_certificate(profile.gateway_certificate))])
    verdict, root = verify_enveloped(document, trust=trust, now=datetime.now(UTC))
    if root is None:
        raise StoryFailed(f"a document is not signed by gateway {profile.hosted}: {verdict.explanation}")
    return root


def signed_digests(receipt: etree._Element) -> set[str]:
    """The SHA-256 of every document a receipt names."""
    return {xml.text_of(element) for element in receipt.iter() if xml.local_name(element) == "Sha256"}


def sha256_of(path: Path) -> str:
    """A file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_in(root: etree._Element, name: str) -> str | None:
    """The text of the first element of that name."""
    found: Any = next((element for element in root.iter() if xml.local_name(element) == name), None)
    return None if found is None else xml.text_of(found)
