"""Time-stamps of an authority over bytes of ours: ask for one, read its answer, verify it now or in ten years.

Rules:
- A token is judged as of the moment it names, not as of now: that its authority's certificates have expired since then
  alters nothing. What has expired already when it stamped is refused.
- rfc3161-client tries the signature (over OpenSSL); what else RFC 3161 demands is read beside it, by asn1crypto, which
  also takes what the first would refuse for the order of its certificates alone.
Sources: RFC 3161, RFC 5816.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import new as new_hash
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from asn1crypto import algos, core, tsp  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from pki.chains import build_chain, extension_of
from pki.der import reads_der
from pki.policy import find_key_weakness
from pki.timestamp_token import TOKEN_LIMIT, Token, parse_token
from pki.verdict import Refusal, SubIndication

__all__ = [
    "ANSWER_LIMIT",
    "NotGranted",
    "TimeStamp",
    "UnverifiedTimeStamp",
    "read_answer",
    "request_token_bytes",
    "verify_token",
]

#: Bytes of an authority's whole answer: a token and a few words.
ANSWER_LIMIT: Final = TOKEN_LIMIT + 1024
#: How far an authority's clock may be ahead of whoever looks.
_AHEAD: Final = timedelta(minutes=5)
_GRANTED: Final = frozenset({"granted", "granted_with_mods"})
_STATUS_GRANTED: Final = bytes.fromhex("3003020100")  # PKIStatusInfo { granted }


class UnverifiedTimeStamp(Exception):
    """A token that proves nothing; the message says why and quotes nothing but certificates' subjects."""

    def __init__(self, sub_indication: SubIndication, explanation: str) -> None:
        super().__init__(explanation)
        #: HASH_FAILURE: it is for other bytes. EXPIRED: the authority's certificate had expired when it stamped.
        self.sub_indication = sub_indication


class NotGranted(Exception):
    """The authority has answered that it gives no time-stamp; the message has its status in RFC 3161's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamp:
    """A verified token: the stamped bytes existed at `gen_time`, give or take `accuracy`, says the authority."""

    gen_time: datetime
    accuracy: timedelta | None
    serial: int
    #: Dotted object identifier of the policy it was made under.
    policy: str
    #: What the request carried, for whoever sent it to compare.
    nonce: int | None
    signer: x509.Certificate = field(repr=False)
    #: From the signer's certificate to the trusted root, both included.
    chain: tuple[x509.Certificate, ...] = field(repr=False)


def request_token_bytes(message: bytes, nonce: int, *, policy: str | None = None) -> bytes:
    """A TimeStampReq (DER) for the SHA-256 of `message`, asking for the certificates too (RFC 3161, 2.4.1).

    `nonce` is a fresh random number of up to 64 bits; `policy` a dotted object identifier, or the authority's default.
    """
    request = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "hashed_message": sha256(message).digest(),
            },
            "nonce": nonce,
            "cert_req": True,
        }
    )
    if policy is not None:
        request["req_policy"] = policy
    return bytes(request.dump())


def read_answer(answer: bytes) -> bytes:
    """The token (DER) of a TimeStampResp, which still proves nothing; NotGranted or UnverifiedTimeStamp."""
    try:
        return _read_answer(answer)
    except Refusal as refusal:
        raise _unverified(refusal) from None


@reads_der
def _read_answer(answer: bytes) -> bytes:
    if len(answer) > ANSWER_LIMIT:
        raise Refusal(SubIndication.FORMAT_FAILURE, f"the answer is larger than {ANSWER_LIMIT} bytes")
    # By its parts, since asn1crypto's own structure wants a token even in a refusal.
    parts = core.SequenceOf.load(answer, strict=True, spec=core.Any)
    status = parts[0].parse(tsp.PKIStatusInfo)
    if status["status"].native not in _GRANTED:
        failures = sorted(status["fail_info"].native or ())
        raise NotGranted(": ".join((str(status["status"].native), ", ".join(failures) or "no failure named")))
    return bytes(parts[1].dump())


def verify_token(token: bytes, message: bytes, *, roots: Sequence[x509.Certificate], at: datetime | None) -> TimeStamp:
    """Verify a TimeStampToken (DER) over `message`; UnverifiedTimeStamp says what does not hold.

    `roots` are the authority's self-signed certificates, and any that lie between; `at` is the time of whoever looks
    (aware): a token from after it is refused, or None if there is no such time.
    """
    try:
        return _verify(token, message, roots, at)
    except Refusal as refusal:
        raise _unverified(refusal) from None


@reads_der
def _verify(der: bytes, message: bytes, roots: Sequence[x509.Certificate], at: datetime | None) -> TimeStamp:
    # (1) Read it; the signer's certificate is named by the signed attributes, not only beside them.
    token = parse_token(der)
    # (2) It is about these bytes.
    if not compare_digest(new_hash(token.algorithm, message).digest(), token.imprint):
        raise Refusal(SubIndication.HASH_FAILURE, "it is a time-stamp of other bytes")
    # (3) It is not from the future of whoever looks.
    if at is not None and token.gen_time > at + _AHEAD:
        raise Refusal(SubIndication.MESSAGE_FROM_FUTURE, f"it says {token.gen_time.isoformat()}, which is to come")
    # (4) The signer may stamp time and nothing else, and was certified then by somebody we trust.
    _check_signer(token.signer)
    chain = build_chain(token.signer, token.certificates, roots, token.gen_time)
    # (5) The signature holds, in the judgement of another parser and of OpenSSL, which walks the path once more.
    _try_signature(token, message, chain)
    return TimeStamp(
        gen_time=token.gen_time,
        accuracy=token.accuracy,
        serial=token.serial,
        policy=token.policy,
        nonce=token.nonce,
        signer=token.signer,
        chain=chain,
    )


def _check_signer(signer: x509.Certificate) -> None:
    """RFC 3161, 2.3: the one extended key usage is timeStamping, and it is critical."""
    extended = extension_of(signer, x509.ExtendedKeyUsage)
    if extended is None or not extended.critical or list(extended.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        text = "the signer's certificate is not for time-stamping alone (critical extended key usage)"
        raise Refusal(SubIndication.CHAIN_CONSTRAINTS_FAILURE, text, signer)
    usage = extension_of(signer, x509.KeyUsage)
    if usage is not None and not (usage.value.digital_signature or usage.value.content_commitment):
        text = "the signer's certificate may not sign (key usage)"
        raise Refusal(SubIndication.CHAIN_CONSTRAINTS_FAILURE, text, signer)
    if (weakness := find_key_weakness(signer.public_key())) is not None:
        raise Refusal(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, f"the signer's key is weak: {weakness}", signer)


def _try_signature(token: Token, message: bytes, chain: tuple[x509.Certificate, ...]) -> None:
    signer, *between, root = chain
    try:
        response = decode_timestamp_response(_as_answer(token.der))
        verifier = VerifierBuilder(tsa_certificate=signer, intermediates=between, roots=[root]).build()
        verifier.verify_message(response, message)
    except (VerificationError, ValueError):
        # Without the cause: its text may quote the token.
        raise Refusal(SubIndication.SIG_CRYPTO_FAILURE, "its signature does not hold", signer) from None
    said = response.tst_info
    if said.serial_number != token.serial or said.gen_time.replace(microsecond=0) != token.gen_time.replace(
        microsecond=0
    ):
        raise Refusal(SubIndication.FORMAT_FAILURE, "two parsers read it differently", signer)


def _as_answer(token: bytes) -> bytes:
    """The token as the TimeStampResp that rfc3161-client wants: it reads nothing less."""
    return bytes(core.Sequence(contents=_STATUS_GRANTED + token).dump())


def _unverified(refusal: Refusal) -> UnverifiedTimeStamp:
    verdict = refusal.verdict
    return UnverifiedTimeStamp(verdict.sub_indication or SubIndication.FORMAT_FAILURE, verdict.explanation)
