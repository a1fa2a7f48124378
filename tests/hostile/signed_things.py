"""Things signed by our own code, made from chance: envelopes, documents with their signature inside, detached ones."""

import base64
import random
from datetime import UTC, datetime, timedelta

from lxml import etree

from pki import wss
from pki.keys import SigningKey
from pki.xmldsig import sign_enveloped
from pki.xmldsig_detached import sign_files

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BEGUN = AT - timedelta(days=30)
DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
TEXTS = (
    "",
    "10",
    "a < b & c",
    "Ñandú",
    "中文",
    "line\nline",
    "  spaced  ",
    "\t",
    "]]>",
    "'\"",
    "A\u0301",
    "\U0001f41f",
)
SPACES = (None, "urn:example:a", "urn:example:b", SOAP12)


def document(chance: random.Random, *, elements: int = 12) -> bytes:
    """A document in canonical form: random names, namespaces, attributes and texts."""
    root = etree.Element(_name(chance), nsmap={"p": "urn:example:a", None: "urn:example:d"})
    parents = [root]
    for _ in range(chance.randrange(1, elements)):
        child = etree.SubElement(chance.choice(parents), _name(chance))
        child.text, child.tail = chance.choice(TEXTS), chance.choice(TEXTS)
        for _ in range(chance.randrange(3)):
            child.set(_name(chance), chance.choice(TEXTS))
        parents.append(child)
    octets: bytes = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    return octets


def _name(chance: random.Random) -> str:
    space, name = chance.choice(SPACES), chance.choice(("a", "b", "Claim", "date-x", "Ü"))
    return f"{{{space}}}{name}" if space else name


def enveloped(chance: random.Random, key: SigningKey) -> bytes:
    return sign_enveloped(document(chance), key=key)


def envelope(chance: random.Random, key: SigningKey) -> bytes:
    space = chance.choice((SOAP11, SOAP12))
    body = document(chance).decode()
    root = etree.fromstring(f'<s:Envelope xmlns:s="{space}"><s:Header/><s:Body>{body}</s:Body></s:Envelope>')
    wss.sign(root, key=key, now=AT)
    octets: bytes = etree.tostring(root, encoding="UTF-8")
    return octets


def detached(files: dict[str, bytes], key: SigningKey) -> bytes:
    return sign_files({name: [content] for name, content in files.items()}, key=key)


def resealed(root: etree._Element, key: SigningKey) -> None:
    """Compute SignatureValue anew over whatever SignedInfo has become, as somebody with the key would."""
    info, value = root.find(f".//{DS}SignedInfo"), root.find(f".//{DS}SignatureValue")
    if root.tag == f"{DS}Signature":
        info, value = root.find(f"{DS}SignedInfo"), root.find(f"{DS}SignatureValue")
    if info is not None and value is not None:
        octets = etree.tostring(info, method="c14n", exclusive=True, with_comments=False)
        value.text = base64.b64encode(key.sign(octets)).decode()
