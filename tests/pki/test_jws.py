"""Detached JWS: the bytes beside it are what is signed, and the header only selects a pin."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws as referee
from joserfc.jwk import ECKey, RSAKey

from pki import jws
from pki.trust import Purpose, TrustList, pin

PAYLOAD = '{"office":"XA","nombre":"Ñandú","documents":[1,2,3]}'.encode()


def b64(value):
    value = json.dumps(value).encode() if isinstance(value, dict) else value
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def forge(key, header, payload=PAYLOAD, signature=None):
    """A token with exactly this header, well signed by `key` unless a signature is given."""
    head = b64(header)
    value = key.sign(f"{head}.{b64(payload)}".encode()) if signature is None else signature
    return f"{head}..{b64(value)}"


@pytest.fixture
def check(trust, now):
    return lambda token, payload=PAYLOAD, **options: jws.verify_detached(
        token, payload, **{"trust": trust, "now": now, **options}
    )


@pytest.fixture
def reason(check):
    def ask(token, payload=PAYLOAD, **options):
        result = check(token, payload, **options)
        assert (result.office, result.certificate, dict(result.header)) == (None, None, {})
        return result.verdict.sub_indication.name

    return ask


@pytest.mark.parametrize(
    ("key", "office", "algorithm"),
    [("signer", "XA", "ES256"), ("rsa_signer", "XB", "RS256"), ("p384_signer", "XC", "ES384")],
)
@pytest.mark.parametrize("payload", [PAYLOAD, b"", b"\x00\xff" * 100_000], ids=["text", "empty", "large"])
def test_a_detached_signature_passes_over_exactly_its_bytes(request, check, reason, key, office, algorithm, payload):
    key = request.getfixturevalue(key)
    token = jws.sign_detached(payload, key=key, headers={"typ": "JOSE", "cty": "application/json"})
    result = check(token, payload)
    assert result.verdict.passed, result.verdict
    assert result.office == office
    assert result.certificate == key.certificate
    assert result.header["alg"] == algorithm
    assert result.header["cty"] == "application/json"
    assert reason(token, payload + b" ") == "SIG_CRYPTO_FAILURE"
    assert token.split(".")[1] == ""


def test_joserfc_reads_our_tokens_and_we_read_its(signer, rsa_signer, check):
    for key, kind in ((signer, ECKey), (rsa_signer, RSAKey)):
        token = jws.sign_detached(PAYLOAD, key=key)
        public = kind(key.public_key, key.public_key)
        assert referee.deserialize_compact(token, public, algorithms=["ES256", "RS256"], payload=PAYLOAD)
    private = RSAKey(rsa_signer.key, rsa_signer.key)
    header = {"alg": "PS256", "kid": rsa_signer.thumbprint}
    token = referee.detach_content(referee.serialize_compact(header, PAYLOAD, private, algorithms=["PS256"]))
    assert check(token).office == "XB"


def test_the_certificate_may_be_named_in_either_way_but_not_in_two(signer, rsa_signer, check, reason):
    x5t = b64(bytes.fromhex(signer.thumbprint))
    assert check(forge(signer, {"alg": "ES256", "kid": signer.thumbprint})).verdict.passed
    assert check(forge(signer, {"alg": "ES256", "x5t#S256": x5t})).verdict.passed
    for header in (
        {"alg": "ES256"},
        {"alg": "ES256", "kid": 7},
        {"alg": "ES256", "kid": rsa_signer.thumbprint, "x5t#S256": x5t},
    ):
        assert reason(forge(signer, header)) == "NO_SIGNING_CERTIFICATE_FOUND"
    assert reason(forge(signer, {"alg": "ES256", "x5t#S256": "%%"})) == "FORMAT_FAILURE"


@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "", "'; DROP TABLE keys", "http://127.0.0.1:9/k", "0" * 64, "CN=XA signer"]
)
def test_a_kid_is_only_looked_up(signer, reason, kid):
    assert reason(forge(signer, {"alg": "ES256", "kid": kid})) == "NO_CERTIFICATE_CHAIN_FOUND"


def test_a_stranger_an_expired_certificate_and_another_purpose_are_refused(signer, stranger, reason, now, minutes):
    assert reason(jws.sign_detached(PAYLOAD, key=stranger)) == "NO_CERTIFICATE_CHAIN_FOUND"
    token = jws.sign_detached(PAYLOAD, key=signer)
    assert reason(token, now=now + minutes(2_000_000)) == "EXPIRED"
    assert reason(token, now=now - minutes(2_000_000)) == "NOT_YET_VALID"
    assert reason(token, purpose=Purpose.DAS_CLIENT) == "NO_CERTIFICATE_CHAIN_FOUND"
    assert reason(token, trust=TrustList([pin("XA", "das-client", signer.certificate)])) == "NO_CERTIFICATE_CHAIN_FOUND"
    assert reason(forge(stranger, {"alg": "ES256", "kid": signer.thumbprint})) == "SIG_CRYPTO_FAILURE"


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "crit", "b64"])
def test_headers_that_bring_keys_or_change_the_rules_are_refused(signer, reason, name):
    value = {"jwk": {"kty": "EC"}, "x5c": ["AAAA"], "crit": ["exp"], "b64": False}.get(name, "http://127.0.0.1:9/")
    token = forge(signer, {"alg": "ES256", "kid": signer.thumbprint, name: value})
    assert reason(token) == "SIG_CONSTRAINTS_FAILURE"


def test_unknown_headers_are_ignored_as_the_standard_asks(signer, check):
    assert check(forge(signer, {"alg": "ES256", "kid": signer.thumbprint, "iat": 1, "x": [1]})).verdict.passed


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES256K", "EdDSA", "RS1", "", None, 7, ["ES256"]])
def test_algorithms_off_the_list_are_refused(signer, reason, algorithm):
    header = {"alg": algorithm, "kid": signer.thumbprint}
    assert reason(forge(signer, header)) == "CRYPTO_CONSTRAINTS_FAILURE"
    head = b64(header)
    secret = signer.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(f"{head}.{b64(PAYLOAD)}".encode())
    assert reason(f"{head}..{b64(mac.finalize())}") == "CRYPTO_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize("algorithm", ["ES384", "RS256", "PS256"])
def test_the_algorithm_is_bound_to_the_key(signer, check, algorithm):
    result = check(forge(signer, {"alg": algorithm, "kid": signer.thumbprint}))
    assert result.verdict.sub_indication.name == "SIG_CRYPTO_FAILURE"
    assert "does not fit the signer's key" in result.verdict.explanation


@pytest.mark.parametrize("value", [bytes(64), b"\x01" * 63, b"\x01" * 128, b"\xff" * 64, b"x"])
def test_degenerate_signatures_are_refused(signer, reason, value):
    header = {"alg": "ES256", "kid": signer.thumbprint}
    assert reason(forge(signer, header, signature=value)) == "SIG_CRYPTO_FAILURE"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token.replace("..", "."),
        lambda token: token.replace("..", "." + b64(PAYLOAD) + "."),
        lambda token: token + ".x",
        lambda token: token + "\u00e9",
        lambda token: "." + token,
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: token.replace("..", "=.."),
        lambda token: b64(b"[1]") + ".." + token.rpartition(".")[2],
        lambda token: b64(b'{"alg":"ES256","alg":"none"}') + ".." + token.rpartition(".")[2],
        lambda token: b64(b"[" * 3000) + ".." + token.rpartition(".")[2],
        lambda token: b64(b"\xff") + ".." + token.rpartition(".")[2],
        lambda token: b64(b'{"alg":"ES256","x":"' + b"x" * 9000 + b'"}') + ".." + token.rpartition(".")[2],
    ],
)
def test_malformed_tokens_are_verdicts_not_errors(signer, reason, spoil):
    assert reason(spoil(jws.sign_detached(PAYLOAD, key=signer))) == "FORMAT_FAILURE"
