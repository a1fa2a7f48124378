"""Our profile of IPAS says what the real contract says, for everything it contains."""

from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared/data/ipas"
OURS = ROOT / "wsdl/ipas"

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
IPAS = "http://ipas.wipo.int/IpasServices"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the folder ../shared is missing")


def qname(node, text):
    """A prefixed name as Clark notation, so that the choice of prefixes does not matter."""
    prefix, _, local = text.rpartition(":")
    return f"{{{node.nsmap.get(prefix or None)}}}{local}"


def read_types(files):
    """{type: {"base": ..., "fields": [(name, type, min, max, nillable)]}} and {element: type} of some schemas."""
    types, elements = {}, {}
    for file in files:
        schema = etree.parse(file).getroot()
        assert schema.get("targetNamespace") == IPAS
        assert schema.get("elementFormDefault", "unqualified") == "unqualified"
        for element in schema.findall(f"{XSD}element"):
            elements[element.get("name")] = qname(element, element.get("type"))
        for kind in schema.findall(f"{XSD}complexType"):
            name = kind.get("name")
            assert name not in types, f"{name} is defined twice"
            parts = [part for part in kind if part.tag != f"{XSD}annotation"]
            assert all(part.tag in (f"{XSD}sequence", f"{XSD}complexContent") for part in parts), name
            types[name] = {
                "abstract": kind.get("abstract", "false"),
                "model": [part.tag for part in parts],
                "fields": [
                    (
                        field.get("name"),
                        qname(field, field.get("type")),
                        field.get("minOccurs", "1"),
                        field.get("maxOccurs", "1"),
                        field.get("nillable", "false"),
                        field.get("default"),
                    )
                    for field in kind.iter(f"{XSD}element")
                ],
            }
    return types, elements


def read_contract(file):
    """Messages, port type, binding and service of one WSDL, in comparable form."""
    root = etree.parse(file).getroot()
    assert root.get("targetNamespace") == IPAS
    messages = {
        message.get("name"): [(part.get("name"), qname(part, part.get("element"))) for part in message]
        for message in root.findall(f"{WSDL}message")
    }
    abstract = {
        operation.get("name"): [(part.tag, part.get("name"), qname(part, part.get("message"))) for part in operation]
        for operation in root.findall(f"{WSDL}portType/{WSDL}operation")
    }
    concrete = {
        operation.get("name"): [(node.tag, sorted(node.items())) for node in operation.iter() if node is not operation]
        for operation in root.findall(f"{WSDL}binding/{WSDL}operation")
    }
    frame = {
        "port type": root.find(f"{WSDL}portType").get("name"),
        "binding": (root.find(f"{WSDL}binding").get("name"), qname(root, root.find(f"{WSDL}binding").get("type"))),
        "soap": sorted(root.find(f"{WSDL}binding/{SOAP}binding").items()),
        "service": root.find(f"{WSDL}service").get("name"),
        "port": [
            (port.get("name"), qname(port, port.get("binding"))) for port in root.findall(f"{WSDL}service/{WSDL}port")
        ],
    }
    return messages, abstract, concrete, frame


@pytest.fixture(scope="module")
def types():
    return read_types(sorted(OURS.glob("*.xsd"))), read_types([REAL / "IpasServices.xsd"])


@pytest.fixture(scope="module")
def contracts():
    return read_contract(OURS / "IpasServices.wsdl"), read_contract(REAL / "IpasServices.wsdl")


def test_every_type_has_the_real_fields_in_the_real_order(types):
    (ours, _), (real, _) = types
    assert len(ours) > 80
    for name, kind in ours.items():
        assert kind == real[name], name


def test_every_element_has_the_real_type(types):
    (_, ours), (_, real) = types
    assert ours.items() <= real.items()


def test_no_field_leads_to_a_type_that_is_not_in_the_profile(types):
    (ours, elements), _ = types
    used = {field[1] for kind in ours.values() for field in kind["fields"]} | set(elements.values())
    assert {name for name in used if name.startswith(f"{{{IPAS}}}")} <= {f"{{{IPAS}}}{name}" for name in ours}


def test_no_type_is_there_without_being_used(types):
    (ours, elements), _ = types
    used = {field[1] for kind in ours.values() for field in kind["fields"]} | set(elements.values())
    assert {f"{{{IPAS}}}{name}" for name in ours} <= used


def test_every_operation_has_the_real_messages_and_binding(contracts):
    ours, real = contracts
    messages, abstract, concrete, frame = ours
    assert messages.items() <= real[0].items()
    assert set(abstract) == set(concrete) and len(abstract) == 14
    for name in abstract:
        assert abstract[name] == real[1][name]
        assert concrete[name] == real[2][name]
    assert frame == real[3]


def test_the_soap_action_is_empty_and_no_addressing_is_asked_for(contracts):
    for operation, nodes in contracts[0][2].items():
        assert (f"{SOAP}operation", [("soapAction", "")]) in nodes, operation
    assert "http://www.w3.org/2007/05/addressing/metadata" not in (OURS / "IpasServices.wsdl").read_text()


def test_the_profile_offers_neither_sql_nor_deletion(contracts):
    dangerous = {name for name in contracts[1][1] if name.startswith("Sql") or "Delete" in name}
    assert len(dangerous) > 10  # the real service has them
    assert not dangerous & set(contracts[0][1])
