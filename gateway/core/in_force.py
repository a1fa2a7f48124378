"""What is in force at a gateway, by name and salted digest, and what changed since it was last told.

Rules:
- A picture holds no value, only its HMAC under a salt of its own, so that nobody who reads it can try values elsewhere.
- What a person reads of a change is names: what was added, taken out, or is another than before.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from gateway.core.exchange import Step
from gateway.core.instant import rfc3339
from gateway.core.request import canonical_json

__all__ = ["SALT_BYTES", "STEPS", "Change", "Kind", "Picture", "compare", "read_picture", "take_picture"]

#: Random bytes a picture takes.
SALT_BYTES: Final = 32


class Kind(Enum):
    """What can change: each kind has its own row of changes."""

    CONFIGURATION = "configuration"
    KEYS = "keys"
    TRUST = "trust"
    AGREEMENTS = "agreements"


STEPS: Final = {
    Kind.CONFIGURATION: Step.CONFIGURATION_CHANGED,
    Kind.KEYS: Step.KEYS_CHANGED,
    Kind.TRUST: Step.TRUST_CHANGED,
    Kind.AGREEMENTS: Step.AGREEMENTS_CHANGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What was in force of one kind: `digests` maps names to hexadecimal HMAC-SHA-256 of the value under `salt`."""

    salt: bytes
    digests: Mapping[str, str]

    @property
    def content(self) -> bytes:
        """The picture as it is kept, RFC 8785 JSON."""
        return canonical_json({"digests": dict(self.digests), "salt": self.salt.hex()})

    @property
    def sha256(self) -> str:
        """What an entry commits to, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: the pictures' digests (`before` None for the first), the new picture, and the names, sorted."""

    kind: Kind
    before: str | None
    after: Picture
    added: tuple[str, ...]
    removed: tuple[str, ...]
    altered: tuple[str, ...]

    def content(self, at: datetime, software: str) -> bytes:
        """What a person reads, RFC 8785 JSON; the entry holds its digest."""
        return canonical_json(
            {
                "added": list(self.added),
                "after": self.after.sha256,
                "altered": list(self.altered),
                "at": rfc3339(at),
                "before": self.before,
                "kind": self.kind.value,
                "removed": list(self.removed),
                "software": software,
            }
        )

    def digests(self, content: bytes) -> dict[str, str]:
        """What the entry holds: the states before and after, and what is told of the change."""
        before = {} if self.before is None else {"before": self.before}
        return {**before, "after": self.after.sha256, "change": hashlib.sha256(content).hexdigest()}


def take_picture(in_force: Mapping[str, object], salt: bytes) -> Picture:
    """Digest what is in force: values of texts, whole numbers, truth values, None, and lists and mappings of these."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a picture takes {SALT_BYTES} random bytes")
    digests = {
        name: hmac.digest(salt, canonical_json([name, value]), "sha256").hex() for name, value in in_force.items()
    }
    return Picture(salt=salt, digests=digests)


def read_picture(content: bytes) -> Picture:
    """Read what `Picture.content` wrote; ValueError."""
    try:
        value = json.loads(content)
        return Picture(salt=bytes.fromhex(value["salt"]), digests={str(k): str(v) for k, v in value["digests"].items()})
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a picture of what is in force") from None


def compare(kind: Kind, former: Picture | None, in_force: Mapping[str, object], salt: bytes) -> Change | None:
    """Give what is another than in the former picture, None for nothing; everything is new without one.

    `salt` is used for the new picture only.
    """
    old = {} if former is None else former.digests
    now = {} if former is None else take_picture(in_force, former.salt).digests
    if former is not None and old == now:
        return None
    return Change(
        kind=kind,
        before=None if former is None else former.sha256,
        after=take_picture(in_force, salt),
        added=tuple(sorted(in_force.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - in_force.keys())),
        altered=tuple(sorted(name for name in old.keys() & now.keys() if old[name] != now[name])),
    )
