"""The description says what is served, and what is served is described."""

import json
import re
from importlib.resources import files

from openapi_spec_validator import validate
from rehearsed_door import call

from gateway.endpoints.front import ADDRESSES
from gateway.endpoints.rest.openapi import CALLS, describe, render
from gateway.endpoints.rest.voice import API


def kept() -> bytes:
    return files("schemas").joinpath("openapi.json").read_bytes()


def test_the_file_is_what_the_structures_say():
    remedy = "make it anew: python -m gateway.endpoints.rest.openapi"
    assert kept() == render(), remedy


def test_it_is_openapi():
    validate(json.loads(kept()))


def test_every_address_is_described_and_every_description_is_served():
    served = {
        (method, address.path) for address in ADDRESSES if address.path.startswith(API) for method in address.handlers
    }
    assert {(each.method, each.path) for each in CALLS} == served


def test_every_call_has_a_name_of_its_own_and_every_shape_is_used():
    described = describe()
    names = [operation["operationId"] for path in described["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    referred = {name.decode() for name in re.findall(rb'"#/components/schemas/(\w+)"', kept())}
    assert referred == described["components"]["schemas"].keys()


def test_what_needs_a_signature_says_so():
    described = describe()
    needed = {
        operation["operationId"]
        for path in described["paths"].values()
        for operation in path.values()
        for parameter in operation["parameters"]
        if parameter["name"] == "Pouch-Signature" and parameter["required"]
    }
    assert needed == {"deposit", "release", "correct", "replace", "withdraw"}


async def test_it_is_served_to_anybody(door):
    status, headers, body = await call(door, "GET", "/api/v1/openapi.json", token=None)
    assert (status, body) == (200, json.loads(kept()))
    assert headers["Content-Type"] == "application/json"
