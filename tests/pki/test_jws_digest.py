"""A detached JWS without its payload: what is left to verify, and that it is no less strict."""

import pytest

from pki.jws import sign_detached
from pki.jws_digest import digest_signing_input, verify_detached_digest

PAYLOAD = b'{"applicantEmail":"a@example.org"}'


@pytest.fixture(params=["signer", "rsa_signer", "p384_signer"])
def key(request):
    return request.getfixturevalue(request.param)


def test_the_signature_holds_over_the_digest(key, trust, now):
    token = sign_detached(PAYLOAD, key=key)
    verdict = verify_detached_digest(token, digest_signing_input(token, PAYLOAD), trust=trust, now=now)
    assert verdict.passed and verdict.certificate == key.certificate


def test_over_no_other_digest(key, trust, now):
    token = sign_detached(PAYLOAD, key=key)
    digest = digest_signing_input(token, PAYLOAD)
    for other in (digest_signing_input(token, PAYLOAD + b" "), digest[:-1], digest + b"\0", b""):
        assert verify_detached_digest(token, other, trust=trust, now=now).sub_indication == "SIG_CRYPTO_FAILURE"


def test_no_changed_signature(signer, trust, now):
    token = sign_detached(PAYLOAD, key=signer)
    digest = digest_signing_input(token, PAYLOAD)
    head = token.rpartition(".")[0]
    for signature in ("", "AAAA", "A" * 86, "!" * 86, token[-86:-1] + "é"):
        assert not verify_detached_digest(f"{head}.{signature}", digest, trust=trust, now=now).passed


def test_nobody_unknown_and_nothing_expired(signer, stranger, trust, now, minutes):
    token = sign_detached(PAYLOAD, key=stranger)
    digest = digest_signing_input(token, PAYLOAD)
    verdict = verify_detached_digest(token, digest, trust=trust, now=now)
    assert verdict.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    token = sign_detached(PAYLOAD, key=signer)
    late = now + minutes(60 * 24 * 365 * 20)
    verdict = verify_detached_digest(token, digest_signing_input(token, PAYLOAD), trust=trust, now=late)
    assert verdict.sub_indication == "EXPIRED"


@pytest.mark.parametrize("token", ["", "a.b.c", "..", "e30..c2ln"])
def test_what_is_no_detached_jws_has_no_digest(token):
    assert digest_signing_input(token, PAYLOAD) is None
