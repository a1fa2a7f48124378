"""Tokens: who gets one, what is in it, and that nothing works without."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from sandbox.ib.config import ClientKey
from sandbox.ib.keys import TokenKeys


async def test_a_token_has_the_seen_answer_and_claims(scene):
    status, answer = await scene.xa.ask_token()
    assert status == 200
    token = answer.pop("access_token")
    assert answer == {"scope": "das-api/office-exchange", "token_type": "Bearer", "expires_in": 3599}
    async with scene.xa.session.get(f"{scene.origin}/am/oauth2/connect/jwk_uri") as published:
        jwks = await published.json()
        assert "max-age" in published.headers["Cache-Control"]
    (key,) = jwks["keys"]
    assert {"kty", "use", "alg", "kid", "x5c", "x5t", "n", "e"} == set(key)
    read = jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["RS256"])
    assert read.header == {"alg": "RS256", "kid": key["kid"], "typ": "JWT"}
    claims = read.claims
    assert claims["sub"] == claims["aud"] == "xa-office"
    assert claims["scope"] == ["das-api/office-exchange"]
    assert (claims["cts"], claims["realm"]) == ("OAUTH2_STATELESS_GRANT", "/")
    assert (claims["grant_type"], claims["expires_in"]) == ("client_credentials", 3600)
    assert claims["exp"] - claims["iat"] == 3600 and claims["nbf"] == claims["auth_time"] == claims["iat"]
    assert {"auditTrackingId", "iss", "tokenName", "token_type", "authGrantId", "jti"} <= claims.keys()
    assert scene.done("token-issued") == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "xb-office"},
        {"iss": "nobody"},
        {"iss": None},
        {"sub": "xb-office"},
        {"sub": None},
        {"aud": "https://elsewhere.example/token"},
        {"aud": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1},
        {"exp": 1795344900 + 4000},
        {"iat": 1795344900 + 4000},
        {"nbf": 1795344900 + 4000},
        {"jti": 7},
    ],
    ids=str,
)
async def test_an_assertion_with_wrong_claims_gets_no_token(scene, claims):
    status, answer = await scene.xa.ask_token(scene.xa.assertion(**claims))
    assert (status, answer["error"]) == (401, "invalid_client")
    assert scene.done("token-issued") == 0


async def test_the_audience_may_be_a_list_of_this_endpoint_alone(scene):
    endpoint = f"{scene.origin}/am/oauth2/access_token"
    assert (await scene.xa.ask_token(scene.xa.assertion(aud=[endpoint])))[0] == 200
    assert (await scene.xa.ask_token(scene.xa.assertion(aud=[endpoint, "https://x.example"])))[0] == 401


async def test_an_assertion_by_another_key_or_algorithm_gets_no_token(scene):
    stranger = ECKey.import_key(ec.generate_private_key(ec.SECP256R1()))
    public = scene.xa.key.as_pem(private=False)
    for assertion in (
        scene.xa.assertion(key=stranger),
        scene.xa.assertion({"alg": "HS256"}, key=OctKey.import_key(public[27:])),
        scene.xa.assertion({"jku": "https://attacker.example/keys"}),
        "not.a.jwt",
        "",
    ):
        status, answer = await scene.xa.ask_token(assertion)
        assert (status, answer["error"]) == (401, "invalid_client")


async def test_a_jti_is_taken_once(scene):
    assertion = scene.xa.assertion(jti="once")
    assert (await scene.xa.ask_token(assertion))[0] == 200
    assert (await scene.xa.ask_token(assertion))[0] == 401
    assert (await scene.xb.ask_token(scene.xb.assertion(jti="once")))[0] == 200


async def test_a_jti_is_remembered_as_long_as_its_assertion_lives(scene):
    late = int(scene.clock.now().timestamp()) + 3600
    assertion = scene.xa.assertion(jti="long", exp=late)
    assert (await scene.xa.ask_token(assertion))[0] == 200
    scene.clock.advance(3500)
    assert (await scene.xa.ask_token(assertion))[0] == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "das-api/das-access"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"client_assertion_type": "urn:x"}, "invalid_request"),
        ({"client_id": "xb-office"}, "invalid_client"),
    ],
    ids=str,
)
async def test_a_wrong_form_gets_no_token(scene, form, error):
    assert (await scene.xa.ask_token(**form))[1]["error"] == error


async def test_json_gets_no_token(scene):
    url = f"{scene.origin}/am/oauth2/access_token"
    async with scene.xa.session.post(url, json={"grant_type": "client_credentials"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_request")


async def test_a_client_certificate_out_of_its_time_gets_no_token(scene):
    certificate = scene.bureau.client_keys["XA"].certificate
    scene.clock.at = certificate.not_valid_after_utc + timedelta(days=1)
    status, answer = await scene.xa.ask_token()
    assert (status, answer["error_description"]) == (401, "the client certificate is not valid today")


async def test_a_bare_public_key_has_no_end(scene):
    key = scene.bureau.client_keys["XA"].public_key
    scene.bureau.client_keys["XA"] = ClientKey(public_key=key, certificate=None)
    scene.clock.advance(3600 * 24 * 365 * 5)
    assert (await scene.xa.ask_token())[0] == 200


@pytest.mark.parametrize(
    "headers", [{"Authorization": ""}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}]
)
async def test_a_call_without_bearer_is_refused(scene, headers):
    status, answer, sent = await scene.xa.call("GET", "/requests/files", headers=headers)
    assert (status, answer["code"]) == (401, "UNAUTHORIZED")
    assert sent["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_ends_after_an_hour(scene):
    await scene.xa.announce()
    scene.clock.advance(3601)
    status, answer, sent = await scene.xa.call("GET", "/requests/files", query={"fileId": "x"})
    assert status == 401 and "expired" in answer["message"]
    assert 'error="invalid_token"' in sent["WWW-Authenticate"]


async def test_foreign_altered_and_outbound_tokens_are_refused(scene, tmp_path):
    token = (await scene.xa.ask_token())[1]["access_token"]
    claims = scene.bureau.keys.read(token)
    foreign = TokenKeys(tmp_path / "other").sign(claims)
    outbound = scene.bureau.keys.sign(claims | {"sub": "ib-XA", "aud": "ib-XA"})
    wrong_audience = scene.bureau.keys.sign(claims | {"aud": "xb-office"})
    for bearer in (foreign, token[:-6] + "AAAAAA", outbound, wrong_audience, "x"):
        status, _, _ = await scene.xa.call("GET", "/requests/files", bearer=bearer)
        assert status == 401


async def test_after_a_rotation_both_keys_are_published_and_hold(scene):
    before = (await scene.xa.ask_token())[1]["access_token"]
    kid = (await scene.sandbox("keys", {}))["kid"]
    after = (await scene.xa.ask_token())[1]["access_token"]
    async with scene.xa.session.get(f"{scene.origin}/am/oauth2/connect/jwk_uri") as published:
        jwks = await published.json()
    assert [key["kid"] for key in jwks["keys"]][1:] == [kid]
    for token in (before, after):
        jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["RS256"])
        assert (await scene.xa.call("GET", "/requests/files", bearer=token))[0] == 400


def test_token_keys_outlive_a_restart(tmp_path, token_key):
    (tmp_path / "token-key-001.pem").write_bytes(token_key)
    token = TokenKeys(tmp_path).sign({"sub": "x"})
    assert TokenKeys(tmp_path).read(token) == {"sub": "x"}
