"""What each SOAP operation answers."""

import base64
import email
import email.policy
import re

import pytest
from rehearsed_door import (
    PDF,
    call,
    decisions_body,
    deposit_body,
    envelope,
    listed,
    open_door,
    operation,
    post_soap,
    soap_header,
)
from rehearsed_rest import put_notice, send_form

from gateway.endpoints.door import Limits


async def ask(door, name, content, message_id="m-ask"):
    status, headers, body = await post_soap(door, envelope(operation(name, soap_header(message_id) + content)))
    assert status == 200, body
    return headers, body


def text(body: bytes, name: str) -> str:
    return re.search(rf"<{name}>([^<]*)</{name}>", body.decode())[1]


async def deposited_with(door, content=PDF):
    status, _, body = await call(door, "POST", "/api/v1/deposits", deposit_body([listed(content=content, inline=True)]))
    assert status == 201, body
    return body["exchangeId"]


async def test_status_tells_what_is_known(door):
    exchange = await deposited_with(door)
    _, body = await ask(door, "GetExchangeStatus", f"<ExchangeId>{exchange}</ExchangeId>")
    assert (text(body, "State"), text(body, "Number"), text(body, "Role")) == ("held", "2026/000123", "depositing")


async def test_a_question_changes_nothing_but_a_fetch_is_an_entry(door):
    exchange = await deposited_with(door)
    await ask(door, "GetExchangeStatus", f"<ExchangeId>{exchange}</ExchangeId>")
    await ask(door, "PollExchanges", "<Limit>5</Limit>")
    assert door.line.journal.steps() == ["deposited"]
    await ask(door, "FetchPackage", f"<ExchangeId>{exchange}</ExchangeId>")
    assert door.line.journal.steps() == ["deposited", "fetched"]


async def test_a_small_package_comes_inline(door):
    exchange = await deposited_with(door)
    headers, body = await ask(door, "FetchPackage", f"<ExchangeId>{exchange}</ExchangeId>")
    assert headers["Content-Type"].startswith("text/xml")
    assert base64.b64decode(text(body, "Content")) == PDF


@pytest.mark.parametrize("size", [2001, 200_000])
async def test_a_package_over_the_inline_limit_streams_as_parts(size):
    large = PDF + b"x" * (size - len(PDF))
    async with open_door(limits=Limits(inline=2000)) as door:
        status, body = await send_form(door, deposit_body([listed(content=large)]), {"copy": large})
        assert status == 201, body
        headers, answer = await ask(door, "FetchPackage", f"<ExchangeId>{body['exchangeId']}</ExchangeId>")
        assert int(headers["Content-Length"]) == len(answer)
        message = email.message_from_bytes(
            b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + answer, policy=email.policy.HTTP
        )
        root, part = message.iter_parts()
        assert (part["Content-ID"], part.get_payload(decode=True)) == ("<copy>", large)
        assert b'href="cid:copy"' in root.get_payload(decode=True)
        assert b">XA</Signed>" in root.get_payload(decode=True)


async def test_notifications_come_until_they_are_confirmed(door):
    exchange = await deposited_with(door)
    status, _, _ = await call(door, "POST", f"/api/v1/exchanges/{exchange}/release", decisions_body())
    assert status == 200
    notice = put_notice(door, exchange)
    _, body = await ask(door, "PollExchanges", "")
    assert text(body, "NotificationId") == notice
    _, body = await ask(door, "ConfirmExchange", f"<NotificationId>{notice}</NotificationId>", "m-confirm")
    assert b"<ConfirmExchangeResponse" in body
    _, body = await ask(door, "PollExchanges", "")
    assert notice.encode() not in body
