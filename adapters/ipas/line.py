"""One SOAP call over the kit's HTTP: bytes out, a plain value back, everything else a Reason.

Rules: the answer is parsed by gateway.wire.xml and read by the codec; no remote text leaves this file but as a Meaning
or a Reason; the meter and the log name operations and outcomes from our own tables only.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from adapters.ipas.codec import HEADERS, Fault, decode, encode
from adapters.ipas.codes import Faulted, Meaning, Row, classify
from adapters.ipas.content import MARK, Content, ContentCut, envelope_size, stream_content
from adapters.ipas.operations import WRITES, Operation
from gateway.core.reason import Deferred, Reason, Refused, Retry
from gateway.ports import AdapterKit, Answer
from gateway.wire.retry_after import retry_after
from gateway.wire.xml import XmlLimits, parse

__all__ = ["Line"]

#: An answer without the content of documents.
_LIMITS: Final = XmlLimits(size=4 << 20, tags=60_000, attributes=20_000)

#: HTTP status -> Reason, where no SOAP message tells more.
_BY_STATUS: Final = {
    401: Reason.REMOTE_UNAUTHORIZED,
    403: Reason.REMOTE_UNAUTHORIZED,
    407: Reason.REMOTE_UNAUTHORIZED,
    408: Reason.REMOTE_OUTCOME_UNKNOWN,
    413: Reason.FILE_REJECTED,
    429: Reason.REMOTE_BUSY,
    500: Reason.REMOTE_OUTCOME_UNKNOWN,
    502: Reason.REMOTE_OUTCOME_UNKNOWN,
    503: Reason.REMOTE_BUSY,
    504: Reason.REMOTE_OUTCOME_UNKNOWN,
}
_ANSWERS: Final = ("text/xml", "application/xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The service of one installation at `url`; `rows` is the office's own part of the fault table, `largest_file` the
    bytes of the largest document that is written or read.
    """

    kit: AdapterKit
    url: str
    rows: Sequence[Row]
    largest_file: int

    async def call(self, operation: Operation, arguments: dict[str, Any]) -> Any:
        """Call an operation and give its plain value. Raises Faulted, Refused or Deferred."""
        body = encode(operation, arguments)
        with self._metered(operation):
            answer = await self.kit.http.call("POST", self.url, headers=HEADERS, body=body)
            return self._read(operation, answer, answer.body)

    async def write_file(self, path: str, suffix: str, size: int, chunks: AsyncIterator[bytes]) -> Any:
        """Write a document of `size` bytes to a path on the server; raises as `call`."""
        operation = Operation.DOCUMENT_WRITE
        envelope = encode(operation, {"arg0": {"content": MARK, "contentType": suffix}, "arg1": path})
        with self._metered(operation):
            answer = await self.kit.http.call(
                "POST",
                self.url,
                headers=HEADERS,
                body=stream_content(envelope, chunks),
                size=envelope_size(envelope, size),
            )
            return self._read(operation, answer, answer.body)

    async def read_back(self, path: str) -> Content | None:
        """Read a file of the server and digest it, None if the answer holds none; raises as `call`."""
        operation = Operation.DOCUMENT_READ
        with self._metered(operation):
            body = encode(operation, {"arg0": path})
            async with self.kit.http.download(self.url, headers=HEADERS, body=body) as (answer, pieces):
                self._check_kind(answer)
                cut = ContentCut(self.largest_file)
                async for piece in pieces:
                    cut.feed(piece)
            around, content = cut.finish()
            self._read(operation, answer, around)
            return content

    def _read(self, operation: Operation, answer: Answer, body: bytes) -> Any:
        self._check_kind(answer)
        try:
            value = decode(operation, parse(body, limits=_LIMITS))
        except Refused as refused:  # of the parser: the answer is not ours to refuse for good
            raise Deferred(Reason.REMOTE_MALFORMED, refused.place) from None
        if isinstance(value, Fault):
            raise self._by_fault(operation, value)
        if answer.status != 200:
            raise Deferred(Reason.REMOTE_MALFORMED, "status")
        return value

    def _check_kind(self, answer: Answer) -> None:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status not in (200, 500) or kind not in _ANSWERS:
            raise self._by_status(answer)

    def _by_status(self, answer: Answer) -> Refused | Deferred:
        if answer.status == 200:
            return Deferred(Reason.REMOTE_MALFORMED, "content type")
        reason = _BY_STATUS.get(answer.status, Reason.REMOTE_UNKNOWN_ERROR)
        place = f"status {answer.status}"
        if reason.retry is not Retry.LATER:
            return Refused(reason, place)
        return Deferred(reason, place, delay=retry_after(answer.headers.get("retry-after"), self.kit.clock.now()))

    def _by_fault(self, operation: Operation, fault: Fault) -> Faulted | Refused | Deferred:
        meaning = classify(operation, fault.text, self.rows)
        if fault.declared:
            return Faulted(operation, meaning)
        if fault.client:  # the SOAP stack turned our message away: a matter of version or settings
            return Refused(Reason.REMOTE_UNKNOWN_ERROR, operation.value)
        if meaning is Meaning.BUSY:
            return Deferred(Reason.REMOTE_BUSY, operation.value)
        if operation in WRITES:  # something broke, before or after the work
            return Deferred(Reason.REMOTE_OUTCOME_UNKNOWN, operation.value)
        return Refused(Reason.REMOTE_UNKNOWN_ERROR, operation.value)

    @contextmanager
    def _metered(self, operation: Operation) -> Iterator[None]:
        started = self.kit.clock.now()
        outcome = "failed"
        try:
            yield
            outcome = "answered"
        except Faulted as fault:
            outcome = fault.meaning.value
            raise
        except (Refused, Deferred) as turned:
            outcome = turned.reason.name.lower()
            raise
        finally:
            seconds = (self.kit.clock.now() - started).total_seconds()
            self.kit.meter.remote_call("ipas", operation.value, outcome, max(seconds, 0.0))
            self.kit.log.debug("ipas called", operation=operation.value, outcome=outcome)
