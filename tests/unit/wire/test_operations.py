"""Every operation has its element, its action and its request."""

import pytest

from gateway.core.request import Hold
from gateway.wire import schema, xml
from gateway.wire.operations import Operation, operation_of


def test_schema_has_an_element_and_an_answer_for_each_operation_and_no_more() -> None:
    tree = xml.parse(schema.schema_text(schema.EXCHANGE))
    elements = {element.get("name") for element in tree.iterfind("{http://www.w3.org/2001/XMLSchema}element")}
    names = {operation.value for operation in Operation}
    assert elements == names | {f"{name}Response" for name in names} | {"PouchFault"}


def test_action() -> None:
    assert Operation.FETCH.action == "urn:pouch:exchange:1:FetchPackage"


def test_operation_of_each_request(requests_of_the_core: dict[str, object]) -> None:
    assert {name: operation_of(request).value for name, request in requests_of_the_core.items()} == {
        operation.value: operation.value for operation in Operation
    }


def test_what_soap_does_not_offer_has_no_operation(requests_of_the_core) -> None:
    head = requests_of_the_core["FetchPackage"].head
    with pytest.raises(KeyError):
        operation_of(Hold(head=head, exchange_id=None, explanation="secrecy order"))
