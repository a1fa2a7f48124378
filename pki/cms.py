"""CMS signatures over files of any size: verified against given roots, and made; attached or detached.

Rules:
- The content is read once, in pieces, whatever its size; the caller goes on with the spans handed back.
- Every signature must hold. SHA-1 is tried, so that the report can say whether it fits, and never passes.
- A verdict is of the moment asked for: that of the signature's time-stamp, or now.
Sources: RFC 5652, 5.3 to 5.6 and 11; RFC 5753 (ECDSA); RFC 4056 (PSS).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_hash
from typing import Any, BinaryIO, Final

from asn1crypto import cms, core, pdf, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from pki.chains import check_signer, extension_of
from pki.cms_frame import Span, enclose, find_frame
from pki.der import reads_der
from pki.keys import SigningKey
from pki.policy import find_key_weakness
from pki.verdict import Refusal, SubIndication, Verdict, passed

__all__ = ["Signed", "Signer", "sign_attached", "sign_detached", "verify_signed"]

#: asn1crypto fixes its table of names at the first use: what adds to it is loaded before, for whoever needs it later.
_ADDING_NAMES: Final = (pdf, tsp)
_PIECE: Final = 1 << 20
_SIGNERS_MOST: Final = 8
_CERTIFICATES_MOST: Final = 64
_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_WEAK: Final = frozenset({"sha1"})
_SCHEMES: Final = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "ecdsa"})
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{arc}" for arc in (3, 4, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One signature: what came of it, the digest it uses, and the time its signer claims."""

    verdict: Verdict
    digest: str
    claimed_at: datetime | None

    @property
    def fits(self) -> bool:
        """Whether the signature fits content and certificate, whatever else is to be said of it."""
        return self.verdict.passed or self.verdict.sub_indication not in _BROKEN


_BROKEN: Final = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A SignedData as read. `verdict` is the worst of its signatures; `spans` the content's place in the file."""

    verdict: Verdict
    signers: tuple[Signer, ...] = ()
    spans: tuple[Span, ...] = ()
    detached: bool = False


def verify_signed(
    source: BinaryIO,
    size: int,
    *,
    roots: Sequence[x509.Certificate],
    at: datetime,
    content: BinaryIO | None = None,
) -> Signed:
    """Verify a SignedData of `size` bytes in `source`, over the content in it or over `content` where it is detached.

    `roots`: authorities, or the signers' certificates themselves; at `at` (aware) they must be valid. Never raises for
    what is in the file. FORMAT_FAILURE where both or neither content is there.
    """
    try:
        frame = find_frame(source, size)
        if (frame.spans is None) == (content is None):
            raise Refusal(SubIndication.SIGNED_DATA_NOT_FOUND, "its content is neither in it nor beside it, or both")
        parts = _parse(frame.der)
        pieces = _read_all(content) if content is not None else _read_spans(source, frame.spans or ())
        digests = _digest(pieces, parts.digests)
    except Refusal as refusal:
        return Signed(verdict=refusal.verdict)
    signers = tuple(_judge(info, parts, digests, roots, at) for info in parts.infos)
    worst = next((signer.verdict for signer in signers if not signer.verdict.passed), signers[0].verdict)
    return Signed(verdict=worst, signers=signers, spans=frame.spans or (), detached=frame.spans is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    kind: str
    infos: tuple[Any, ...]
    certificates: tuple[x509.Certificate, ...]
    digests: frozenset[str]


@reads_der
def _parse(der: bytes) -> _Parts:
    signed = cms.ContentInfo.load(der, strict=True)["content"]
    if not 1 <= len(signed["signer_infos"]) <= _SIGNERS_MOST:
        raise Refusal(SubIndication.NO_SIGNATURE, f"it has not one to {_SIGNERS_MOST} signatures")
    found = [] if isinstance(signed["certificates"], core.Void) else list(signed["certificates"])
    if len(found) > _CERTIFICATES_MOST:
        raise Refusal(SubIndication.FORMAT_FAILURE, f"it carries more than {_CERTIFICATES_MOST} certificates")
    plain = [entry.chosen for entry in found if entry.name == "certificate"]
    infos = tuple(signed["signer_infos"])
    return _Parts(
        kind=signed["encap_content_info"]["content_type"].dotted,
        infos=infos,
        certificates=tuple(x509.load_der_x509_certificate(entry.dump()) for entry in plain),
        digests=frozenset(_digest_name(info["digest_algorithm"]) for info in infos),
    )


@reads_der
def _digest_name(algorithm: Any) -> str:
    name = str(algorithm["algorithm"].native)
    if name not in _HASHES:
        raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "a signature uses a digest that is not on the list")
    return name


def _read_all(content: BinaryIO) -> Iterator[bytes]:
    while piece := content.read(_PIECE):
        yield piece


def _read_spans(source: BinaryIO, spans: Iterable[Span]) -> Iterator[bytes]:
    for span in spans:
        source.seek(span.offset)
        left = span.length
        while left:
            piece = source.read(min(left, _PIECE))
            if not piece:
                raise Refusal(SubIndication.FORMAT_FAILURE, "it ends early")
            left -= len(piece)
            yield piece


def _digest(pieces: Iterable[bytes], names: Iterable[str]) -> dict[str, bytes]:
    running = {name: new_hash(name, usedforsecurity=name not in _WEAK) for name in names}
    for piece in pieces:
        for each in running.values():
            each.update(piece)
    return {name: each.digest() for name, each in running.items()}


def _judge(
    info: Any,
    parts: _Parts,
    digests: dict[str, bytes],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> Signer:
    digest, claimed_at = "", None
    try:
        digest = _digest_name(info["digest_algorithm"])
        signed, claimed_at = _what_is_signed(info, parts.kind, digest, digests[digest])
        certificate = _signer(info, (*parts.certificates, *roots))
        scheme = _scheme(info, digest)
        _try(info, certificate, scheme, _HASHES[digest](), signed)
        if digest in _WEAK:
            raise Refusal(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
                "the signature fits, but rests on SHA-1, which proves nothing any more",
                certificate,
            )
        if (weakness := find_key_weakness(certificate.public_key())) is not None:
            raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, f"the signer's key: {weakness}", certificate)
        check_signer(certificate, parts.certificates, roots, at)
    except Refusal as refusal:
        return Signer(verdict=refusal.verdict, digest=digest, claimed_at=claimed_at)
    return Signer(
        verdict=passed("the signature fits content and certificate", certificate), digest=digest, claimed_at=claimed_at
    )


@reads_der
def _what_is_signed(info: Any, kind: str, digest: str, taken: bytes) -> tuple[bytes, datetime | None]:
    """The digest that the signature is over, and the time claimed (RFC 5652, 5.4)."""
    attributes = info["signed_attrs"]
    if isinstance(attributes, core.Void) or not len(attributes):
        if kind != "1.2.840.113549.1.7.1":  # id-data; RFC 5652, 5.3: others must have signed attributes
            raise Refusal(SubIndication.FORMAT_FAILURE, "a signature over content of this type needs signed attributes")
        return taken, None
    values = {attribute["type"].dotted: list(attribute["values"]) for attribute in attributes}
    if len(values) != len(attributes) or any(len(each) != 1 for each in values.values()):
        raise Refusal(SubIndication.FORMAT_FAILURE, "a signed attribute occurs twice, or has not one value")
    if _CONTENT_TYPE not in values or values[_CONTENT_TYPE][0].dotted != kind:
        raise Refusal(SubIndication.FORMAT_FAILURE, "the signed content type is not that of the content")
    if _MESSAGE_DIGEST not in values or values[_MESSAGE_DIGEST][0].native != taken:
        raise Refusal(SubIndication.HASH_FAILURE, "the content is not what was signed")
    claimed = values[_SIGNING_TIME][0].native if _SIGNING_TIME in values else None
    # Signed is the SET OF, not the [0] that stands in the file.
    encoded = b"\x31" + attributes.dump()[1:]
    return new_hash(digest, encoded, usedforsecurity=digest not in _WEAK).digest(), claimed


@reads_der
def _signer(info: Any, certificates: Iterable[x509.Certificate]) -> x509.Certificate:
    wanted = info["sid"].chosen
    for certificate in certificates:
        if info["sid"].name == "issuer_and_serial_number":
            fits = certificate.serial_number == wanted["serial_number"].native
            fits = fits and certificate.issuer.public_bytes() == wanted["issuer"].dump()
        else:
            identifier = extension_of(certificate, x509.SubjectKeyIdentifier)
            fits = identifier is not None and identifier.value.digest == wanted.native
        if fits:
            return certificate
    raise Refusal(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the signer's certificate is neither in it nor known")


@reads_der
def _scheme(info: Any, digest: str) -> str:
    """How it is signed: one of _SCHEMES."""
    algorithm = info["signature_algorithm"]
    scheme, named = str(algorithm.signature_algo), None
    if algorithm["algorithm"].native not in ("rsassa_pkcs1v15", "rsaes_oaep", "rsa", "ec"):
        named = algorithm.hash_algo
    if named is not None and named != digest:
        raise Refusal(SubIndication.FORMAT_FAILURE, "digest and signature algorithm do not belong together")
    if scheme not in _SCHEMES:
        raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "the signature algorithm is not on the list")
    if scheme == "rsassa_pss":
        parameters = algorithm["parameters"]
        mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
        if mask != digest:
            raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "mask and digest of the signature differ")
    return scheme


@reads_der
def _try(info: Any, certificate: x509.Certificate, scheme: str, hash_: hashes.HashAlgorithm, signed: bytes) -> None:
    """Try the signature over a digest; Refusal SIG_CRYPTO_FAILURE."""
    prehashed, signature = utils.Prehashed(hash_), bytes(info["signature"].native)
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and scheme == "rsassa_pkcs1v15":
            key.verify(signature, signed, padding.PKCS1v15(), prehashed)
        elif isinstance(key, rsa.RSAPublicKey) and scheme == "rsassa_pss":
            pss = padding.PSS(mgf=padding.MGF1(hash_), salt_length=hash_.digest_size)
            key.verify(signature, signed, pss, prehashed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and scheme == "ecdsa":
            key.verify(signature, signed, ec.ECDSA(prehashed))
        else:
            raise Refusal(
                SubIndication.SIG_CRYPTO_FAILURE, "the signature is not of the signer's kind of key", certificate
            )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise Refusal(SubIndication.SIG_CRYPTO_FAILURE, "the signature does not fit", certificate) from None


def sign_detached(content: BinaryIO, *, key: SigningKey, at: datetime) -> bytes:
    """A SignedData over everything in `content`, which is read once and not part of it: DER with our certificate."""
    return bytes(_sign(_digest(_read_all(content), {"sha256"})["sha256"], key, at).dump())


def sign_attached(content: BinaryIO, size: int, sink: BinaryIO, *, key: SigningKey, at: datetime) -> None:
    """Write a SignedData that carries its content of `size` bytes; `content` is read twice."""
    begin = content.tell()
    signed = _sign(_digest(_read_all(content), {"sha256"})["sha256"], key, at)
    content.seek(begin)
    before, after = enclose(signed.dump(), size)
    sink.write(before)
    for piece in _read_all(content):
        sink.write(piece)
    sink.write(after)


def _sign(digest: bytes, key: SigningKey, at: datetime) -> Any:
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "signing_time", "values": [cms.Time({"utc_time": at})]},
            {"type": "message_digest", "values": [digest]},
        ]
    )
    signature, algorithm = _raw_signature(key, attributes.dump())
    certificate = asn1_x509.Certificate.load(key.der)
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
            ),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": algorithm},
            "signature": signature,
        }
    )
    signed = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [certificate],
        "signer_infos": [info],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _raw_signature(key: SigningKey, attributes: bytes) -> tuple[bytes, str]:
    if isinstance(key.key, rsa.RSAPrivateKey):
        return key.key.sign(attributes, padding.PKCS1v15(), hashes.SHA256()), "sha256_rsa"
    return key.key.sign(attributes, ec.ECDSA(hashes.SHA256())), "sha256_ecdsa"
