"""The description that a running gateway serves: valid, signed, and true of real answers about a document under way.

(Calls made up from it are in tests/integration/endpoints.) The client is the one that docs/integrators.md shows.
"""

import json
import time
import urllib.request
from base64 import b64encode
from hashlib import sha256
from types import SimpleNamespace

import pytest
import requests
import schemathesis
from fenced import ROOT, blocks, program
from openapi_spec_validator import validate

PAGE = ROOT / "docs" / "integrators.md"


@pytest.fixture(scope="module")
def client(documented):
    """What the page's blocks on keys, token and calls define."""
    first = next(block for block in blocks(PAGE, "python") if block.heading == "Calls")
    defined = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(documented.folder)
        exec(documented.here(program(PAGE, "Keys", "Token") + first.text), defined)
    return SimpleNamespace(**defined)


@pytest.fixture(scope="module")
def description(client):
    """The description as it is served, its signature verified."""
    with urllib.request.urlopen(f"{client.GATEWAY}/api/v1/openapi.json", context=client.tls) as answer:
        served = answer.read()
        client.verify_detached(answer.headers["Pouch-Signature"], served)
    return json.loads(served)


@pytest.fixture(scope="module")
def under_way(client):
    """An exchange that was deposited, released and placed; nothing of it is confirmed."""
    copy = b"%PDF-1.7 described"
    certification = {"certifiedBy": "XA", "form": "sealed", "certifiedOn": "2026-03-02", "filingDateCertified": True}
    listed = {
        "contentId": "copy",
        "size": len(copy),
        "sha256": sha256(copy).hexdigest(),
        "role": "certified-copy",
        "mediaType": "application/pdf",
        "certification": certification,
        "content": b64encode(copy).decode(),
    }
    application = {"officeCode": "XA", "right": "patent", "number": "2026/030001", "filingDate": "2026-02-27"}
    registration = {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": "applicant@example.org"}
    body = {"application": application, "registration": registration, "documents": [listed]}
    body["header"] = client.header("described-1")
    exchange = client.call("POST", "/deposits", body)["exchangeId"]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    taken = {"outcome": "given", "by": "M. Clerk", "basis": "form 12", "decidedAt": now}
    conditions = ("applicant-request", "formalities", "secrecy", "fee")
    decisions = [{"condition": each, **taken} for each in conditions]
    release = {"header": client.header("described-2"), "decisions": decisions}
    client.call("POST", f"/exchanges/{exchange}/release", release)
    until = time.monotonic() + 60
    while client.call("GET", f"/exchanges/{exchange}")["state"] != "placed":
        assert time.monotonic() < until
        time.sleep(0.1)
    return exchange


def test_the_description_is_openapi(description):
    assert description["openapi"].startswith("3.1")
    validate(description)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/exchanges", "?limit=1&state=placed", 200),
        ("/exchanges", "?officeCode=XA&right=patent&number=2026/030001", 200),
        ("/exchanges/{exchange}", "", 200),
        ("/exchanges/{exchange}/package", "", 200),
        ("/exchanges/{exchange}/package", "?version=9", 409),
        ("/exchanges/{exchange}/documents/{document}", "?version=1", 200),
        ("/notifications", "?limit=100", 200),
        ("/notifications", "?limit=many", 400),
        ("/openapi.json", "", 200),
    ],
)
def test_answers_are_as_the_description_says(client, description, documented, under_way, path, query, status):
    operation = schemathesis.openapi.from_dict(description)[f"/api/v1{path}"]["GET"]
    url = f"{client.GATEWAY}/api/v1{path}{query}".replace("{exchange}", under_way).replace("{document}", "copy")
    headers = {"Authorization": f"Bearer {client.token}"}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, headers=headers, verify=str(documented.keys / "ca.pem"), timeout=30)
    assert answer.status_code == status
    operation.validate_response(answer)
