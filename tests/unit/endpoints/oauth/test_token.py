"""The token endpoint: one way in, each assertion once, errors in OAuth's own form."""

from urllib.parse import urlencode

import pytest
from rehearsed_door import open_door

from gateway.core.reason import Reason
from gateway.endpoints.door import Limits
from gateway.endpoints.oauth.token import ASSERTION_TYPE
from gateway.endpoints.oauth.voice import error_of

GOOD = {
    "grant_type": "client_credentials",
    "client_assertion_type": ASSERTION_TYPE,
    "client_assertion": "xa-system/j-1",
}
FORM = "application/x-www-form-urlencoded"


async def post(door, form, *, content_type=FORM, headers=None):
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    sent = {"Content-Type": content_type, **(headers or {})}
    async with door.http.post("/oauth2/token", data=body, headers=sent) as response:
        return response.status, response.headers, await response.json()


async def test_a_good_assertion_gives_a_token_that_nobody_keeps(door):
    status, headers, body = await post(door, GOOD)
    assert (status, body["access_token"], body["token_type"]) == (200, "token of xa-system", "Bearer")
    assert (body["expires_in"], body["scope"]) == (3600, "exchange")
    assert (headers["Cache-Control"], headers["Pragma"]) == ("no-store", "no-cache")


async def test_an_assertion_is_good_for_one_token(door):
    await post(door, GOOD)
    status, _, body = await post(door, GOOD)
    assert (status, body["error"], body["code"]) == (401, "invalid_client", "2015")
    assert "access_token" not in body
    assert door.line.journal.outcomes() == ["2015"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_assertion": "no assertion"}, 401, "invalid_client"),
        ({"client_assertion": ""}, 401, "invalid_client"),
        ({"client_assertion_type": "urn:other"}, 401, "invalid_client"),
        ({"client_id": "somebody-else"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "everything"}, 400, "invalid_scope"),
    ],
)
async def test_what_is_wrong_is_told_in_oauth_s_words_and_ours(door, changes, status, error):
    got, _, body = await post(door, GOOD | changes)
    assert (got, body["error"]) == (status, error)
    assert body["error_description"].startswith(body["code"])
    assert body["remedy"]


@pytest.mark.parametrize(
    "form", [b"grant_type=client_credentials&grant_type=client_credentials", b"\xff=1", b"no pairs", b"a=1&" * 40]
)
async def test_a_form_that_is_none_is_refused(door, form):
    status, _, body = await post(door, form)
    assert (status, body["error"]) == (400, "invalid_request")


async def test_another_type_or_a_flood_of_bytes_is_refused(door):
    status, _, _ = await post(door, GOOD, content_type="application/json")
    assert status == 415
    status, _, _ = await post(door, b"a=" + b"x" * 20_000)
    assert status == 413


async def test_no_shared_secret_opens(door):
    form = {"grant_type": "client_credentials", "client_id": "xa-system", "client_secret": "secret"}
    status, _, body = await post(door, form, headers={"Authorization": "Basic eGEtc3lzdGVtOnNlY3JldA=="})
    assert (status, body["error"]) == (401, "invalid_client")


async def test_a_client_that_asks_without_end_waits():
    async with open_door(limits=Limits(messages_per_second=0.01, burst=1)) as door:
        await post(door, GOOD)
        status, headers, body = await post(door, GOOD | {"client_assertion": "xa-system/j-2"})
        assert (status, body["error"]) == (429, "temporarily_unavailable")
        assert int(headers["Retry-After"]) > 0


async def test_the_keys_are_there_for_anybody(door):
    async with door.http.get("/oauth2/jwks") as response:
        assert await response.json(content_type=None) == {"keys": [{"kty": "EC"}]}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_an_error_of_oauth(reason):
    assert error_of(reason, None) in {
        "invalid_request",
        "invalid_client",
        "invalid_scope",
        "temporarily_unavailable",
        "server_error",
    }
