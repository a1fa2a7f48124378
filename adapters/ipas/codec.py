"""IPAS messages: Python values to envelopes and back, by zeep as a codec over our own profile.

Rules:
- zeep never touches the network and never parses an answer: what it loads lies in wsdl/ipas, what it reads comes
  parsed from gateway.wire.xml. Without wsam:Action in the profile it adds no WS-Addressing headers.
- An answer that does not follow the profile is Deferred(REMOTE_MALFORMED); its content is in no exception text.
"""

import logging
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import Any, Final, NoReturn

import zeep.exceptions
from lxml import etree
from zeep import Client, Settings, xsd
from zeep.helpers import serialize_object

from adapters.ipas.lexical import check_texts
from adapters.ipas.operations import Operation
from adapters.ipas.values import plain
from gateway.core.reason import Deferred, Reason

__all__ = ["HEADERS", "Fault", "decode", "encode"]

#: The HTTP headers of every request; the empty SOAPAction is the contract's.
HEADERS: Final = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}

_IPAS: Final = "http://ipas.wipo.int/IpasServices"
_SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
_TEXT_LIMIT: Final = 2000

#: What zeep and the parsers below it raise when an answer is not what the profile says.
_UNREADABLE: Final = (
    zeep.exceptions.Error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)

# It writes the text of a bad value into the log, with a traceback; check_texts has refused the message before.
logging.getLogger("zeep.xsd.types.simple").disabled = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A SOAP fault. `declared` means IPAS itself refused (IpasException), so that nothing was done.

    `text` is remote and may hold anything: it is matched against a table and goes nowhere else.
    """

    text: str = field(repr=False)
    declared: bool
    client: bool


class _Sealed:
    """A zeep transport that reads the files of the profile and nothing else."""

    def load(self, url: str) -> bytes:
        path = PurePath(url)
        if path.parent.as_posix() not in (".", "/ipas"):
            raise OSError("only the profile's own files are loaded")
        return files("wsdl.ipas").joinpath(path.name).read_bytes()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise OSError("the codec never calls anybody")

    get = post = post_xml = _refuse


@cache
def _client() -> Client:
    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False)
    return Client("/ipas/IpasServices.wsdl", transport=_Sealed(), settings=settings)  # type: ignore[no-untyped-call]


@cache
def _kinds(operation: Operation) -> dict[str, str]:
    """The built-in type of each simple element of an answer; a name has one type in all of the profile but `return`."""
    kinds: dict[str, str] = {}
    for kind in _client().wsdl.types.types:
        if isinstance(kind, xsd.ComplexType):
            kinds |= {name: element.type.name for name, element in kind.elements if element.type.name}
    ((name, element),) = _response(operation).type.elements
    return kinds | {name: element.type.name}


def _response(operation: Operation) -> Any:
    return _client().get_element(f"{{{_IPAS}}}{operation.value}Response")  # type: ignore[no-untyped-call]


def encode(operation: Operation, arguments: dict[str, Any]) -> bytes:
    """Write the envelope of a request; ValueError for arguments the profile does not have.

    `arguments` by name (`arg0`, ...), with numbers and times wrapped; what is left out stays absent.
    """
    client = _client()
    try:
        name = Operation(operation).value
        envelope = client.create_message(client.service, name, **arguments)  # type: ignore[no-untyped-call]
    except (zeep.exceptions.Error, TypeError) as wrong:
        raise ValueError(f"{operation}: {type(wrong).__name__}") from None
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def decode(operation: Operation, envelope: etree._Element) -> Any:
    """Read an answer: the plain value of `return` (None if absent), or a Fault.

    Deferred(REMOTE_MALFORMED) if it is no SOAP 1.1 answer to this operation after the profile.
    """
    bodies = envelope.findall(f"{_SOAP}Body")
    if envelope.tag != f"{_SOAP}Envelope" or len(bodies) != 1 or len(bodies[0]) != 1:
        raise Deferred(Reason.REMOTE_MALFORMED, "envelope")
    content = bodies[0][0]
    if content.tag == f"{_SOAP}Fault":
        return _read_fault(content)
    if content.tag != f"{{{_IPAS}}}{operation.value}Response":
        raise Deferred(Reason.REMOTE_MALFORMED, "body")
    check_texts(content, _kinds(operation))
    try:
        answer = _response(operation).parse(content, _client().wsdl.types)
        return plain(serialize_object(answer, target_cls=dict))["return"]  # type: ignore[no-untyped-call]
    except _UNREADABLE:
        raise Deferred(Reason.REMOTE_MALFORMED, operation.value) from None


def _read_fault(fault: etree._Element) -> Fault:
    declared = fault.find(f"detail/{{{_IPAS}}}IpasException")
    text = fault.findtext("faultstring") if declared is None else declared.findtext("message")
    code = (fault.findtext("faultcode") or "").strip().rpartition(":")[2]
    return Fault(
        text=(text or "")[:_TEXT_LIMIT],
        declared=declared is not None,
        client=code.partition(".")[0] in ("Client", "VersionMismatch", "MustUnderstand"),
    )
