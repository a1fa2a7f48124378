"""The foreign office's configuration: TOML into frozen values; an unknown key is refused by its path.

Rules: relative paths count from the file's own folder; a message never repeats a value.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.serving import read_toml

__all__ = ["EXAMPLE", "Document", "Settings", "Wanted", "load", "read_key"]

EXAMPLE = """\
code = "XC"                        # WIPO ST.3
client_id = "xc-office"            # as agreed with the Bureau
key = "xc-das.key.pem"             # P-256 private key of the client assertions
folder = "office"                  # retrieved documents are written there
api = "https://127.0.0.1:9443/das-api/v1"
token_endpoint = "https://127.0.0.1:9443/am/oauth2/access_token"
jwks_uri = "https://127.0.0.1:9443/am/oauth2/connect/jwk_uri"
audience = "ib-XC"                 # sub and aud of the token the Bureau calls us with
has_endpoint = true                # false: the Bureau does not know our endpoint, so we poll
poll_seconds = 1.0                 # between two questions
prepare_seconds = 0.0              # between a retrieval request and "ready"
patience = 60                      # questions or tries before giving up

[[document]]                       # registered at the start
kind = "patent"
number = "XC 2026/1"
date = 2026-02-03
file = "application.pdf"
access_code = "7QX1"               # absent where the Bureau makes them
email = "applicant@example.org"    # only there
hosting = "office"                 # or "bureau": upload it

[[wanted]]                         # retrieved at the start
kind = "patent"
number = "XA 2026000001"
date = 2026-01-15
access_code = "A1B2"
# holding_office, application_number, application_date: a copy in another office's file
"""


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document of this office and how it is registered."""

    kind: str
    number: str
    day: date = msgspec.field(name="date")
    file: str
    access_code: str | None = None
    email: str | None = None
    hosting: Literal["office", "bureau"] = "office"


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document this office asks the Bureau for."""

    kind: str
    number: str
    day: date = msgspec.field(name="date")
    access_code: str
    holding_office: str | None = None
    application_number: str | None = None
    application_date: date | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration."""

    code: str
    client_id: str
    key: str
    folder: str
    api: str
    token_endpoint: str
    jwks_uri: str
    audience: str
    has_endpoint: bool = True
    poll_seconds: float = 1.0
    prepare_seconds: float = 0.0
    patience: int = 60
    document: tuple[Document, ...] = ()
    wanted: tuple[Wanted, ...] = ()


def load(file: Path) -> Settings:
    """Read and check a configuration file; raises ValueError naming the key, OSError if it is not there."""
    settings = read_toml(file.read_text("utf-8"), Settings, file.name)
    base = file.parent
    documents = tuple(
        msgspec.structs.replace(document, file=str(base / document.file)) for document in settings.document
    )
    for place, document in enumerate(documents):
        if not Path(document.file).is_file():
            raise ValueError(f"{file.name}: document[{place}].file: no such file")
    return msgspec.structs.replace(
        settings, key=str(base / settings.key), folder=str(base / settings.folder), document=documents
    )


def read_key(file: Path) -> EllipticCurvePrivateKey:
    """The P-256 private key in a PEM file; raises ValueError for another kind, OSError if it is not there."""
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError(f"{file.name}: not a P-256 key")
    return key
