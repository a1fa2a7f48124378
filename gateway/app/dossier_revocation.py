"""Revocation lists in a dossier: what this gateway knew of each sender's certificates when it took a message.

Rules: as they were kept, not as they may be now; what was not known then cannot be known by us later.
"""

from collections.abc import Iterable
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.app.dossier_members import PEM, Members
from gateway.app.opening import Gateway
from gateway.core.office import OfficeCode
from gateway.store.revocation_lists import PostgresRevocationLists
from gateway.wire.dossier_contents import MessageFiles, RevocationFiles
from pki.keys import UnusableKey, load_certificates

__all__ = ["enclose_revocation"]

_LIST: Final = "application/pkix-crl"


async def enclose_revocation(
    gateway: Gateway, messages: Iterable[MessageFiles], members: Members
) -> tuple[RevocationFiles, ...]:
    """Enclose the lists that were in use for the senders of signed messages when these were taken. Deferred."""
    kept = PostgresRevocationLists(gateway.pool, gateway.queries)
    found: dict[tuple[str, bytes], RevocationFiles] = {}
    for message in messages:
        if message.certificate is None:
            continue
        for one in await kept.in_force(OfficeCode(message.sender), message.accepted_at):
            issuers = _enclose_issuers(gateway, message.sender, members)
            if (message.sender, one.digest) in found or issuers is None:
                continue
            name = f"revocation/{message.sender.lower()}-{one.digest.hex()[:16]}.crl"
            members.add(name, one.der, _LIST, f"revocation list in use for {message.sender}")
            found[message.sender, one.digest] = RevocationFiles(
                office=message.sender, taken_at=one.taken_at, revocation_list=name, issuers=issuers
            )
    return tuple(found.values())


def _enclose_issuers(gateway: Gateway, office: str, members: Members) -> str | None:
    """The certificates of who may make an office's lists, each office's once; None if none is in the settings now."""
    name = f"revocation/{office.lower()}-issuers.pem"
    if name in members:
        return name
    paths = [path for known in gateway.settings.office if known.code == office for path in known.revocation_issuers]
    try:
        certificates = [certificate for path in paths for certificate in load_certificates(path)]
    except (UnusableKey, OSError):  # told by `pouch check`
        return None
    if not certificates:
        return None
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    return members.add(name, pem, PEM, f"certificates of who may make revocation lists of {office}")
