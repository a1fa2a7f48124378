"""Signatures that cannot be verified here: what honest toolkits write is told apart from what only attacks have."""

import pytest
from lxml import etree

from gateway.packages.seal_shape import is_customary

DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = f'<ds:Transform Algorithm="{DS}enveloped-signature"/>'


def signature(
    transforms: str = f'{ENVELOPED}<ds:Transform Algorithm="{C14N}"/>',
    method: str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    uri: str = "",
    more: str = "",
    value: str = "AAAA",
) -> str:
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="{uri}">'
        f"<ds:Transforms>{transforms}</ds:Transforms><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        f"<ds:SignatureValue>{value}</ds:SignatureValue>{more}</ds:Signature>"
    )


def signed(*signatures: str, inside: str = "<b>1</b>") -> etree._Element:
    return etree.fromstring(f"<a>{inside}{''.join(signatures)}</a>")


XADES = '<ds:Object><x:QualifyingProperties xmlns:x="http://uri.etsi.org/01903/v1.3.2#"/></ds:Object>'


@pytest.mark.parametrize(
    "document",
    [
        signed(signature()),
        signed(signature(), signature(value="BBBB")),
        signed(signature(more=XADES)),
        signed(signature(value="AA\n AA==\n")),
        signed(signature(uri="#b1"), inside='<b Id="b1"/>'),
        etree.fromstring(signature(uri="copy.pdf")),
    ],
    ids=["inclusive", "countersigned", "xades", "white space", "by id", "detached"],
)
def test_what_toolkits_write_is_customary(document: etree._Element) -> None:
    assert is_customary(document)


@pytest.mark.parametrize(
    "document",
    [
        signed(signature(more=signature())),
        signed("", inside=f"<b>{signature()}</b>"),
        signed(signature(more="<ds:Object><a/></ds:Object>")),
        signed(signature(transforms='<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>')),
        signed(signature(method="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")),
        signed(signature(uri="#b1"), inside='<b Id="b1"/><c ID="b1"/>'),
        signed(signature(), inside="<b>1<!-- -->2</b>"),
        signed(signature(value="AA*A")),
        signed(signature(more="<ds:SignatureValue>AAAA</ds:SignatureValue>")),
        etree.fromstring(signature(uri="https://office.example/copy.pdf")),
    ],
    ids=["nested", "deep", "enclosed", "program", "hmac", "ids", "comment", "base64", "two values", "fetched"],
)
def test_what_attacks_are_made_of_is_not(document: etree._Element) -> None:
    assert not is_customary(document)


def test_a_reference_twice_is_not_customary() -> None:
    document = signed(signature())
    reference = document.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.addnext(etree.fromstring(etree.tostring(reference)))
    assert not is_customary(document)
