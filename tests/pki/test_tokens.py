"""Access tokens: our own, and those of another server checked against its JWKS as the Bureau's are."""

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from pki import assertions, tokens

ISSUER = "https://gateway.xb.example"
API = "https://gateway.xb.example/das-api/v1"


def segment(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.fixture
def issue(signer, now):
    def make(key=signer, **options):
        given = {"issuer": ISSUER, "subject": "xa", "audience": API, "scope": "deposit read", "now": now}
        return tokens.issue_token(key=key, **{**given, "lifetime": timedelta(minutes=10), "jti": "t-1", **options})

    return make


@pytest.fixture
def check(signer, now):
    def ask(token, **options):
        given = {"keys": {signer.thumbprint: signer.public_key}, "issuer": ISSUER, "audience": API, "now": now}
        return tokens.verify_token(token, **{**given, **options})

    return ask


def name_of(result):
    assert (result.subject, result.scopes, result.jti, result.expires) == (None, frozenset(), None, None)
    return result.verdict.sub_indication.name


def test_our_own_token_comes_back_with_what_was_put_in(issue, check, now):
    result = check(issue(), scope="deposit")
    assert result.verdict.passed, result.verdict
    assert (result.subject, result.scopes, result.jti) == ("xa", {"deposit", "read"}, "t-1")
    assert result.expires == now + timedelta(minutes=10)


def test_our_token_is_one_of_rfc_9068(issue, signer):
    header, claims, _ = issue().split(".")
    assert segment(header) == {"alg": "ES256", "typ": "at+jwt", "kid": signer.thumbprint}
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= set(segment(claims))


@pytest.mark.parametrize(
    ("issued", "asked", "expected"),
    [
        ({}, {"issuer": "https://other.example"}, "SIG_CONSTRAINTS_FAILURE"),
        ({}, {"audience": "https://other.example"}, "WRONG_AUDIENCE"),
        ({}, {"scope": "withdraw"}, "INSUFFICIENT_SCOPE"),
        ({}, {"scope": "dep"}, "INSUFFICIENT_SCOPE"),
        ({"scope": ""}, {"scope": "deposit"}, "INSUFFICIENT_SCOPE"),
        ({"lifetime": timedelta(minutes=-1)}, {}, "MESSAGE_EXPIRED"),
        ({"subject": ""}, {}, "FORMAT_FAILURE"),
        ({}, {"keys": {}}, "NO_SIGNING_CERTIFICATE_FOUND"),
    ],
)
def test_a_token_that_does_not_fit_is_refused(issue, check, issued, asked, expected):
    assert name_of(check(issue(**issued), **asked)) == expected


def test_a_token_expires(issue, check, now, minutes):
    token = issue()
    assert check(token, now=now + minutes(10.9)).verdict.passed
    assert name_of(check(token, now=now + minutes(11))) == "MESSAGE_EXPIRED"
    assert name_of(check(token, now=now - minutes(2))) == "MESSAGE_FROM_FUTURE"


def test_a_forged_token_is_refused(issue, check, stranger, signer):
    assert name_of(check(issue(key=stranger))) == "NO_SIGNING_CERTIFICATE_FOUND"
    assert name_of(check(issue(key=stranger), keys={stranger.thumbprint: signer.public_key})) == "SIG_CRYPTO_FAILURE"


def test_a_client_assertion_is_no_access_token(signer, now, check):
    """Made by the very key that signs our tokens, in the issuer's name, for our audience: still of the wrong type."""
    token = assertions.client_assertion(
        client_id=ISSUER, audience=API, key=signer, now=now, jti="j", kid=signer.thumbprint
    )
    assert name_of(check(token)) == "SIG_CONSTRAINTS_FAILURE"


def test_tokens_roll_over_by_kid(issue, check, signer, stranger):
    keys = {key.thumbprint: key.public_key for key in (signer, stranger)}
    assert check(issue(), keys=keys).verdict.passed
    assert check(issue(key=stranger), keys=keys).verdict.passed


def test_our_jwks_holds_public_keys_only_and_others_can_use_it(issue, signer, rsa_signer):
    document = tokens.jwks([signer, rsa_signer])
    assert [key["kid"] for key in document["keys"]] == [signer.thumbprint, rsa_signer.thumbprint]
    private = {"d", "p", "q", "dp", "dq", "qi", "k"}
    for key in document["keys"]:
        assert not private & set(key)
        assert key["use"] == "sig"
    assert {key["alg"] for key in document["keys"]} == {"ES256", "RS256"}
    json.dumps(document)
    found = jwt.decode(issue(), KeySet.import_key_set(document), algorithms=["ES256"])
    assert found.claims["sub"] == "xa"


# --- the Bureau's tokens ------------------------------------------------------------------------------------


@pytest.fixture
def claims(now):
    """As seen in the documentation of the Bureau's server: scope is an array, aud the client id."""
    moment = int(now.timestamp())
    return {
        "sub": "das-core",
        "cts": "OAUTH2_STATELESS_GRANT",
        "iss": "https://login.example/am/oauth2",
        "tokenName": "access_token",
        "token_type": "Bearer",
        "aud": "office-xb",
        "nbf": moment,
        "grant_type": "client_credentials",
        "scope": ["das-api/office-exchange"],
        "auth_time": moment,
        "realm": "/",
        "exp": moment + 3600,
        "iat": moment,
        "expires_in": 3600,
        "jti": "b-1",
    }


@pytest.fixture
def bureau(rsa_signer):
    """The Bureau's key and the JWKS it publishes."""
    public = RSAKey(rsa_signer.public_key, rsa_signer.public_key).as_dict(private=False)
    return rsa_signer, {"keys": [{**public, "kid": "wipo-1", "use": "sig", "alg": "RS256", "x5c": ["AAAA"]}]}


def bearer(key, claims, header=None):
    kind = RSAKey if type(key.key).__name__.startswith("RSA") else ECKey
    given = {"alg": "RS256", "typ": "JWT", "kid": "wipo-1", **(header or {})}
    return jwt.encode(given, claims, kind(key.key, key.key), algorithms=[given["alg"]])


@pytest.fixture
def ask(bureau, now):
    def verify(token, document=None, **options):
        given = {"audience": "office-xb", "scope": "das-api/office-exchange", "allowed_subjects": {"das-core"}}
        return tokens.verify_bearer(token, document or bureau[1], **{**given, "now": now, **options})

    return verify


def test_the_bureaus_token_passes(bureau, claims, ask, now):
    result = ask(bearer(bureau[0], claims), issuer="https://login.example/am/oauth2")
    assert result.verdict.passed, result.verdict
    assert (result.subject, result.scopes, result.jti) == ("das-core", {"das-api/office-exchange"}, "b-1")
    assert result.expires == now + timedelta(hours=1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sub": "someone"}, "SUBJECT_NOT_ALLOWED"),
        ({"aud": "office-xa"}, "WRONG_AUDIENCE"),
        ({"scope": ["das-api/das-access"]}, "INSUFFICIENT_SCOPE"),
        ({"scope": [["das-api/office-exchange"]]}, "INSUFFICIENT_SCOPE"),
        ({"scope": {"das-api/office-exchange": 1}}, "INSUFFICIENT_SCOPE"),
        ({"scope": None}, "INSUFFICIENT_SCOPE"),
        ({"exp": 1}, "MESSAGE_EXPIRED"),
        ({"exp": None}, "FORMAT_FAILURE"),
        ({"nbf": 4102444800}, "MESSAGE_FROM_FUTURE"),
        ({"iss": "https://evil.example"}, "SIG_CONSTRAINTS_FAILURE"),
        ({"jti": ["x"]}, "FORMAT_FAILURE"),
    ],
)
def test_a_bearer_that_does_not_fit_is_refused(bureau, claims, ask, change, expected):
    token = bearer(bureau[0], {**claims, **change})
    assert name_of(ask(token, issuer="https://login.example/am/oauth2")) == expected


def test_the_scope_may_also_be_text_and_is_not_asked_for_if_none_is_wanted(bureau, claims, ask):
    assert ask(bearer(bureau[0], {**claims, "scope": "other das-api/office-exchange"})).verdict.passed
    assert ask(bearer(bureau[0], {**claims, "scope": None}), scope=None).verdict.passed


@pytest.mark.parametrize("header", [{"kid": "wipo-2"}, {"kid": ""}, {"kid": "../wipo-1"}])
def test_an_unknown_kid_asks_for_a_fresh_jwks(bureau, claims, ask, header):
    assert name_of(ask(bearer(bureau[0], claims, header))) == "NO_SIGNING_CERTIFICATE_FOUND"


def test_a_forged_signature_and_another_algorithm_are_refused(bureau, claims, ask, signer):
    key, document = bureau
    forged = bearer(signer, claims, {"alg": "ES256"})
    assert name_of(ask(forged)) == "SIG_CONSTRAINTS_FAILURE"
    del document["keys"][0]["alg"]
    assert name_of(ask(forged, document)) == "SIG_CRYPTO_FAILURE"
    assert ask(bearer(key, claims, {"alg": "PS256"}), document).verdict.passed


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"use": "enc"}, "SIG_CONSTRAINTS_FAILURE"),
        ({"alg": "RS512"}, "SIG_CONSTRAINTS_FAILURE"),
        ({"kty": "oct", "k": "c2VjcmV0"}, "CRYPTO_CONSTRAINTS_FAILURE"),
        ({"n": "%%"}, "FORMAT_FAILURE"),
        ({"n": 7}, "FORMAT_FAILURE"),
        ({"e": "AQ"}, "FORMAT_FAILURE"),
        ({"e": "Aw"}, "CRYPTO_CONSTRAINTS_FAILURE"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "FORMAT_FAILURE"),
        ({"kty": "EC"}, "FORMAT_FAILURE"),
    ],
)
def test_a_key_in_the_jwks_that_does_not_fit_is_refused(bureau, claims, ask, change, expected):
    key, document = bureau
    document["keys"][0].update(change)
    verdict = ask(bearer(key, claims), document).verdict
    assert verdict.sub_indication.name == expected


@pytest.mark.parametrize("keys", [None, {}, "wipo-1", [], [None, 7, "wipo-1"]])
def test_a_jwks_of_another_shape_is_a_verdict_not_an_error(bureau, claims, ask, keys):
    result = ask(bearer(bureau[0], claims), {"keys": keys})
    assert name_of(result) in ("FORMAT_FAILURE", "NO_SIGNING_CERTIFICATE_FOUND")


def test_two_keys_of_one_kid_or_too_many_keys_are_refused(bureau, claims, ask):
    key, document = bureau
    one = document["keys"][0]
    assert name_of(ask(bearer(key, claims), {"keys": [one, one]})) == "NO_SIGNING_CERTIFICATE_FOUND"
    assert name_of(ask(bearer(key, claims), {"keys": [one] * 101})) == "FORMAT_FAILURE"
