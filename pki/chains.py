"""From a certificate up to a root we trust: the path, as it was valid at a given moment.

Rules: roots are the self-issued certificates we were given, other certificates only lie between; what a stranger sends
is a hint. Bounded in certificates and depth, so that a hostile heap of certificates costs little.
Source: RFC 5280, 6.1, without policies and name constraints; whoever needs those has a referee beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from pki.der import reads_der
from pki.policy import find_key_weakness
from pki.verdict import Refusal, SubIndication, shown

__all__ = ["CHAIN_MOST", "build_chain", "check_signer", "extension_of", "is_issued_by"]

#: Certificates in a path, and certificates looked at to find one.
CHAIN_MOST: Final = 8
_LOOKED_AT: Final = 64
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_Path = tuple[x509.Certificate, ...]


@reads_der
def build_chain(
    leaf: x509.Certificate, between: Iterable[x509.Certificate], roots: Iterable[x509.Certificate], at: datetime
) -> tuple[x509.Certificate, ...]:
    """The path from `leaf` to one of the roots, both included, where every certificate was valid at `at` (aware).

    `between` are certificates that may lie on the way; those among `roots` that are not self-issued are the same.
    Raises Refusal: NO_CERTIFICATE_CHAIN_FOUND, EXPIRED, NOT_YET_VALID, CHAIN_CONSTRAINTS_FAILURE or
    CRYPTO_CONSTRAINTS_FAILURE, for the path that came furthest.
    """
    anchors = list(roots)
    pool = list(dict.fromkeys([*anchors, *between]))[:_LOOKED_AT]
    paths: deque[_Path] = deque([(leaf,)])
    seen = {leaf}
    refusal = Refusal(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "no path leads from the signer to a trusted root", leaf)
    while paths:
        path = paths.popleft()
        try:
            _check(path, at)
        except Refusal as found:
            refusal = found
            continue
        if path[-1] in anchors and path[-1].subject == path[-1].issuer:
            return path
        if len(path) < CHAIN_MOST:
            above = [entry for entry in pool if entry not in seen and is_issued_by(path[-1], entry)]
            seen.update(above)
            paths.extend((*path, entry) for entry in above)
    raise refusal


def check_signer(
    certificate: x509.Certificate,
    between: Iterable[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    """Refuse a signer not to be believed at `at` (aware), who must be one of `roots` and valid, or below one of them.

    Raises Refusal as `build_chain` does.
    """
    if certificate not in roots:
        build_chain(certificate, between, roots, at)
    elif at < certificate.not_valid_before_utc:
        raise Refusal(SubIndication.NOT_YET_VALID, "the signer's certificate was not yet valid", certificate)
    elif at > certificate.not_valid_after_utc:
        raise Refusal(SubIndication.EXPIRED, "the signer's certificate had expired", certificate)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name is on the certificate and its key, if it is good enough, made the signature."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        if find_key_weakness(issuer.public_key()) is not None:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def extension_of(certificate: x509.Certificate, kind: type[_Extension]) -> x509.Extension[_Extension] | None:
    """An extension with its criticality, or None; Refusal FORMAT_FAILURE if the extensions cannot be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise Refusal(SubIndication.FORMAT_FAILURE, "a certificate's extensions cannot be read", None) from None


def _check(path: _Path, at: datetime) -> None:
    """Judge the certificate at a path's end; those below it were judged before."""
    newest = path[-1]
    whose = f"the certificate of {shown(newest.subject.rfc4514_string())}"
    if at < newest.not_valid_before_utc:
        raise Refusal(SubIndication.NOT_YET_VALID, f"{whose} was not yet valid at {at.isoformat()}", newest)
    if at > newest.not_valid_after_utc:
        raise Refusal(SubIndication.EXPIRED, f"{whose} had expired at {at.isoformat()}", newest)
    if newest.subject != newest.issuer:  # the signature of a root is proof of nothing
        try:
            algorithm = newest.signature_hash_algorithm
        except UnsupportedAlgorithm:
            algorithm = None
        if not isinstance(algorithm, _HASHES):
            raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, f"{whose} is not signed over SHA-2", newest)
    if len(path) > 1:
        _check_issuer(newest, whose, below=len(path) - 2)


def _check_issuer(certificate: x509.Certificate, whose: str, below: int) -> None:
    constraints = extension_of(certificate, x509.BasicConstraints)
    usage = extension_of(certificate, x509.KeyUsage)
    if constraints is None or not constraints.value.ca:
        raise Refusal(SubIndication.CHAIN_CONSTRAINTS_FAILURE, f"{whose} is not that of an authority", certificate)
    if usage is not None and not usage.value.key_cert_sign:
        raise Refusal(SubIndication.CHAIN_CONSTRAINTS_FAILURE, f"{whose} may not sign certificates", certificate)
    if (most := constraints.value.path_length) is not None and below > most:
        raise Refusal(SubIndication.CHAIN_CONSTRAINTS_FAILURE, f"{whose} allows no path of this length", certificate)
