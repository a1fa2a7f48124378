"""Collected attacks on XML parsers and signatures: each ends in a refusal, at once, and nothing is fetched."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from pki import wss, xmldsig
from pki.certificates import issue_signer
from pki.document import parse
from pki.keys import generate_key
from pki.trust import TrustList, pin
from pki.verdict import Refusal

ATTACKS = Path(__file__).resolve().parents[2].parent / "shared/vectors/xml/attacks"
FILES = sorted(file for file in ATTACKS.rglob("*") if file.suffix in (".xml", "")) if ATTACKS.is_dir() else []
FILES = [file for file in FILES if file.is_file() and file.name != "LICENSE"]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
SOAP = "http://www.w3.org/2003/05/soap-envelope"

pytestmark = pytest.mark.skipif(not ATTACKS.is_dir(), reason="the folder ../shared is missing")


def name(file):
    return f"{file.parent.name}/{file.name}"


def is_signed(file):
    """Whether there is a signature in it that the parser lets us reach."""
    try:
        return next(parse(file.read_bytes()).iter(SIGNATURE), None) is not None
    except Refusal:
        return False


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("something opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("file", FILES, ids=name)
@pytest.mark.parametrize("location", ["./", ".//"])
def test_none_of_them_passes(file, location):
    """Without any pin, so that only what the files contain can decide: never better than cannot tell."""
    document = file.read_bytes()
    verdict, signed = xmldsig.verify(document, location=location)
    assert not verdict.passed
    assert signed == ()
    verdict, element = xmldsig.verify_enveloped(document)
    assert not verdict.passed
    assert element is None


@pytest.mark.parametrize("file", [file for file in FILES if file.parent.name == "dos-defusedxml"], ids=name)
def test_a_doctype_is_refused_before_it_does_anything(file):
    if file.name.startswith("simple"):
        assert parse(file.read_bytes()) is not None
    else:
        with pytest.raises(Refusal, match="DOCTYPE"):
            parse(file.read_bytes())


@pytest.mark.parametrize("file", [file for file in FILES if is_signed(file)], ids=name)
def test_a_message_with_such_a_signature_is_refused(file):
    """Each collected signature in the place of ours, in a message that was good before."""
    signature = next(parse(file.read_bytes()).iter(SIGNATURE))
    key = issue_signer("XA", key=generate_key(), now=NOW)
    envelope = etree.fromstring(f'<s:Envelope xmlns:s="{SOAP}"><s:Body><x/></s:Body></s:Envelope>')
    wss.sign(envelope, key=key, now=NOW)
    trust = TrustList([pin("XA", "signing", key.certificate)])
    assert wss.verify(envelope, trust=trust, now=NOW).verdict.passed
    ours = next(envelope.iter(SIGNATURE))
    signature.tail = None
    ours.getparent().replace(ours, signature)
    result = wss.verify(envelope, trust=trust, now=NOW)
    assert not result.verdict.passed
    assert result.signed_body is None


def test_the_collection_is_there():
    assert len(FILES) >= 30
