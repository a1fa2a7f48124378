"""SOAP replies: valid by the schema, canonical as written, and with every field that JSON has."""

import base64
import re

import msgspec
import pytest

from gateway.core.document import DocumentKind
from gateway.core.exchange import FactName, Party, State
from gateway.core.receipt import Event
from gateway.core.secret import Secret
from gateway.core.transmission import Task, TransmissionState
from gateway.wire import replies, schema, xml
from gateway.wire.operations import Operation
from gateway.wire.soap_documents import part_names
from gateway.wire.soap_replies import render_reply

AN_ID = "01920000-0000-7000-8000-000000000001"
NS = "{urn:pouch:exchange:1}"


@pytest.fixture
def all_replies(view):
    documents = view.documents
    notice = replies.WaitingNotice(
        notification_id=AN_ID,
        exchange_id=AN_ID,
        event=Event.PLACED,
        created_at=view.exchange.created_at,
        content=b"<Notification/>",
    )
    return {
        Operation.DEPOSIT: replies.Written(exchange_id=AN_ID, state="held", receipt=b"<Receipt/>"),
        Operation.STATUS: replies.status_of(view),
        Operation.POLL: replies.Notifications(notifications=(notice, notice)),
        Operation.FETCH: replies.Package(
            exchange_id=AN_ID,
            version=2,
            access_code=Secret("A2B4"),
            documents=(
                replies.package_document(documents[0], b"ABC"),
                replies.package_document(documents[1], None),
            ),
        ),
    }


def test_replies_are_valid_and_canonical(all_replies) -> None:
    for operation, reply in all_replies.items():
        content = render_reply(operation, reply).encode()
        root = xml.parse(content)
        assert root.tag == f"{NS}{operation.value}Response"
        schema.validate(root, schema.EXCHANGE)
        assert xml.canonical(root) == content


def test_every_writing_operation_has_the_same_answer() -> None:
    reply = replies.Written(exchange_id=AN_ID, state="held", receipt=b"<Receipt/>")
    for operation in set(Operation) - {Operation.STATUS, Operation.POLL, Operation.FETCH}:
        root = xml.parse(render_reply(operation, reply).encode())
        schema.validate(root, schema.EXCHANGE)
        assert [xml.local_name(child) for child in root] == ["ExchangeId", "State", "Receipt"]
        assert base64.b64decode(root[2].text) == b"<Receipt/>"


def test_soap_has_every_field_of_json(all_replies) -> None:
    for operation, reply in all_replies.items():
        told = msgspec.json.encode(reply, enc_hook=lambda secret: secret.reveal()).decode()
        in_json = {name[0].upper() + name[1:] for name in re.findall(r'"(\w+)":', told)}
        root = xml.parse(render_reply(operation, reply).encode())
        in_soap = {xml.local_name(element) for element in root.iter()} - {xml.local_name(root)}
        containers = {"Status", "Package", "Decision", "Fact", "Transmission", "Document", "Notification"}
        assert in_soap - containers - {"AcknowledgementId", "Include"} == in_json


def test_values_survive_escaping(all_replies, view) -> None:
    root = xml.parse(render_reply(Operation.STATUS, all_replies[Operation.STATUS]).encode())
    assert root.findtext(f".//{NS}Number") == "<&>\r 1"
    assert root.findtext(f".//{NS}Value") == "R & D"


def test_document_that_comes_beside_is_included_by_its_name(all_replies) -> None:
    root = xml.parse(render_reply(Operation.FETCH, all_replies[Operation.FETCH]).encode())
    inline, beside = root.iter(f"{NS}Content")
    assert base64.b64decode(inline.text) == b"ABC"
    assert beside[0].get("href") == "cid:bib@xa"
    assert part_names(root) == {"bib@xa": "bib@xa"}


def test_lists_in_the_documentation_of_the_schema_are_complete() -> None:
    text = schema.schema_text(schema.EXCHANGE).decode()

    def listed(opening: str) -> list[str]:
        found = re.search(re.escape(opening) + r"\s*([a-z\-]+(?:, [a-z\-]+)*)", text)
        assert found is not None, opening
        return found[1].split(", ")

    assert listed("changes something. State:") == [state.value for state in State]
    assert listed("Something known since a time. Name:") == [name.value for name in FactName]
    assert listed("Task:") == [task.value for task in Task]
    assert listed("hand-over, answer. State:") == [state.value for state in TransmissionState]
    assert listed("Kind:") == [kind.value for kind in DocumentKind]
    assert listed("Role:") == [party.value for party in Party]
    assert listed("Event:") == [event.value for event in Event]
