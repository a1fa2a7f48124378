"""Signers, pins and honest messages for the pki tests, and the tools to spoil them and seal them again."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from pki import wss, xmldsig
from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.trust import TrustList, pin

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
#: When the certificates were issued.
BEGUN = NOW - timedelta(days=30)
DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
SOAP = {
    "1.1": "{http://schemas.xmlsoap.org/soap/envelope/}",
    "1.2": "{http://www.w3.org/2003/05/soap-envelope}",
}
BODY = (
    '<d:Deposit xmlns:d="urn:example:deposit"><d:MessageId>m-1</d:MessageId><d:Amount>10 &lt; 20</d:Amount>'
    '<Note xmlns="urn:example:note" lang="es" a="1">Ñandú &amp; Co.\u4e2d</Note></d:Deposit>'
)
RECEIPT = (
    b'<r:Receipt xmlns:r="urn:example:receipt"><r:Sender>XA</r:Sender><r:Receiver>XB</r:Receiver>'
    b'<r:Document role="certified-copy"><r:Digest>00ff</r:Digest></r:Document></r:Receipt>'
)


class Soap:
    """Honest envelopes, and the means to alter and re-seal them as their own signer would."""

    def __init__(self, trust, signer):
        self.trust = trust
        self.signer = signer

    def envelope(self, version="1.2", body=BODY, headers=""):
        uri = SOAP[version][1:-1]
        return etree.fromstring(
            f'<s:Envelope xmlns:s="{uri}"><s:Header>{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
        )

    def signed(self, key=None, **options):
        envelope = self.envelope(
            **{name: options.pop(name) for name in ("version", "body", "headers") if name in options}
        )
        wss.sign(envelope, key=key or self.signer, now=options.pop("now", NOW), **options)
        return self.again(envelope)

    @staticmethod
    def again(envelope):
        """What the receiver sees: serialized and parsed anew."""
        return etree.fromstring(etree.tostring(envelope))

    def verify(self, envelope, now=NOW, **options):
        return wss.verify(self.again(envelope), trust=options.pop("trust", self.trust), now=now, **options)

    def refused(self, envelope, **options):
        """The sub-indication of a refusal; nothing of the message may be handed out with it."""
        result = self.verify(envelope, **options)
        assert not result.verdict.passed
        assert result.signed_body is None
        assert result.covered == ()
        return result.verdict.sub_indication.name

    def seal(self, envelope, key=None):
        """Compute SignatureValue anew over whatever SignedInfo has become."""
        signed_info = envelope.find(f".//{DS}SignedInfo")
        octets = etree.tostring(signed_info, method="c14n", exclusive=True, with_comments=False)
        envelope.find(f".//{DS}SignatureValue").text = base64.b64encode((key or self.signer).sign(octets)).decode()
        return envelope

    @staticmethod
    def part(envelope, name):
        namespace = {"Timestamp": WSU, "Security": WSSE, "BinarySecurityToken": WSSE}.get(name, DS)
        return envelope.find(f".//{namespace}{name}")

    @staticmethod
    def header(envelope):
        return envelope[0]

    @staticmethod
    def body(envelope):
        return envelope[-1]


@pytest.fixture(scope="session")
def now():
    return NOW


@pytest.fixture(scope="session")
def signer():
    return issue_signer("XA signer", key=generate_key("P-256"), now=BEGUN)


@pytest.fixture(scope="session")
def rsa_signer():
    # 2048 bits: the least that is accepted, and quick to make.
    return issue_signer("XB signer", key=rsa.generate_private_key(65537, 2048), now=BEGUN)


@pytest.fixture(scope="session")
def p384_signer():
    return issue_signer("XC signer", key=ec.generate_private_key(ec.SECP384R1()), now=BEGUN)


@pytest.fixture(scope="session")
def stranger():
    """A good key that nobody pinned; its certificate says the same name as XA's."""
    return issue_signer("XA signer", key=generate_key("P-256"), now=BEGUN)


@pytest.fixture(scope="session")
def trust(signer, rsa_signer, p384_signer):
    signers = {"XA": signer, "XB": rsa_signer, "XC": p384_signer}
    return TrustList([pin(office, "signing", key.certificate) for office, key in signers.items()])


@pytest.fixture
def soap(trust, signer):
    return Soap(trust, signer)


@pytest.fixture(scope="session")
def receipt(signer):
    return xmldsig.sign_enveloped(RECEIPT, key=signer)


@pytest.fixture(scope="session")
def minutes():
    return lambda count: timedelta(minutes=count)
