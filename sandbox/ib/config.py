"""The Bureau's configuration: TOML into frozen values; an unknown key is refused by its path.

Rules: relative paths count from the file's own folder; a message never repeats a value.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from yarl import URL

from sandbox.ib.inferred import KINDS
from sandbox.serving import read_toml

__all__ = ["EXAMPLE", "ClientKey", "Delay", "Office", "Settings", "Timings", "load", "read_client_key"]

EXAMPLE = """\
# base_url = "https://127.0.0.1:9443/das-api/v1"   # without it: where it listens
folder = "bureau"                  # its keys and files
check_retrievals = "at-once"       # or "by-status": wrong date or code is told by the status
old_error_wrapper = false          # true: the outer {"error": ...} of before March 2024
notify_changes = true              # notify who fetched, when a registration changes
plain_http = false                 # true: offices' endpoints may be http (tests only)
largest_file = 536870912           # bytes

[timings]                          # a delay ends after `polls` questions and `seconds`
upload_processing = { polls = 1 }
registration_processing = { polls = 1 }
retrieval_processing = { seconds = 0.5 }
upload_url_life = 300.0            # seconds
transit_life = 604800.0            # seconds a retrieved file stays
retries = 5                        # of the Bureau's own calls
first_retry = 0.5                  # seconds, doubled each time

[[office]]
code = "XA"                        # WIPO ST.3
client_id = "xa-office"
certificate = "xa-das.pem"         # certificate or public key, P-256, of its client assertions
roles = ["depositing"]
kinds = ["patent", "design"]
access_codes = "bureau"            # the Bureau makes them and mails the applicant
hosting = false                    # may it keep files in its own library?
number_pattern = '^XA \\d{10}$'

[[office]]
code = "XB"
client_id = "xb-office"
certificate = "xb-das.pem"
roles = ["depositing", "accessing"]
access_codes = "office"
hosting = true
endpoint = "https://127.0.0.1:8443/das-api/v1"   # without it the office polls
"""


class Delay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long work takes: this many polls answered "not yet", and this many seconds."""

    polls: int = 0
    seconds: float = 0.0


class Timings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All durations, in seconds where not a `Delay`."""

    upload_processing: Delay = Delay()
    registration_processing: Delay = Delay()
    retrieval_processing: Delay = Delay()
    upload_url_life: float = 300.0
    transit_life: float = 604_800.0
    retries: int = 5
    first_retry: float = 0.5


class Office(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the Bureau agreed with one office."""

    code: str
    client_id: str
    certificate: str
    roles: tuple[Literal["depositing", "accessing"], ...] = ("depositing", "accessing")
    kinds: tuple[str, ...] = KINDS
    access_codes: Literal["bureau", "office"] = "bureau"
    hosting: bool = False
    number_pattern: str = ""
    endpoint: str | None = None

    def accepts(self, number: str) -> bool:
        """Whether the number fits the office's pattern; by default its code and a blank come first."""
        pattern = self.number_pattern or rf"(?:{re.escape(self.code)} \S.*|PCT/{self.code}\d{{4}}/\d{{6}})"
        return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), number) is not None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration."""

    folder: str
    base_url: str | None = None
    check_retrievals: Literal["at-once", "by-status"] = "at-once"
    old_error_wrapper: bool = False
    notify_changes: bool = True
    plain_http: bool = False
    largest_file: int = 536_870_912
    timings: Timings = Timings()
    office: tuple[Office, ...] = ()

    def by_code(self, code: str) -> Office | None:
        """The office with this ST.3 code, or None."""
        return next((office for office in self.office if office.code == code), None)

    def by_client(self, client_id: str) -> Office | None:
        """The office with this client id, or None."""
        return next((office for office in self.office if office.client_id == client_id), None)


class ClientKey(msgspec.Struct, frozen=True, kw_only=True):
    """The public key of an office's client assertions, and the certificate if that is how it came."""

    public_key: EllipticCurvePublicKey
    certificate: x509.Certificate | None


def read_client_key(pem: bytes) -> ClientKey:
    """Read a PEM certificate or public key on P-256; raises ValueError for anything else."""
    certificate = x509.load_pem_x509_certificate(pem) if b"BEGIN CERTIFICATE" in pem else None
    key = certificate.public_key() if certificate is not None else load_pem_public_key(pem)
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("a client certificate holds a P-256 key")
    return ClientKey(public_key=key, certificate=certificate)


def load(file: Path) -> Settings:
    """Read and check a configuration file; raises ValueError naming the key, OSError if it is not there."""
    settings = read_toml(file.read_text("utf-8"), Settings, file.name)
    base = file.parent
    offices = []
    for place, office in enumerate(settings.office):
        _check_office(office, settings, f"{file.name}: office[{place}]")
        offices.append(msgspec.structs.replace(office, certificate=str(base / office.certificate)))
    for name in ("code", "client_id"):
        if len({getattr(office, name) for office in offices}) != len(offices):
            raise ValueError(f"{file.name}: office.{name}: the same twice")
    return msgspec.structs.replace(settings, folder=str(base / settings.folder), office=tuple(offices))


def _check_office(office: Office, settings: Settings, where: str) -> None:
    if not re.fullmatch(r"[A-Z]{2}", office.code):
        raise ValueError(f"{where}.code: two capital letters (ST.3)")
    if unknown := set(office.kinds) - set(KINDS):
        raise ValueError(f"{where}.kinds: {len(unknown)} unknown; known are {', '.join(KINDS)}")
    try:
        re.compile(office.number_pattern)
    except re.error:
        raise ValueError(f"{where}.number_pattern: not a regular expression") from None
    schemes = ("https", "http") if settings.plain_http else ("https",)
    if office.endpoint is not None:
        url = URL(office.endpoint)
        if url.scheme not in schemes or not url.host or url.query_string:
            raise ValueError(f"{where}.endpoint: an https URL without a query")
