"""Spoiling what is signed: wrapping, ids, comments, transforms, algorithms, keys, and changes by chance."""

import random
from collections.abc import Callable
from copy import deepcopy

from lxml import etree
from signed_things import DS, SOAP12, WSU, resealed

from pki.keys import SigningKey

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
TRANSFORMS = (
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2000/09/xmldsig#base64",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    EXCLUSIVE,
    EXCLUSIVE + "WithComments",
)
ALGORITHMS = (
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmlenc#sha512",
    "http://www.w3.org/2001/04/xmldsig-more#md5",
)
URIS = ("", "#", "#body", "#ts", "#xpointer(/)", "#xpointer(id('body'))", "one.bin", "./one.bin", "ONE.bin", "none")

Spoil = Callable[[etree._Element, random.Random], None]


def _elements(root: etree._Element) -> list[etree._Element]:
    return list(root.iter(etree.Element))


def _inside(one: etree._Element, other: etree._Element) -> bool:
    return one is other or one in other.iterancestors()


def text(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    was = one.text or ""
    at = chance.randrange(len(was) + 1)
    one.text = was[:at] + chance.choice("AZaz09+/= \n") + was[at + chance.randrange(2) :]


def tail(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    if one is not root:
        one.tail = chance.choice([None, " ", "\n", "x"])


def attribute(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    values = [value for each in _elements(root) for value in each.values()]
    name = chance.choice([*one.attrib, f"{WSU}Id", "Id", "ID", "id", "x"])
    one.set(name, chance.choice([*values, *TRANSFORMS, *ALGORITHMS, *URIS]))


def attribute_lost(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    if one.attrib:
        del one.attrib[chance.choice(list(one.attrib))]


def lost(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    if one is not root:
        one.getparent().remove(one)


def doubled(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    if one is not root:
        one.addnext(deepcopy(one))


def moved(root: etree._Element, chance: random.Random) -> None:
    one, other = chance.choice(_elements(root)), chance.choice(_elements(root))
    if one is not root and not _inside(one, other):
        other.insert(chance.randrange(len(other) + 1), one)


def enclosed(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    if one is not root:
        around = etree.Element(chance.choice(["{urn:x}w", one.tag, f"{DS}Object"]))
        one.addprevious(around)
        around.append(one)


def comment(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    was = one.text or ""
    at = chance.randrange(len(was) + 1)
    split = chance.choice([etree.Comment("c"), etree.PI("p", "q")])
    one.text, split.tail = was[:at], was[at:]
    one.insert(0, split)


def renamed(root: etree._Element, chance: random.Random) -> None:
    one = chance.choice(_elements(root))
    one.tag = chance.choice([chance.choice(_elements(root)).tag, "{urn:x}renamed", f"{{{SOAP12}}}Body"])


def transform(root: etree._Element, chance: random.Random) -> None:
    """A transform added, changed, or put into another order."""
    steps = list(root.iter(f"{DS}Transforms"))
    references = list(root.iter(f"{DS}Reference"))
    if not steps and references:
        steps = [etree.Element(f"{DS}Transforms")]
        chance.choice(references).insert(0, steps[0])
    if not steps:
        return
    chain = chance.choice(steps)
    added = etree.Element(f"{DS}Transform", Algorithm=chance.choice(TRANSFORMS))
    if chance.random() < 0.3:
        etree.SubElement(added, f"{DS}XPath").text = chance.choice(["not(self::*)", "true()", "ancestor-or-self::b"])
    chain.insert(chance.randrange(len(chain) + 1), added)
    if len(chain) > 1 and chance.random() < 0.5:
        chain.remove(chain[chance.randrange(len(chain))])


def algorithm(root: etree._Element, chance: random.Random) -> None:
    methods = list(root.iter(f"{DS}SignatureMethod", f"{DS}DigestMethod", f"{DS}CanonicalizationMethod"))
    if methods:
        chance.choice(methods).set("Algorithm", chance.choice([*ALGORITHMS, *TRANSFORMS]))


def reference(root: etree._Element, chance: random.Random) -> None:
    references = list(root.iter(f"{DS}Reference"))
    if references:
        chance.choice(references).set("URI", chance.choice(URIS))


def wrapped(root: etree._Element, chance: random.Random) -> None:
    """A forged copy of some element around, before, behind or inside the signed one (XSW by chance)."""
    candidates = [each for each in _elements(root) if each is not root and each.getparent() is not None]
    if not candidates:
        return
    one = chance.choice(candidates)
    forged = deepcopy(one)
    forged.tail = None
    forged.text = "forged"
    place = chance.randrange(5)
    if place == 0:
        one.addprevious(forged)
    elif place == 1:
        one.addnext(forged)
    elif place == 2:
        one.addprevious(forged)
        forged.append(one)
    elif place == 3:
        one.insert(0, forged)
    else:
        one.addprevious(forged)
        signature = chance.choice(list(root.iter(f"{DS}Signature")) or [root])
        if not _inside(one, signature):
            etree.SubElement(signature, f"{DS}Object").append(one)


def same_id(root: etree._Element, chance: random.Random) -> None:
    names = [(name, value) for each in _elements(root) for name, value in each.items() if name.endswith("Id")]
    name, value = chance.choice(names or [("Id", "body")])
    chance.choice(_elements(root)).set(chance.choice([name, "Id", "ID", "id"]), value)


def attributes_turned(root: etree._Element, chance: random.Random) -> None:
    """Harmless: another order of attributes, which no canonical form sees."""
    one = chance.choice(_elements(root))
    items = list(one.items())
    chance.shuffle(items)
    for name in list(one.attrib):
        del one.attrib[name]
    for name, value in items:
        one.set(name, value)


SPOILS: tuple[Spoil, ...] = (
    text, tail, attribute, attribute_lost, lost, doubled, moved, enclosed, comment, renamed, transform, algorithm,
    reference, wrapped, same_id, attributes_turned,
)  # fmt: skip


def spoiled(honest: bytes, chance: random.Random, keys: tuple[SigningKey, SigningKey]) -> bytes:
    """A mutant: bytes or structure changed, sometimes signed anew by its own signer or by a stranger (`keys`)."""
    if chance.random() < 0.25:
        octets = bytearray(honest)
        for _ in range(chance.choice([1, 1, 1, 2, 8])):
            octets[chance.randrange(len(octets))] = chance.choice([chance.randrange(256), *b"<>&;\"' #A"])
        return bytes(octets)
    root = etree.fromstring(honest)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        chance.choice(SPOILS)(root, chance)
    if (again := chance.random()) < 0.4:
        resealed(root, keys[0])
    elif again < 0.5:
        resealed(root, keys[1])
    written: bytes = etree.tostring(root, xml_declaration=chance.random() < 0.2, encoding="UTF-8")
    return written


def rewritten(honest: bytes, chance: random.Random) -> bytes:
    """Harmless: other quotes, declaration, character references, white space in tags, CDATA; canonically the same."""
    told = honest.decode()
    steps: list[Callable[[str], str]] = [
        lambda text: '<?xml version="1.0" encoding="UTF-8"?>\n' + text,
        lambda text: text + "\n\n",
        lambda text: text.replace("/>", " />"),
        lambda text: text.replace("ú", "&#xfa;").replace("中", "&#20013;"),
        lambda text: text.replace("</ds:SignedInfo>", "</ds:SignedInfo\n>"),
        lambda text: text.replace("&lt;", "&#60;"),
        lambda text: text.replace(">10<", "><![CDATA[10]]><"),
    ]
    for step in chance.sample(steps, chance.randrange(1, 4)):
        told = step(told)
    return told.encode()
