"""Reading a time-stamp token's DER: what it says, and what must hold before its signature is worth trying.

Rules: nothing here is believed; `pki.timestamps` verifies. Bounded in bytes and certificates.
Sources: RFC 3161, 2.4.2; RFC 5652, 5; RFC 5816 (ESSCertIDv2); RFC 5035.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import new as new_hash
from typing import Any, Final

from asn1crypto import cms, core, tsp  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pki.der import reads_der
from pki.verdict import Refusal, SubIndication

__all__ = ["CERTIFICATES_MOST", "TOKEN_LIMIT", "Token", "parse_token"]

#: Bytes of a token, and certificates in it; a usual one has 2 to 8 KiB and one to four.
TOKEN_LIMIT: Final = 64 * 1024
CERTIFICATES_MOST: Final = 16
_DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says. `der` has its certificates in the order that DER wants; nothing signed differs."""

    der: bytes = field(repr=False)
    gen_time: datetime
    accuracy: timedelta | None
    serial: int
    policy: str
    nonce: int | None
    #: Name for hashlib, and the digest of what was stamped.
    algorithm: str
    imprint: bytes
    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]


@reads_der
def parse_token(der: bytes) -> Token:
    """Read a TimeStampToken; Refusal FORMAT_FAILURE, CRYPTO_CONSTRAINTS_FAILURE or NO_SIGNING_CERTIFICATE_FOUND."""
    if len(der) > TOKEN_LIMIT:
        raise _malformed(f"it is larger than {TOKEN_LIMIT} bytes")
    content = cms.ContentInfo.load(der, strict=True)
    if content["content_type"].native != "signed_data":
        raise _malformed("it is no signed content")
    signed = content["content"]
    # Its version is not signed, and follows from what it holds (RFC 5652, 5.1).
    if signed["version"].native != "v3" or signed["encap_content_info"]["content_type"].native != "tst_info":
        raise _malformed("what is signed is no time-stamp")
    stamp = signed["encap_content_info"]["content"].parsed
    if not isinstance(stamp, tsp.TSTInfo) or stamp["version"].native != "v1":
        raise _malformed("what is signed is no time-stamp of version 1")
    certificates = _certificates(signed)
    imprint = stamp["message_imprint"]
    return Token(
        der=_in_order(content, signed),
        gen_time=stamp["gen_time"].native,
        accuracy=_accuracy(stamp["accuracy"]),
        serial=stamp["serial_number"].native,
        policy=stamp["policy"].dotted,
        nonce=stamp["nonce"].native,
        algorithm=_digest(imprint["hash_algorithm"]),
        imprint=imprint["hashed_message"].native,
        signer=_signer(signed, certificates),
        certificates=certificates,
    )


def _certificates(signed: Any) -> tuple[x509.Certificate, ...]:
    if isinstance(signed["certificates"], core.Void):
        return ()
    if len(signed["certificates"]) > CERTIFICATES_MOST:
        raise _malformed(f"it carries more than {CERTIFICATES_MOST} certificates")
    return tuple(x509.load_der_x509_certificate(entry.dump()) for entry in signed["certificates"])


def _in_order(content: Any, signed: Any) -> bytes:
    """The token with its certificates sorted as X.690, 11.6 wants.

    `openssl ts -chain` and some authorities leave them as they come, and strict parsers then refuse the whole. They are
    outside of what is signed, so putting them in order alters nothing that counts.
    """
    if isinstance(signed["certificates"], core.Void):
        return bytes(content.dump())
    before = [bytes(entry.dump()) for entry in signed["certificates"]]
    if before != sorted(before):
        signed["certificates"] = cms.CertificateSet(list(signed["certificates"]))  # which sorts
    return bytes(content.dump())


def _signer(signed: Any, certificates: tuple[x509.Certificate, ...]) -> x509.Certificate:
    """The certificate that both the signer's identifier and the signed attribute name (RFC 5816, 2.2.1)."""
    if len(signed["signer_infos"]) != 1:
        raise _malformed("it has not exactly one signature")
    [info] = signed["signer_infos"]
    _digest(info["digest_algorithm"])
    wanted = info["sid"].chosen
    if info["sid"].name != "issuer_and_serial_number":
        raise _malformed("its signer is not named by issuer and serial number")
    name, serial = wanted["issuer"].dump(), wanted["serial_number"].native
    attributes = {attribute["type"].native: attribute["values"] for attribute in info["signed_attrs"]}
    if len(attributes) != len(info["signed_attrs"]) or any(len(values) != 1 for values in attributes.values()):
        raise _malformed("a signed attribute occurs twice")
    if "content_type" not in attributes or attributes["content_type"][0].native != "tst_info":
        raise _malformed("the signature is not over a time-stamp")
    for certificate in certificates:
        if certificate.serial_number == serial and certificate.issuer.public_bytes() == name:
            if not _is_named(certificate, attributes):
                raise _malformed("its signed attributes name another certificate than the signer's")
            return certificate
    raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "it does not carry its signer's certificate")


def _is_named(certificate: x509.Certificate, attributes: dict[str, Any]) -> bool:
    # SHA-1 in the older attribute is a name, not a proof: the signature proves.
    der = certificate.public_bytes(Encoding.DER)
    if "signing_certificate_v2" in attributes:
        named = attributes["signing_certificate_v2"][0]["certs"][0]
        algorithm = _digest(named["hash_algorithm"])
        return bool(named["cert_hash"].native == new_hash(algorithm, der).digest())
    if "signing_certificate" in attributes:
        named = attributes["signing_certificate"][0]["certs"][0]
        return bool(named["cert_hash"].native == new_hash("sha1", der, usedforsecurity=False).digest())
    return False


def _digest(algorithm: Any) -> str:
    name = str(algorithm["algorithm"].native)
    if name not in _DIGESTS:
        raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "its digests are not SHA-256, SHA-384 or SHA-512")
    return name


def _accuracy(accuracy: Any) -> timedelta | None:
    if isinstance(accuracy, core.Void):
        return None
    parts = {name: accuracy[name].native or 0 for name in ("seconds", "millis", "micros")}
    return timedelta(seconds=parts["seconds"], milliseconds=parts["millis"], microseconds=parts["micros"])


def _malformed(explanation: str) -> Refusal:
    return Refusal(SubIndication.FORMAT_FAILURE, explanation)
