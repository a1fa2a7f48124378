"""Client assertions: what DAS expects, and what is refused at our own token endpoint."""

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from pki import assertions

ENDPOINT = "https://gateway.xb.example/oauth2/token"


def segment(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def b64(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forge(key, claims, header=None):
    head = f"{b64(header or {'alg': 'ES256', 'typ': 'JWT'})}.{b64(claims)}"
    return f"{head}.{base64.urlsafe_b64encode(key.sign(head.encode())).rstrip(b'=').decode()}"


@pytest.fixture
def honest(now):
    moment = int(now.timestamp())
    return {"iss": "xa", "sub": "xa", "aud": ENDPOINT, "exp": moment + 300, "iat": moment, "jti": "j-1"}


@pytest.fixture
def check(signer, now):
    def ask(token, **options):
        keys = {"xa": [signer.public_key]}
        given = {"audience": ENDPOINT, "resolve_client": lambda client: keys.get(client, []), "now": now}
        return assertions.verify_assertion(token, **{**given, **options})

    return ask


@pytest.fixture
def reason(check):
    def ask(token, **options):
        result = check(token, **options)
        assert (result.client_id, result.jti, result.expires) == (None, None, None)
        return result.verdict.sub_indication.name

    return ask


def test_an_assertion_has_the_shape_das_documents(signer, now):
    token = assertions.client_assertion(client_id="xa", audience=ENDPOINT, key=signer, now=now, jti="j-1")
    header, claims, _ = token.split(".")
    moment = int(now.timestamp())
    assert segment(header) == {"alg": "ES256", "typ": "JWT"}
    assert segment(claims) == {
        "iss": "xa",
        "sub": "xa",
        "aud": ENDPOINT,
        "exp": moment + 300,
        "iat": moment,
        "jti": "j-1",
    }
    found = jwt.decode(token, ECKey(signer.public_key, signer.public_key), algorithms=["ES256"])
    assert found.claims["sub"] == "xa"


def test_a_kid_is_written_only_if_asked_for(signer, now):
    token = assertions.client_assertion(client_id="xa", audience=ENDPOINT, key=signer, now=now, jti="j", kid="k-1")
    assert segment(token.split(".")[0])["kid"] == "k-1"


def test_an_honest_assertion_names_its_client_and_what_to_remember(signer, now, check):
    token = assertions.client_assertion(
        client_id="xa", audience=ENDPOINT, key=signer, now=now, jti="j-1", lifetime=timedelta(seconds=10)
    )
    result = check(token)
    assert result.verdict.passed, result.verdict
    assert (result.client_id, result.jti, result.expires) == ("xa", "j-1", now + timedelta(seconds=10))


def test_the_audience_may_stand_in_a_list(signer, honest, check, reason):
    assert check(forge(signer, {**honest, "aud": ["https://other.example", ENDPOINT]})).verdict.passed
    assert reason(forge(signer, {**honest, "aud": ["https://other.example"]})) == "WRONG_AUDIENCE"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"aud": "https://gateway.xb.example/oauth2/token/"}, "WRONG_AUDIENCE"),
        ({"aud": None}, "WRONG_AUDIENCE"),
        ({"aud": {ENDPOINT: 1}}, "WRONG_AUDIENCE"),
        ({"sub": "xb"}, "SUBJECT_NOT_ALLOWED"),
        ({"sub": None}, "FORMAT_FAILURE"),
        ({"iss": ""}, "FORMAT_FAILURE"),
        ({"iss": "x" * 257}, "FORMAT_FAILURE"),
        ({"iss": "xz", "sub": "xz"}, "NO_SIGNING_CERTIFICATE_FOUND"),
        ({"jti": None}, "FORMAT_FAILURE"),
        ({"jti": 7}, "FORMAT_FAILURE"),
        ({"exp": None}, "FORMAT_FAILURE"),
        ({"exp": "soon"}, "FORMAT_FAILURE"),
        ({"exp": True}, "FORMAT_FAILURE"),
        ({"exp": 1e300}, "FORMAT_FAILURE"),
        ({"exp": -1}, "FORMAT_FAILURE"),
    ],
)
def test_claims_that_do_not_fit_are_refused(signer, honest, reason, change, expected):
    assert reason(forge(signer, {**honest, **change})) == expected


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "jti"])
def test_required_claims_must_be_there(signer, honest, reason, name):
    del honest[name]
    assert reason(forge(signer, honest)) == ("WRONG_AUDIENCE" if name == "aud" else "FORMAT_FAILURE")


@pytest.mark.parametrize(
    ("claim", "seconds", "expected"),
    [
        ("exp", -60, "MESSAGE_EXPIRED"),
        ("exp", -59, None),
        ("exp", 3660, None),
        ("exp", 3661, "SIG_CONSTRAINTS_FAILURE"),
        ("iat", 60, None),
        ("iat", 61, "MESSAGE_FROM_FUTURE"),
        ("nbf", 61, "MESSAGE_FROM_FUTURE"),
        ("nbf", 0.5, None),
    ],
)
def test_times_are_judged_with_a_minute_of_leeway(signer, honest, now, check, claim, seconds, expected):
    honest[claim] = now.timestamp() + seconds
    verdict = check(forge(signer, honest)).verdict
    assert (verdict.sub_indication and verdict.sub_indication.name) == expected


def test_another_clients_key_does_not_fit(signer, stranger, honest, reason):
    assert reason(forge(stranger, honest)) == "SIG_CRYPTO_FAILURE"


def test_old_and_new_key_are_both_tried(signer, stranger, rsa_signer, honest, check, reason):
    keys = [stranger.public_key, rsa_signer.public_key, signer.public_key]
    assert check(forge(signer, honest), resolve_client=lambda _: keys).verdict.passed
    crowd = [stranger.public_key] * 8 + [signer.public_key]
    assert reason(forge(signer, honest), resolve_client=lambda _: crowd) == "SIG_CRYPTO_FAILURE"


def test_rs256_and_worse_are_no_client_authentication(rsa_signer, signer, honest, reason):
    for key, algorithm in ((rsa_signer, "RS256"), (signer, "HS256"), (signer, "none")):
        token = forge(key, honest, {"alg": algorithm, "typ": "JWT"})
        assert reason(token, resolve_client=lambda _, key=key: [key.public_key]) == "CRYPTO_CONSTRAINTS_FAILURE"


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c", "a.b.c.d", "é.b.c", ".." * 5000, "eyJhbGciOiJFUzI1NiJ9.W10.AA"]
)
def test_malformed_tokens_are_verdicts_not_errors(reason, token):
    assert reason(token) == "FORMAT_FAILURE"


def test_the_client_is_looked_up_by_text_only(signer, honest):
    asked = []
    token = forge(signer, {**honest, "iss": ["xa"], "sub": ["xa"]})
    result = assertions.verify_assertion(token, audience=ENDPOINT, resolve_client=asked.append, now=None)
    assert result.verdict.sub_indication.name == "FORMAT_FAILURE"
    assert asked == []
