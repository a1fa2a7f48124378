"""libxmlsec as second referee, by its command-line program: it shares no code with signxml or with us."""

import subprocess

import pytest
from lxml import etree

from pki import wss, xmldsig
from pki.keys import write_certificate, write_private_key

pytestmark = pytest.mark.debian("xmlsec1")

DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
KEYS = ["signer", "rsa_signer", "p384_signer"]


@pytest.fixture
def xmlsec(tmp_path):
    """Run xmlsec1 on a document; its output, or None if it refuses."""

    def run(mode, key, document, *options):
        for name in ("key.pem", "certificate.pem", "in.xml", "out.xml"):
            (tmp_path / name).unlink(missing_ok=True)
        write_private_key(tmp_path / "key.pem", key.key)
        write_certificate(tmp_path / "certificate.pem", key.certificate)
        (tmp_path / "in.xml").write_bytes(document)
        ids = [f"--id-attr:Id {WSU}:Timestamp"]
        for version in ("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"):
            ids.append(f"--id-attr:Id {version}:Body")
        given = ["--pubkey-cert-pem", "certificate.pem"] if mode == "--verify" else ["--privkey-pem", "key.pem"]
        arguments = [part for each in ids for part in each.split(" ")]
        done = subprocess.run(
            ["xmlsec1", mode, *given, *arguments, *options, "--output", "out.xml", "in.xml"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            return None
        return (tmp_path / "out.xml").read_bytes() if (tmp_path / "out.xml").exists() else b""

    return run


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("key", KEYS)
def test_xmlsec_accepts_the_envelopes_we_sign_and_refuses_them_changed(soap, xmlsec, request, key, version):
    key = request.getfixturevalue(key)
    envelope = soap.signed(key, version=version)
    assert xmlsec("--verify", key, etree.tostring(envelope)) is not None
    envelope[1][0][0].text = "m-2"
    assert xmlsec("--verify", key, etree.tostring(envelope)) is None


@pytest.mark.parametrize("key", KEYS)
def test_xmlsec_accepts_the_receipts_we_sign(xmlsec, request, key):
    key = request.getfixturevalue(key)
    receipt = xmldsig.sign_enveloped('<a xmlns="urn:a"><b>Ñandú</b></a>'.encode(), key=key)
    assert xmlsec("--verify", key, receipt) is not None
    assert xmlsec("--verify", key, receipt.replace(b"and", b"And")) is None


@pytest.mark.parametrize("key", KEYS)
def test_we_accept_the_envelopes_xmlsec_signs(soap, xmlsec, request, now, key):
    """Our own message with every value taken out: xmlsec fills them in, in its own layout."""
    key = request.getfixturevalue(key)
    envelope = soap.signed(key)
    for element in envelope.iter(f"{DS}DigestValue", f"{DS}SignatureValue"):
        element.text = None
    signed = xmlsec("--sign", key, etree.tostring(envelope))
    result = wss.verify(etree.fromstring(signed), trust=soap.trust, now=now)
    assert result.verdict.passed, result.verdict


@pytest.mark.parametrize("key", KEYS)
def test_we_accept_the_receipts_xmlsec_signs(xmlsec, request, trust, now, key):
    key = request.getfixturevalue(key)
    root = etree.fromstring(xmldsig.sign_enveloped(b"<a><b>1</b></a>", key=key))
    for element in root.iter(f"{DS}DigestValue", f"{DS}SignatureValue"):
        element.text = None
    verdict, signed = xmldsig.verify_enveloped(xmlsec("--sign", key, etree.tostring(root)), trust=trust, now=now)
    assert verdict.passed, verdict
    assert signed[0].text == "1"
