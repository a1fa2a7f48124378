"""SOAP 1.1 as JAX-WS speaks it: one operation in, one response or fault out; no library of ours.

Rules: only the operation's wrapper is in the namespace; no DOCTYPE; a header that must be understood is not.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from sandbox.ipas.faults import ClientFault, IpasFault
from sandbox.ipas.shapes import OPERATIONS
from sandbox.ipas.values import write_field

__all__ = ["IPAS", "read_operation", "write_fault", "write_response"]

IPAS = "http://ipas.wipo.int/IpasServices"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def read_operation(body: bytes) -> etree._Element:
    """Give the operation's element of a request; raises ClientFault if it is no SOAP 1.1 message of this service."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True
    )
    try:
        envelope = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise ClientFault("Couldn't create SOAP message: not XML") from None
    if envelope.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise ClientFault("Couldn't create SOAP message: DTD is not allowed")
    if envelope.tag != f"{{{_SOAP}}}Envelope":
        raise ClientFault("The envelope is not SOAP 1.1", code="VersionMismatch")
    for header in envelope.iterfind(f"{{{_SOAP}}}Header/*"):
        if header.get(f"{{{_SOAP}}}mustUnderstand") == "1":
            raise ClientFault(f"The header {etree.QName(header).localname} is not understood", code="MustUnderstand")
    bodies = envelope.findall(f"{{{_SOAP}}}Body")
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise ClientFault("The body holds one operation")
    operation: etree._Element = bodies[0][0]
    if etree.QName(operation).namespace != IPAS:
        raise ClientFault(f"Cannot find dispatch method for {operation.tag}")
    return operation


def write_response(operation: str, value: Any, *, odd: bool, nil: bool) -> bytes:
    """Write the response to an operation; `odd` and `nil` as for `write_field`."""
    envelope, body = _envelope()
    wrapper = etree.SubElement(body, f"{{{IPAS}}}{operation}Response", nsmap={"ns2": IPAS})
    write_field(wrapper, OPERATIONS[operation].returns, value, odd=odd, nil=nil)
    return _bytes(envelope)


def write_fault(fault: Exception) -> bytes:
    """Write a fault: IpasFault with the declared detail, ClientFault and all else without any."""
    envelope, body = _envelope()
    element = etree.SubElement(body, f"{{{_SOAP}}}Fault")
    code = fault.code if isinstance(fault, ClientFault) else "Server"
    etree.SubElement(element, "faultcode").text = f"S:{code}"
    etree.SubElement(element, "faultstring").text = str(fault)
    if isinstance(fault, IpasFault):
        detail = etree.SubElement(element, "detail")
        declared = etree.SubElement(detail, f"{{{IPAS}}}IpasException", nsmap={"ns2": IPAS})
        etree.SubElement(declared, "message").text = str(fault)
    return _bytes(envelope)


def _envelope() -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"S": _SOAP, "xsi": _XSI})
    return envelope, etree.SubElement(envelope, f"{{{_SOAP}}}Body")


def _bytes(envelope: etree._Element) -> bytes:
    # JAX-WS writes the declaration with single quotes and without an encoding
    return b"<?xml version='1.0' encoding='UTF-8'?>" + etree.tostring(envelope, encoding="UTF-8")
