"""Messages in a dossier: what of a message as received may be shown, and whether its signature still holds.

Rules:
- An access code never leaves: a message with one is not enclosed in any form, nor its digest, of which the code could
  be found by trying. What is known of it is the digest of the sealed message, which the ledger names. Only messages of
  operations that are known to bring none are looked at further; and what has an element of such a name, or says the
  exchange's own code anywhere, is treated as if it were one of the others.
- An inline document is the document, and an applicant's address is a person's: a message with either is enclosed
  without its content, and whole only in the part that is encrypted to the named recipient.
- What cannot be read is not shown.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from lxml import etree

from gateway.core.reason import Refused
from gateway.core.secret import Secret
from gateway.wire import xml
from gateway.wire.dossier import render_json
from gateway.wire.dossier_contents import EnvelopeForm, JwsHead
from gateway.wire.jws import detach_payload
from gateway.wire.operations import Operation
from pki.embedded import embedded_certificate
from pki.jws import verify_detached
from pki.jws_digest import digest_signing_input
from pki.trust import Purpose, TrustList, UnusablePin, pin
from pki.verdict import SubIndication, Verdict
from pki.wss import WssPolicy, verify

__all__ = ["WITHOUT_CODE", "Shown", "show_message"]

#: Operations whose messages bring no access code by the contract; every other may.
WITHOUT_CODE: Final = frozenset(
    operation.value
    for operation in (
        Operation.DEPOSIT,
        Operation.RELEASE,
        Operation.CORRECT,
        Operation.REPLACE,
        Operation.WITHDRAW,
    )
)
#: What the name of an element or member with a code has in it, in any writing.
_CODE: Final = "accesscode"
#: Elements of the contract, and the same in JSON, whose values are not shown.
_DOCUMENTS: Final = frozenset({"Content", "content"})
_PERSONAL: Final = frozenset({"ApplicantEmail", "applicantEmail"})
#: The message was accepted then; by how much the sender's clock was off then does not matter any more.
_POLICY: Final = WssPolicy(skew=timedelta(hours=1))
_UNKNOWN: Final = frozenset({SubIndication.NO_CERTIFICATE_CHAIN_FOUND, SubIndication.NO_SIGNING_CERTIFICATE_FOUND})

_WITH_CODE: Final = "it carries an access code, which never leaves; its digest would let the code be found by trying"
_WITH_DOCUMENTS: Final = "it carries documents in itself, of which a dossier has the digests only"
_WITH_PERSON: Final = "it carries an applicant's address"
_UNREADABLE: Final = "it cannot be read any more, so it is not known what it carries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What may be shown of one message: `content` in `form`, None if nothing; `withheld` says why it is not all.

    `has_code`: not even the raw message's digest is told, and the whole is encrypted for nobody. `verdict` is on the
    whole message, as it would have been given when it was accepted; None where nothing was signed.
    """

    form: EnvelopeForm | None
    content: bytes | None
    withheld: str | None
    has_code: bool
    verdict: Verdict | None


def show_message(
    raw: bytes, *, operation: str, sender: str, accepted_at: datetime, trust: TrustList, code: Secret | None
) -> Shown:
    """Look at a raw message as it was kept: a SOAP envelope, a compact JWS, or a JSON body.

    `code` is the exchange's own access code, where the gateway knows one.
    """
    if operation not in WITHOUT_CODE:
        return _hidden(_WITH_CODE)
    if raw.lstrip()[:1] == b"<":
        return _show_envelope(raw, sender, accepted_at, trust, code)
    attached = detach_payload(raw)
    body = raw if attached is None else attached[1]
    try:
        withheld, has_code = _withheld(_in_json(json.loads(body)), code)
    except (ValueError, RecursionError):
        return _hidden(_UNREADABLE)
    if has_code:
        return _hidden(withheld)
    if attached is None:
        form, content = (None, None) if withheld else (EnvelopeForm.UNSIGNED, raw)
        return Shown(form=form, content=content, withheld=withheld, has_code=False, verdict=None)
    detached, _ = attached
    verdict = verify_detached(detached, body, trust=trust, now=accepted_at).verdict
    form, content = EnvelopeForm.JWS, raw
    if withheld:
        form, content = EnvelopeForm.JWS_HEAD, _head_of(detached, body)
    return Shown(form=form, content=content, withheld=withheld, has_code=False, verdict=verdict)


def _hidden(why: str | None) -> Shown:
    return Shown(form=None, content=None, withheld=why, has_code=True, verdict=None)


def _head_of(detached: str, body: bytes) -> bytes:
    digest = digest_signing_input(detached, body)
    if digest is None:
        raise ValueError("a JWS that was taken is of a kind that is taken")
    return render_json(JwsHead(detached=detached, digest=digest.hex()))


def _show_envelope(raw: bytes, sender: str, accepted_at: datetime, trust: TrustList, code: Secret | None) -> Shown:
    try:
        root = xml.parse(raw)
    except Refused:
        return _hidden(_UNREADABLE)
    withheld, has_code = _withheld(_in_xml(root), code)
    if has_code:
        return _hidden(withheld)
    verdict = verify(root, trust=trust, now=accepted_at, policy=_POLICY).verdict
    if verdict.sub_indication in _UNKNOWN and (known := _embedded(root, sender)) is not None:
        verdict = verify(root, trust=known, now=accepted_at, policy=_POLICY).verdict
    form, content = EnvelopeForm.SOAP, raw
    if withheld:
        form, content = EnvelopeForm.SOAP_HEAD, _without_body(root)
    return Shown(form=form, content=content, withheld=withheld, has_code=False, verdict=verdict)


def _embedded(root: etree._Element, sender: str) -> TrustList | None:
    """The certificate that came with the message: it was among those pinned then, since the message was accepted."""
    certificate = embedded_certificate(root)
    try:
        return None if certificate is None else TrustList([pin(sender, Purpose.SIGNING, certificate)])
    except UnusablePin:
        return None


def _withheld(said: Iterable[tuple[str, str]], code: Secret | None) -> tuple[str | None, bool]:
    """Why not all is shown, if so, and whether an access code is in it."""
    names = set()
    for name, text in said:
        if _CODE in name.lower() or (code is not None and code.matches(Secret(text))):
            return _WITH_CODE, True
        names.add(name)
    reasons = [why for those, why in ((_DOCUMENTS, _WITH_DOCUMENTS), (_PERSONAL, _WITH_PERSON)) if names & those]
    return "; ".join(reasons) or None, False


def _in_xml(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Names and texts of elements with text, and of attributes; an xop:Include's element has its bytes elsewhere."""
    for element in root.iter("*"):
        yield from ((str(name), str(value)) for name, value in element.items())
        if text := (element.text or "").strip():
            yield xml.local_name(element), text


def _in_json(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from _in_json(item, inner)
    elif isinstance(value, list):
        for item in value:
            yield from _in_json(item, name)
    elif value is not None:
        yield name, str(value)


def _without_body(root: etree._Element) -> bytes:
    """The envelope with an empty Body, otherwise as it was parsed; `root` is changed by this."""
    body = root[-1]
    for child in list(body):
        body.remove(child)
    body.text = None
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False)  # names of headers need not be ASCII
