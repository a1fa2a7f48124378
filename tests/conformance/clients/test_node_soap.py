"""npm `soap`: a toolkit of another language sends signed MTOM, by the example of docs/ and otherwise; it reads ours."""

import itertools
import json
import os
import shutil
import subprocess
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from documented_gateway import EXAMPLES

HERE = Path(__file__).parent / "node"
pytestmark = pytest.mark.debian("nodejs", "npm")

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory, documented):
    """A function that runs a script of node with the locked packages; gives the ended process."""
    place = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, place)
    environment = {**os.environ, "NODE_PATH": str(place / "node_modules"), "NODE_NO_WARNINGS": "1"}
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    ended = subprocess.run(install, cwd=place, env=environment, capture_output=True, text=True, timeout=300)
    if ended.returncode:
        said = f"npm ci did not get what package-lock.json names; is a registry reachable?\n{ended.stderr[-800:]}"
        in_ci = os.environ.get("CI") == "true" or os.environ.get("POUCH_REQUIRE_DEBIAN") == "1"
        pytest.fail(said) if in_ci else pytest.skip(said)

    def run(script, *words):
        command = ["node", str(script), *words]
        return subprocess.run(
            command, cwd=documented.folder, env=environment, capture_output=True, text=True, timeout=120
        )

    return run


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A copy that is too large to come inline."""
    path = tmp_path_factory.mktemp("large") / "copy.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 17_000)
    return path


@pytest.fixture(scope="module")
def deposited(node, documented, large):
    """What the example told of a large deposit, and its words for a repeat."""
    words = [
        *("--wsdl", f"{documented.url}/soap/exchange?wsdl"),
        *("--ca", str(documented.keys / "ca.pem"), "--key", str(documented.keys / "partner.key")),
        *("--certificate", str(documented.keys / "partner.pem"), "--office", "XA"),
        *("--number", "2026/010001", "--date", "2026-02-27", "--message-id", "node-example-1", str(large)),
    ]
    ended = node(EXAMPLES / "deposit_mtom.cjs", *words)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout), words


def call(node, documented, name, **more):
    number = next(_numbers)
    given = {
        "wsdl": f"{documented.url}/soap/exchange?wsdl",
        "ca": str(documented.keys / "ca.pem"),
        "key": str(documented.keys / "partner.key"),
        "certificate": str(documented.keys / "partner.pem"),
        "messageId": f"node-{name}-{number}",
        "number": f"2026/0110{number:02}",
        **more,
    }
    ended = node(HERE / "calls.cjs", name, json.dumps(given))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_example_sends_a_signed_mtom_message(deposited, large):
    told, _ = deposited
    assert told["state"] == "held"
    assert f"<Sha256>{sha256(large.read_bytes()).hexdigest()}</Sha256>".encode() in b64decode(told["receipt"])


def test_the_example_sent_again_gets_the_same_receipt(node, deposited):
    told, words = deposited
    ended = node(EXAMPLES / "deposit_mtom.cjs", *words)
    assert json.loads(ended.stdout) == told


def test_the_example_tells_a_refusal_in_the_gateways_words(node, deposited):
    _, words = deposited
    other = ["2026/010002" if word == "2026/010001" else word for word in words]
    ended = node(EXAMPLES / "deposit_mtom.cjs", *other)
    assert ended.returncode == 1 and ended.stderr.startswith("4001 ")


def test_a_part_may_be_named_by_its_content_id_alone(node, documented):
    assert call(node, documented, "without-content")["State"] == "held"


def test_the_port_of_soap_12_takes_its_signature(node, documented):
    answer = call(node, documented, "soap12")
    assert answer["sent12"] and answer["State"] == "held"


def test_the_toolkits_own_transforms_are_refused_by_name(node, documented):
    assert call(node, documented, "untuned")["code"] == "2004"


def test_a_package_that_comes_as_parts_is_read(node, documented, deposited, large):
    told, _ = deposited
    answer = call(node, documented, "fetch", exchangeId=told["exchangeId"])
    assert answer["listed"] == answer["came"] == [sha256(large.read_bytes()).hexdigest()]
