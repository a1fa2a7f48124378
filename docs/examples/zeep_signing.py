"""Sign zeep's messages to a Pouch gateway, and check that its answers are the gateway's.

WS-Security 1.0, X.509 token profile: one signature over Body and Timestamp, exclusive C14N, SHA-256, ECDSA P-256.
Needs lxml and cryptography, which you have with zeep or beside it, and nothing of Pouch.

    signature = GatewaySignature(key_pem, certificate_pem, gateway_certificate_pem)
    client = zeep.Client("https://gateway.example/soap/exchange?wsdl", wsse=signature)
"""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree
from lxml.builder import ElementMaker

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{OASIS}wssecurity-secext-1.0.xsd", f"{OASIS}wssecurity-utility-1.0.xsd"
X509V3, BASE64 = f"{OASIS}x509-token-profile-1.0#X509v3", f"{OASIS}soap-message-security-1.0#Base64Binary"
DS, C14N = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/10/xml-exc-c14n#"
ECDSA, DIGEST = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"
ID = f"{{{WSU}}}Id"
Element = etree._Element
S = ElementMaker(namespace=WSSE, nsmap={"wsse": WSSE, "wsu": WSU})
U = ElementMaker(namespace=WSU, nsmap={"wsu": WSU})
D = ElementMaker(namespace=DS, nsmap={"ds": DS})


class GatewaySignature:
    """Goes into zeep.Client(wsse=...): signs what leaves, and raises ValueError for what is not the gateway's."""

    def __init__(self, key: bytes, certificate: bytes, gateway_certificate: bytes) -> None:
        """Take PEM texts: your P-256 key, its certificate, and the certificate the gateway signs with."""
        self.key = load_pem_private_key(key, password=None)
        self.certificate = x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
        self.gateway = x509.load_pem_x509_certificate(gateway_certificate)

    def apply(self, envelope: Element, headers: dict[str, str]) -> tuple[Element, dict[str, str]]:
        """Sign an envelope before zeep sends it."""
        soap = etree.QName(envelope).namespace
        header, body = envelope.find(f"{{{soap}}}Header"), envelope.find(f"{{{soap}}}Body")
        if header is None:
            header = etree.Element(f"{{{soap}}}Header")
            envelope.insert(0, header)
        now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        until = now + timedelta(minutes=5)
        times = U.Timestamp(U.Created(f"{now.isoformat()}Z"), U.Expires(f"{until.isoformat()}Z"), {ID: "timestamp"})
        token = S.BinarySecurityToken(b64encode(self.certificate).decode(), ValueType=X509V3, EncodingType=BASE64)
        token.set(ID, "token")
        body.set(ID, "body")
        signed = D.SignedInfo(D.CanonicalizationMethod(Algorithm=C14N), D.SignatureMethod(Algorithm=ECDSA))
        named = S.SecurityTokenReference(S.Reference(URI="#token", ValueType=X509V3))
        signature = D.Signature(signed, D.SignatureValue(), D.KeyInfo(named))
        header.append(S.Security(times, token, signature))  # into the tree first: prefixes may change there
        for element in (times, body):
            transforms = D.Transforms(D.Transform(Algorithm=C14N))
            digest = D.DigestMethod(Algorithm=DIGEST), D.DigestValue(b64encode(digest_of(element)).decode())
            signed.append(D.Reference(transforms, *digest, URI=f"#{element.get(ID)}"))
        r, s = utils.decode_dss_signature(self.key.sign(canonical(signed), ec.ECDSA(SHA256())))
        signature[1].text = b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
        return envelope, headers

    def verify(self, envelope: Element) -> None:
        """Check an answer before zeep reads it, faults too."""
        soap = etree.QName(envelope).namespace
        security = envelope.find(f"{{{soap}}}Header/{{{WSSE}}}Security")
        found = None if security is None else security.findall(f"{{{DS}}}Signature")
        if not found or len(found) != 1:
            raise ValueError("the answer is not signed")
        covered = [envelope.find(f"{{{soap}}}Body"), security.find(f"{{{WSU}}}Timestamp")]
        wanted = {f"#{element.get(ID)}": b64encode(digest_of(element)).decode() for element in covered}
        given = {each.get("URI"): each.findtext(f"{{{DS}}}DigestValue") for each in found[0].iter(f"{{{DS}}}Reference")}
        if given != wanted:
            raise ValueError("the answer was changed on its way")
        value = b64decode(found[0].findtext(f"{{{DS}}}SignatureValue"))
        pair = utils.encode_dss_signature(int.from_bytes(value[:32]), int.from_bytes(value[32:]))
        try:
            self.gateway.public_key().verify(pair, canonical(found[0][0]), ec.ECDSA(SHA256()))
        except Exception:
            raise ValueError("the answer is not signed by this gateway") from None
        if datetime.fromisoformat(covered[1].findtext(f"{{{WSU}}}Expires")) < datetime.now(UTC):
            raise ValueError("the answer is an old one")


def canonical(element: Element) -> bytes:
    """An element in exclusive canonical XML."""
    return etree.tostring(element, method="c14n", exclusive=True)


def digest_of(element: Element) -> bytes:
    """Its SHA-256."""
    return sha256(canonical(element)).digest()
