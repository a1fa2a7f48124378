"""Messages: signed deposits as the exact bytes that go over the line, written by hand before anything is measured.

Rules:
- Every message has an id, an application number and a document of its own, as a message of an office has.
- All documents share their beginning, which lies in one file, and differ in their last bytes: so a thousand documents
  take the memory of one, and the generator sends them without copying.
"""

import base64
import hashlib
import mmap
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Final

from lxml import etree

from gateway.bench.plan import MIB, OFFICE
from gateway.wire.operations import Operation
from gateway.wire.schema import EXCHANGE
from gateway.wire.soap_envelope import SoapVersion
from gateway.wire.xml import parse
from pki.keys import SigningKey
from pki.wss_sign import sign

__all__ = ["LIFETIME", "Message", "Paper", "Scribe", "content_of", "write_paper"]

#: How long a message stays fresh: signing, starting and measuring must fit into it; a gateway takes no longer one.
LIFETIME: Final = timedelta(minutes=55)

_BEGINNING: Final = b"%PDF-1.7\n"
_OBJECTS: Final = (
    b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n",
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
    b"/Resources<</XObject<</Im0 5 0 R>>>>>>endobj\n",
    b"4 0 obj<</Length 32>>stream\nq 595 0 0 842 0 0 cm /Im0 Do Q   \nendstream endobj\n",
)
_IMAGE: Final = (
    b"5 0 obj<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
    b"/Length %010d>>stream\n"
)
_ENDING: Final = b"\n%% copy %040d\n%%%%EOF\n"
_ENDING_SIZE: Final = len(_ENDING % 0)
_PART: Final = "certified-copy@bench"
_BOUNDARY: Final = "pouch-bench-7d0f2c6e1b9a4835"
_XOP: Final = "http://www.w3.org/2004/08/xop/include"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request as it is sent: `front`, then the paper if `attached`, then `back`. `sha256` is its document's."""

    message_id: str
    sha256: bytes
    front: bytes
    attached: bool
    back: bytes

    def size(self, paper: int) -> int:
        """Bytes of the body, without HTTP's head, for a paper of `paper` bytes."""
        body = len(self.front) - self.front.index(b"\r\n\r\n") - 4
        return body + (paper if self.attached else 0) + len(self.back)


def write_paper(path: Path, document: int) -> None:
    """Write the common beginning of documents of `document` bytes: a PDF of one scanned page, whose picture is noise.

    Its last object is the picture, so that all offsets are known before it; ValueError below 1000 bytes.
    """
    offsets = list(accumulate(map(len, (*_OBJECTS, _IMAGE % 0)), initial=len(_BEGINNING)))
    after = b"\nendstream endobj\n"
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets[:-1])
    table += b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%010d"
    left = document - _ENDING_SIZE - offsets[-1] - len(after) - len(table % 0)
    if left < 1:
        raise ValueError("a document of less than 1000 bytes is no PDF")
    noise = os.urandom(min(left, MIB))
    with path.open("xb") as file:
        file.write(_BEGINNING + b"".join(_OBJECTS) + _IMAGE % left)
        rest = left
        while rest:
            rest -= file.write(noise[:rest])
        file.write(after + table % (offsets[-1] + left + len(after)))


class Paper:
    """The common beginning of all documents, mapped from its file: nobody holds it in memory of their own."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._begun = hashlib.sha256(self.view)

    def __len__(self) -> int:
        return len(self.view)

    def digest(self, ending: bytes) -> bytes:
        """The SHA-256 of this paper with that ending."""
        digest = self._begun.copy()
        digest.update(ending)
        return digest.digest()


class Scribe:
    """Writes and signs messages of one size. `host` is the Host header, `run` makes ids unique between runs."""

    def __init__(self, *, key: SigningKey, paper: Paper, attached: bool, host: str, run: str) -> None:
        self._key = key
        self._paper = paper
        self._attached = attached
        self._host = host
        self._run = run

    def write(self, number: int, at: datetime, *, body: str | None = None, message_id: str | None = None) -> Message:
        """Write the message of that number, signed at `at`; `body` replaces the operation (see `operation`)."""
        ending = _ENDING % number
        message_id = message_id or self.message_id(number)
        envelope = self._sign(body or self.operation(number, message_id), at)
        front, back = self._attach(envelope, ending) if self._attached else (self._alone(envelope), b"")
        return Message(
            message_id=message_id,
            sha256=self._paper.digest(ending),
            front=front,
            attached=self._attached,
            back=back,
        )

    def message_id(self, number: int) -> str:
        """The id of the message of that number."""
        return f"bench-{self._run}-{number:08d}"

    def operation(self, number: int, message_id: str) -> str:
        """The unsigned DepositPriorityDocument of that number."""
        ending = _ENDING % number
        content = (
            f'<xop:Include xmlns:xop="{_XOP}" href="cid:{_PART}"/>'
            if self._attached
            else base64.b64encode(bytes(self._paper.view) + ending).decode("ascii")
        )
        return (
            f'<DepositPriorityDocument xmlns="{EXCHANGE}">'
            f"<Header><MessageId>{message_id}</MessageId><Sender>{OFFICE}</Sender><Receiver>{OFFICE}</Receiver></Header>"
            f"<Application><OfficeCode>{OFFICE}</OfficeCode><Right>patent</Right>"
            f"<Number>{OFFICE} 2026/{number:08d}</Number><FilingDate>2026-02-27</FilingDate></Application>"
            f"<Registration><Hosting>bureau</Hosting><CodeIssuer>bureau</CodeIssuer>"
            "<ApplicantEmail>applicant@example.org</ApplicantEmail></Registration>"
            f"<Documents><Document><ContentId>{_PART}</ContentId><Size>{len(self._paper) + len(ending)}</Size>"
            f"<Sha256>{self._paper.digest(ending).hex()}</Sha256><Role>certified-copy</Role>"
            f"<MediaType>application/pdf</MediaType><Certification><CertifiedBy>{OFFICE}</CertifiedBy>"
            f"<Form>sealed</Form><CertifiedOn>2026-03-02</CertifiedOn><FilingDateCertified>true</FilingDateCertified>"
            f"</Certification><Content>{content}</Content></Document></Documents></DepositPriorityDocument>"
        )

    def _sign(self, operation: str, at: datetime) -> bytes:
        soap = SoapVersion.V11.namespace
        envelope = parse(
            (
                f'<soap:Envelope xmlns:soap="{soap}"><soap:Header/><soap:Body>{operation}</soap:Body></soap:Envelope>'
            ).encode()
        )
        sign(envelope, key=self._key, now=at, lifetime=LIFETIME)
        return etree.tostring(envelope)

    def _alone(self, envelope: bytes) -> bytes:
        return self._head("text/xml; charset=utf-8", len(envelope)) + envelope

    def _attach(self, envelope: bytes, ending: bytes) -> tuple[bytes, bytes]:
        """Put the envelope before a document as MTOM has it (W3C MTOM, section 3.2; RFC 2387)."""
        root = (
            f"--{_BOUNDARY}\r\n"
            'Content-Type: application/xop+xml; charset=UTF-8; type="text/xml"\r\n'
            "Content-Transfer-Encoding: 8bit\r\nContent-ID: <root@bench>\r\n\r\n"
        ).encode()
        part = (
            f"\r\n--{_BOUNDARY}\r\nContent-Type: application/pdf\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{_PART}>\r\n\r\n"
        ).encode()
        close = f"\r\n--{_BOUNDARY}--\r\n".encode()
        length = len(root) + len(envelope) + len(part) + len(self._paper) + len(ending) + len(close)
        content_type = (
            f'multipart/related; type="application/xop+xml"; boundary="{_BOUNDARY}"; start="<root@bench>"; '
            'start-info="text/xml"'
        )
        return self._head(content_type, length) + root + envelope + part, ending + close

    def _head(self, content_type: str, length: int) -> bytes:
        return (
            f"POST /soap/exchange HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: {content_type}\r\n"
            f'SOAPAction: "{Operation.DEPOSIT.action}"\r\nContent-Length: {length}\r\n\r\n'
        ).encode()


def content_of(message: Message) -> bytes:
    """The envelope of a message that has no parts."""
    return message.front.partition(b"\r\n\r\n")[2]
