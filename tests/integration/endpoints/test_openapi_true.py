"""The OpenAPI description is true: calls made up from it are answered as it says, never by an error of ours.

Bounded: some examples a call, the same ones in every run; each is signed as its sender would.
"""

import asyncio
import json
from importlib.resources import files

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from real_door import open_real_door, rest_deposit
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.checks import negative_data_rejection

from gateway.endpoints.door import Limits
from gateway.endpoints.rest.openapi import CALLS
from pki.jws import sign_detached

EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def described():
    return schemathesis.openapi.from_dict(json.loads(files("schemas").joinpath("openapi.json").read_bytes()))


def operation(name: str):
    found = (result.ok() for result in described().get_all_operations())
    return next(each for each in found if each.definition.raw["operationId"] == name)


POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
#: The description itself takes nothing that could be wrong.
TURNS = [
    (call.name, mode) for call in CALLS for mode in (POSITIVE, NEGATIVE) if (call.name, mode) != ("describe", NEGATIVE)
]


@pytest.mark.parametrize(("name", "mode"), TURNS, ids=[f"{name}-{mode.value}" for name, mode in TURNS])
async def test_calls_made_up_from_the_description_are_answered_as_it_says(database, tmp_path, name, mode):
    limits = Limits(failure_burst=100_000, messages_per_second=100_000, burst=100_000)
    async with open_real_door(tmp_path / "xa", database.app, limits=limits) as door:
        _, _, deposited = await door.call("POST", "/api/v1/deposits", rest_deposit(door))
        token = await door.token()
        known = {"exchange": deposited["exchangeId"], "document": "copy"}
        await asyncio.to_thread(knock, door, operation(name), mode, token, known)


def knock(door, described_call, mode, token, known) -> None:
    """Send the examples of one call. Where the address names something, every second one names what is there."""
    session = requests.Session()
    session.verify = str(door.folder / "keys" / "ca.pem")
    turns = iter(range(10_000))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described_call.as_strategy(generation_mode=mode))
    def send(case) -> None:
        if mode is POSITIVE:
            name_what_is_there(case, known if next(turns) % 2 else {})
        asked = requests.Request(**case.as_transport_kwargs(base_url=door.url)).prepare()
        asked.headers["Authorization"] = f"Bearer {token}"
        asked.headers["Pouch-Signature"] = sign_detached(payload_of(asked), key=door.keys["XA"])
        response = session.send(asked, timeout=30)
        case.validate_response(schemathesis.Response.from_requests(response, verify=True), checks=CHECKS)

    try:
        send()
    finally:
        session.close()


def name_what_is_there(case, known) -> None:
    """Let a call come from XA for XA, about an exchange that is there: else every one is refused for that alone."""
    named = case.path_parameters or {}
    case.path_parameters = {**named, **{name: value for name, value in known.items() if name in named}}
    if isinstance(case.body, dict) and isinstance(case.body.get("header"), dict):
        case.body["header"].update(sender="XA", receiver="XA")


def payload_of(asked: requests.PreparedRequest) -> bytes:
    """What is signed: the JSON, or the JSON part of a message with parts."""
    body = asked.body or b""
    body = body.encode() if isinstance(body, str) else body
    boundary = (asked.headers.get("Content-Type") or "").partition("boundary=")[2].encode()
    if not boundary:
        return body
    first = body.partition(b"\r\n\r\n")[2]
    return first.partition(b"\r\n--" + boundary)[0]
