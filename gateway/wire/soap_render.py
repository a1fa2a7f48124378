"""The one renderer of SOAP answers: replies and faults, in both versions.

Rules:
- No white space between elements; the Body of a reply is in Exclusive Canonical XML as it is written, and has a
  wsu:Id, so that what is signed is what is sent.
- A fault is derived from the Reason table and holds nothing else but a place.
"""

from typing import Final

from gateway.core.finding import Finding
from gateway.core.reason import Blame, Deferred, Reason, Refused
from gateway.wire.markup import escape, optional, tag
from gateway.wire.schema import EXCHANGE
from gateway.wire.soap_envelope import SoapVersion

__all__ = ["BODY_ID", "fault_status", "render_envelope", "render_fault"]

#: The wsu:Id of every Body.
BODY_ID: Final = "id-body"

_WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#: HTTP statuses that say more to what stands between us than the 500 or 400 of a fault.
_OF_TRANSPORT: Final = frozenset({408, 413, 415, 429, 503})


def render_envelope(version: SoapVersion, content: str) -> bytes:
    """Put written content into an unsigned envelope."""
    soap = version.namespace
    return (
        f'<soap:Envelope xmlns:soap="{soap}"><soap:Header></soap:Header>'
        f'<soap:Body xmlns:soap="{soap}" xmlns:wsu="{_WSU}" wsu:Id="{BODY_ID}">{content}</soap:Body></soap:Envelope>'
    ).encode()


def render_fault(version: SoapVersion, error: Refused | Deferred, exchange_id: str | None = None) -> bytes:
    """Write the fault of an error as an unsigned envelope, with a PouchFault detail."""
    reason = error.reason
    detail = (
        f'<PouchFault xmlns="{EXCHANGE}">{tag("Code", reason.code)}{tag("Reason", reason.text)}'
        f"{tag('Remedy', reason.remedy)}{optional('Place', error.place)}{optional('ExchangeId', exchange_id)}"
        f"{''.join(map(_finding, error.findings if isinstance(error, Refused) else ()))}</PouchFault>"
    )
    code, text = _fault_code(version, reason), escape(reason.text)
    if version is SoapVersion.V11:
        told = f'<faultcode>soap:{code}</faultcode><faultstring xml:lang="en">{text}</faultstring>'
        fault = f"{told}<detail>{detail}</detail>"
    else:
        fault = (
            f'<soap:Code><soap:Value>soap:{code}</soap:Value><soap:Subcode><soap:Value xmlns:pouch="{EXCHANGE}">'
            f"pouch:R{reason.code}</soap:Value></soap:Subcode></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{text}</soap:Text></soap:Reason><soap:Detail>{detail}</soap:Detail>'
        )
    return render_envelope(version, f"<soap:Fault>{fault}</soap:Fault>")


def _finding(finding: Finding) -> str:
    row = finding.code
    told = f"{tag('Severity', row.severity.value)}{tag('Code', row.code)}{optional('Place', finding.place)}"
    told += f"{tag('Rule', row.rule)}{tag('Text', row.text)}{tag('Remedy', row.remedy)}"
    return f"<Finding>{told}{optional('Detail', finding.detail)}</Finding>"


def _fault_code(version: SoapVersion, reason: Reason) -> str:
    if reason is Reason.MUST_UNDERSTAND:  # SOAP 1.1 section 4.4.1, SOAP 1.2 part 1 section 5.4.6
        return "MustUnderstand"
    return version.sender if reason.blame is Blame.SENDER else version.receiver


def fault_status(version: SoapVersion, reason: Reason) -> int:
    """Give the HTTP status of a fault: 500 (SOAP 1.1 section 6.2), or by SOAP 1.2 part 2 section 7.5.2.2, unless the
    Reason is about the transport."""
    if reason.http in _OF_TRANSPORT:
        return reason.http
    return 400 if version is SoapVersion.V12 and _fault_code(version, reason) == version.sender else 500
