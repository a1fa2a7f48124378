"""The OpenAPI 3.1 description of the REST door: a table of calls around the structures that are read and written.

Rules: shapes come from the structures, so that they cannot differ; what is written here by hand is the frame. The
result is kept in schemas/openapi.json and made anew by `python -m gateway.endpoints.rest.openapi`; a test compares
all three: this table, that file, the addresses that are served.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.core.exchange import State
from gateway.core.office import Right
from gateway.endpoints.rest.calls import EXCHANGE, IDENTIFIER, OPERATE
from gateway.endpoints.rest.package import LinkedPackage
from gateway.endpoints.rest.questions import ExchangeList
from gateway.endpoints.rest.voice import API, SIGNATURE
from gateway.wire import rest_structs as bodies
from gateway.wire.replies import Notifications, Status, Written
from gateway.wire.rest_render import JSON, describe_secret

__all__ = ["CALLS", "Call", "describe", "keep", "render"]

_SCHEMAS: Final = "#/components/schemas/"
_ONE: Final = f"{API}/exchanges/{{exchange}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One method of one address. `proof` says that the detached JWS is not optional; `bytes` that a document comes."""

    method: str
    path: str
    name: str
    summary: str
    takes: type[msgspec.Struct] | None = None
    gives: type[msgspec.Struct] | None = None
    status: int = 200
    scope: str | None = EXCHANGE
    proof: bool = False
    documents: bool = False
    bytes: bool = False
    query: tuple[str, ...] = ()


def _post(path: str, name: str, summary: str, takes: type[msgspec.Struct], **more: Any) -> Call:
    return Call(method="POST", path=path, name=name, summary=summary, takes=takes, gives=Written, **more)


def _get(path: str, name: str, summary: str, gives: type[msgspec.Struct] | None, **more: Any) -> Call:
    return Call(method="GET", path=path, name=name, summary=summary, gives=gives, **more)


CALLS: Final = (
    _post(f"{API}/deposits", "deposit", "Deposit documents; they are held until released", bodies.DepositBody,
          status=201, proof=True, documents=True),
    _post(f"{API}/retrievals", "retrieve", "Ask for another office's document", bodies.RetrievalBody, status=201),
    _get(f"{API}/exchanges", "listExchanges", "List own exchanges, the newest first", ExchangeList,
         query=("receiver", "state", "officeCode", "right", "number", "before", "limit")),
    _get(_ONE, "getExchange", "Tell what is known of an exchange", Status, query=("receiver",)),
    _post(f"{_ONE}/release", "release", "Decide on the conditions that hold it", bodies.ReleaseBody, proof=True),
    _post(f"{_ONE}/correction", "correct", "Correct the filing date", bodies.CorrectionBody, proof=True),
    _post(f"{_ONE}/replacement", "replace", "Put new documents in the place of the deposited ones",
          bodies.ReplacementBody, proof=True, documents=True),
    _post(f"{_ONE}/withdrawal", "withdraw", "Take a registration back", bodies.WithdrawalBody, proof=True),
    _post(f"{_ONE}/hold", "hold", "Stop an exchange", bodies.HoldBody, scope=OPERATE),
    Call(method="DELETE", path=f"{_ONE}/hold", name="liftHold", summary="Lift the stop of an exchange",
         takes=bodies.HoldBody, gives=Written, scope=OPERATE),
    _post(f"{_ONE}/resend", "resend", "Try again what was refused, held or put off", bodies.ResendBody, scope=OPERATE),
    _get(f"{_ONE}/package", "getPackage", "List a version's documents with their addresses", LinkedPackage,
         query=("receiver", "version")),
    _get(f"{_ONE}/documents/{{document}}", "getDocument", "Give a document's bytes, untouched", None, bytes=True,
         query=("receiver", "version")),
    _post(f"{API}/hold", "holdOffice", "Stop everything of the office", bodies.HoldBody, scope=OPERATE),
    Call(method="DELETE", path=f"{API}/hold", name="liftOfficeHold", summary="Lift the stop of the office",
         takes=bodies.HoldBody, gives=Written, scope=OPERATE),
    _get(f"{API}/notifications", "poll", "Tell the notifications that wait, the oldest first", Notifications,
         query=("receiver", "limit")),
    _post(f"{API}/notifications/{{notification}}/confirmation", "confirm", "Confirm a notification",
          bodies.ConfirmationBody),
    _get(f"{API}/openapi.json", "describe", "Give this description", None, scope=None),
)  # fmt: skip

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_IDENTIFIER: Final[dict[str, Any]] = {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"}
_PARAMETERS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "receiver": (
        "The hosted office that is asked; needed only by who may ask several.",
        {"type": "string", "pattern": "^[A-Z]{2}$"},
    ),
    "state": ("Only exchanges in this state.", {"type": "string", "enum": [state.value for state in State]}),
    "officeCode": ("With right and number: only exchanges of this application.", _TEXT),
    "right": ("See officeCode.", {"type": "string", "enum": [right.value for right in Right]}),
    "number": ("See officeCode; in any form that the office uses.", {"type": "string", "minLength": 1}),
    "before": ("Go on before this exchange: the `before` of the page that was given.", _IDENTIFIER),
    "limit": ("At most so many.", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
    "version": ("The version; the newest if none is named.", {"type": "integer", "minimum": 1, "maximum": 1000000}),
    "exchange": ("The exchange id of the receipt.", _IDENTIFIER),
    "document": ("The content id of the document.", {"type": "string", "pattern": "^[A-Za-z0-9._:@+=\\-]{1,128}$"}),
    "notification": ("The id of the notification.", _IDENTIFIER),
}


def describe() -> dict[str, Any]:
    """Give the whole description."""
    shapes = {shape for call in CALLS for shape in (call.takes, call.gives) if shape} | {bodies.ErrorBody}
    ordered = sorted(shapes, key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components(
        ordered, schema_hook=describe_secret, ref_template=_SCHEMAS + "{name}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pouch",
            "version": version("pouch"),
            "summary": "Interoffice exchange of priority documents, after WIPO ST.90",
            "description": "Every JSON answer carries a detached JWS over its body in Pouch-Signature. Errors are "
            "objects with a code of the gateway's table, what it means, and what to do next.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "headers": {SIGNATURE: {"description": "Detached JWS over the body (RFC 7515).", "schema": _TEXT}},
            "responses": {"Error": _answer("An error", bodies.ErrorBody)},
            "securitySchemes": {"token": _token()},
        },
    }


def _token() -> dict[str, Any]:
    scopes = {EXCHANGE: "Exchange documents.", OPERATE: "Hold, lift and resend."}
    flow = {"tokenUrl": "/oauth2/token", "scopes": scopes}
    return {
        "type": "oauth2",
        "description": "Client credentials by private_key_jwt (RFC 7523); there are no shared secrets.",
        "flows": {"clientCredentials": flow},
    }


def _operation(call: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.name,
        "summary": call.summary,
        "security": [{"token": [call.scope]}] if call.scope else [],
        "parameters": list(_parameters(call)),
        "responses": {str(call.status): _success(call), "default": {"$ref": "#/components/responses/Error"}},
    }
    if call.takes is not None:
        operation["requestBody"] = {"required": True, "content": _content(call.takes, documents=call.documents)}
    if call.name == "getExchange":
        operation["responses"]["304"] = {"description": "What If-None-Match names is what would be told."}
    return operation


def _parameters(call: Call) -> Any:
    for name in [part[1:-1] for part in call.path.split("/") if part.startswith("{")]:
        yield {"name": name, "in": "path", "required": True, **_described(name)}
    for name in call.query:
        yield {"name": name, "in": "query", "required": False, **_described(name)}
    if call.takes is not None:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The message id, if the body's header does not say it; if both do, they are the same.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:@\\-]{1,128}$"},
        }
    if call.scope is not None:
        over = "JSON body, or JSON part" if call.documents else "body"
        yield {
            "name": SIGNATURE,
            "in": "header",
            "required": call.proof,
            "description": f"Detached JWS over the {over}, by the office's signing certificate.",
            "schema": _TEXT,
        }


def _described(name: str) -> dict[str, Any]:
    description, schema = _PARAMETERS[name]
    return {"description": description, "schema": schema}


def _content(shape: type[msgspec.Struct], *, documents: bool) -> dict[str, Any]:
    reference = {"$ref": _SCHEMAS + shape.__name__}
    content: dict[str, Any] = {JSON: {"schema": reference}}
    if documents:
        parts = {
            "type": "object",
            "description": "The JSON first, then each listed document as the part of its content id.",
            "properties": {"metadata": reference},
            "required": ["metadata"],
            "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"},
        }
        for kind in ("multipart/form-data", "multipart/related"):
            content[kind] = {"schema": parts, "encoding": {"metadata": {"contentType": JSON}}}
    return content


def _success(call: Call) -> dict[str, Any]:
    if call.bytes:
        return {
            "description": "The bytes.",
            "headers": {"Content-Digest": {"description": "SHA-256 (RFC 9530).", "schema": _TEXT}},
            "content": {"*/*": {}},
        }
    answer = _answer("Done" if call.takes else "The answer", call.gives)
    if call.status == 201:
        answer["headers"]["Location"] = {"description": "The exchange that was begun.", "schema": _TEXT}
    return answer


def _answer(description: str, shape: type[msgspec.Struct] | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": _SCHEMAS + shape.__name__} if shape else {"type": "object"}
    return {
        "description": description,
        "headers": {SIGNATURE: {"$ref": f"#/components/headers/{SIGNATURE}"}},
        "content": {JSON: {"schema": schema}},
    }


def render() -> bytes:
    """Write the description as it is kept."""
    return (json.dumps(describe(), indent=1, ensure_ascii=False) + "\n").encode()


def keep(folder: Path) -> None:
    """Write the description and its digest into the folder of the schemas."""
    content = render()
    (folder / "openapi.json").write_bytes(content)
    catalogue = folder / "catalog.toml"
    row = re.compile(r'(file = "openapi\.json"\n(?:.+\n)*?sha256 = ")[0-9a-f]{64}')
    catalogue.write_text(row.sub(rf"\g<1>{hashlib.sha256(content).hexdigest()}", catalogue.read_text()))


if __name__ == "__main__":
    keep(Path(str(files("schemas"))))
