"""Addresses that exist answer every method; all others answer in the protocol of their place."""

import pytest
from rehearsed_door import call, talk

from gateway.endpoints.front import ADDRESSES


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/deposits", "OPTIONS, POST"),
        ("/api/v1/exchanges", "GET, HEAD, OPTIONS"),
        ("/api/v1/hold", "DELETE, OPTIONS, POST"),
        ("/soap/exchange", "GET, HEAD, OPTIONS, POST"),
        ("/das-api/v1/requests/notifications", "OPTIONS, POST"),
        ("/oauth2/token", "OPTIONS, POST"),
    ],
)
async def test_an_address_says_what_it_takes(door, path, allowed):
    async with door.http.options(path) as response:
        assert (response.status, response.headers["Allow"]) == (204, allowed)
    async with door.http.put(path, data=b"x") as response:
        assert (response.status, response.headers["Allow"]) == (405, allowed)
        assert b"1007" in await response.read() or path.startswith("/das-api")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/v2/deposits",
        "/api/v1/deposits/",
        "/api/v1/exchanges//package",
        "/soap",
        "/soap/exchange/more",
        "/metrics",
        "/healthz",
        "/das-api/v1/files/short",
        "/das-api/v1/files/..%2f..%2fetc%2fpasswd",
        "/api/v1/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/exchanges/%2e%2e%2fdeposits",
        "/..%252f..%252fetc/passwd",
        "/%00",
    ],
)
async def test_elsewhere_there_is_nothing(door, path):
    answer = await talk(door.port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    status = int(answer.split()[1])
    assert status in (404, 401), answer  # 401: an id that is none is looked at when it is known who asks
    assert b"root:" not in answer
    assert b"passwd" not in answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/soap/nothing", "text/xml; charset=utf-8"),
        ("/das-api/nothing", "application/json"),
        ("/oauth2/nothing", "application/json"),
        ("/nothing", "application/json"),
    ],
)
async def test_each_door_says_no_in_its_own_protocol(door, path, kind):
    async with door.http.get(path) as response:
        body = await response.read()
    assert (response.status, response.headers["Content-Type"]) == (404, kind)
    expected = {
        "/soap/nothing": b"<Code>1008</Code>",
        "/das-api/nothing": b'{"code":"NOT_FOUND"',
        "/oauth2/nothing": b'{"error":"invalid_request"',
        "/nothing": b'{"code":"1008"',
    }
    assert expected[path] in body
    assert door.line.journal.outcomes() == ["1008"]


async def test_a_head_has_no_body(door):
    async with door.http.head("/api/v1/openapi.json") as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_another_method_is_refused_without_reading_its_body(door):
    status, headers, body = await call(door, "PATCH", "/api/v1/deposits", {"x": 1})
    assert (status, body["code"], headers["Allow"]) == (405, "1007", "OPTIONS, POST")


def test_the_last_row_fits_everything():
    assert ADDRESSES[-1].path == "/{rest:.*}"
    assert len({address.path for address in ADDRESSES}) == len(ADDRESSES)
