"""gateway/kit/tokens.py."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from gateway.core.reason import Deferred, Reason
from gateway.core.secret import Secret
from gateway.kit.tokens import BearerTokens, NoTokens, TokenClient
from gateway.ports import Answer

CLIENT = TokenClient(url="https://login.example/token", client_id="xa-office", scope="das-api/office-exchange")
GOOD = b'{"access_token":"token-%d","scope":"x","token_type":"Bearer","expires_in":3599}'


class CountingAsserter:
    """Each assertion is another one."""

    def __init__(self):
        self.made = []

    def client_assertion(self, *, client_id, audience):
        self.made.append((client_id, audience))
        return Secret(f"assertion-{len(self.made)}")


class TokenEndpoint:
    """ports.Http that answers with `answers` in turn, the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.bodies = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def call(self, method, url, *, headers=None, query=None, body=None, size=None):
        self.bodies.append(parse_qs(body.decode()))
        assert (method, url, query) == ("POST", CLIENT.url, None)
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        await self.gate.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def download(self, url, *, headers=None):
        raise AssertionError("a token is not downloaded")


def _good(number=1, body=None):
    return Answer(status=200, headers={}, body=body or GOOD % number)


def _tokens(endpoint, clock, asserter=None):
    return BearerTokens(http=endpoint, asserter=asserter or CountingAsserter(), clock=clock, client=CLIENT)


async def test_a_token_is_asked_for_by_private_key_jwt(kit_clock):
    endpoint, asserter = TokenEndpoint(_good()), CountingAsserter()
    token = await _tokens(endpoint, kit_clock, asserter).token()
    assert token.reveal() == "token-1"
    assert asserter.made == [("xa-office", "https://login.example/token")]
    assert endpoint.bodies == [
        {
            "grant_type": ["client_credentials"],
            "scope": ["das-api/office-exchange"],
            "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
            "client_assertion": ["assertion-1"],
        }
    ]


async def test_a_token_is_kept_until_shortly_before_it_expires(kit_clock):
    tokens = _tokens(endpoint := TokenEndpoint(_good(1), _good(2)), kit_clock)
    await tokens.token()
    kit_clock.pass_by(3599 - 61)
    assert (await tokens.token()).reveal() == "token-1"
    kit_clock.pass_by(1)
    assert (await tokens.token()).reveal() == "token-2"
    assert len(endpoint.bodies) == 2


async def test_many_who_ask_at_once_share_one_request(kit_clock):
    endpoint = TokenEndpoint(_good())
    endpoint.gate.clear()
    tokens = _tokens(endpoint, kit_clock)
    asking = [asyncio.ensure_future(tokens.token()) for _ in range(5)]
    await asyncio.sleep(0)
    endpoint.gate.set()
    assert {(await one).reveal() for one in asking} == {"token-1"}
    assert len(endpoint.bodies) == 1


async def test_a_forgotten_token_is_taken_anew_with_a_new_assertion(kit_clock):
    tokens = _tokens(endpoint := TokenEndpoint(_good(1), _good(2)), kit_clock)
    await tokens.token()
    tokens.forget()
    assert (await tokens.token()).reveal() == "token-2"
    assert [body["client_assertion"] for body in endpoint.bodies] == [["assertion-1"], ["assertion-2"]]


@pytest.mark.parametrize(
    ("answer", "reason", "delay"),
    [
        (Answer(status=400, headers={}, body=b'{"error":"invalid_client"}'), Reason.REMOTE_UNAUTHORIZED, None),
        (Answer(status=401, headers={}, body=b""), Reason.REMOTE_UNAUTHORIZED, None),
        (Answer(status=403, headers={}, body=b""), Reason.REMOTE_UNAUTHORIZED, None),
        (Answer(status=429, headers={"retry-after": "7"}, body=b""), Reason.REMOTE_BUSY, timedelta(seconds=7)),
        (Answer(status=503, headers={}, body=b""), Reason.REMOTE_BUSY, None),
        (Answer(status=500, headers={}, body=b""), Reason.REMOTE_UNREACHABLE, None),
        (Answer(status=302, headers={}, body=b""), Reason.REMOTE_MALFORMED, None),
        (_good(body=b"<html>log in</html>"), Reason.REMOTE_MALFORMED, None),
        (_good(body=b'{"access_token":"","token_type":"Bearer"}'), Reason.REMOTE_MALFORMED, None),
        (_good(body=b'{"access_token":"a\\r\\nX: y","token_type":"Bearer"}'), Reason.REMOTE_MALFORMED, None),
        (_good(body=b'{"access_token":"a","token_type":"mac"}'), Reason.REMOTE_MALFORMED, None),
        (Deferred(Reason.REMOTE_UNREACHABLE), Reason.REMOTE_UNREACHABLE, None),
        (Deferred(Reason.REMOTE_OUTCOME_UNKNOWN), Reason.REMOTE_UNREACHABLE, None),
    ],
)
async def test_a_failure_is_one_of_the_table_and_not_kept(kit_clock, answer, reason, delay):
    tokens = _tokens(TokenEndpoint(answer, _good()), kit_clock)
    with pytest.raises(Deferred) as deferred:
        await tokens.token()
    assert (deferred.value.reason, deferred.value.delay) == (reason, delay)
    assert (await tokens.token()).reveal() == "token-1"


@pytest.mark.parametrize(("told", "believed"), [("1e99", 86_400), ("-5", 10), ("0.0", 10)])
async def test_an_absurd_life_is_bounded(kit_clock, told, believed):
    body = b'{"access_token":"a","token_type":"bearer","expires_in":%s}' % told.encode()
    tokens = _tokens(endpoint := TokenEndpoint(_good(body=body)), kit_clock)
    await tokens.token()
    kit_clock.pass_by(believed - 61 if believed > 240 else believed * 0.74)
    await tokens.token()
    assert len(endpoint.bodies) == 1
    kit_clock.pass_by(2)
    await tokens.token()
    assert len(endpoint.bodies) == 2


async def test_no_token_client_is_a_refused_credential():
    with pytest.raises(Deferred) as deferred:
        await NoTokens().token()
    assert deferred.value.reason is Reason.REMOTE_UNAUTHORIZED
