"""The DAS adapter's shell: does what the protocol asks, with the kit.

Rules: all decisions are in protocol*.py; here are the token, its one renewal after a 401, and the measuring. Log lines
and metrics name operations and statuses of our own tables, never an address (it may hold an access code) nor a text.
"""

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from adapters.das import codec
from adapters.das.config import Config, read_config
from adapters.das.fetch import take_document
from adapters.das.protocol import Act, Authorise, Call, Commit, Course, Fetch, Fetched, Steps, Upload
from adapters.das.protocol_answer import answer_inquiry, look
from adapters.das.protocol_change import correct, replace_file, withdraw
from adapters.das.protocol_obtain import obtain, recheck
from adapters.das.protocol_place import place
from gateway.core.errand import (
    AnswerErrand,
    CorrectErrand,
    Errand,
    ObtainErrand,
    PlaceErrand,
    RecheckErrand,
    ReplaceErrand,
    WithdrawErrand,
)
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.transmission import Delivered, Pending
from gateway.ports import AdapterKit, Answer

__all__ = ["DasAdapter", "adapter"]

_T = TypeVar("_T")
_A = TypeVar("_A", Answer, Fetched)


def adapter(settings: Mapping[str, Any]) -> "DasAdapter":
    """Make the adapter; ValueError names the dotted path of what cannot be used in the settings."""
    return DasAdapter(read_config(settings))


class DasAdapter:
    """WIPO DAS over its REST API, version 1 (ports.OfficeAdapter).

    `token_url` and `token_scope` are what the composition root uses where the operator names no others; `needs_email`
    says that a deposit whose code the Bureau issues is to name the applicant's address.
    """

    name = "das"

    def __init__(self, config: Config) -> None:
        self._config = config
        self.token_url = config.token_url
        self.token_scope = config.token_scope
        self.needs_email = config.email_required

    async def deliver(self, errand: Errand, kit: AdapterKit) -> Delivered | Pending:
        """Do one errand as far as it goes now (ports.OfficeAdapter.deliver)."""
        return await self._drive(_steps(errand, self._course(kit)), kit)

    async def probe(self, kit: AdapterKit) -> str:
        """Look whether the counterpart answers and takes our credentials."""
        return await self._drive(look(self._course(kit)), kit)

    def _course(self, kit: AdapterKit) -> Course:
        return Course(config=self._config, known=kit.progress.known, clock=kit.clock)

    async def _drive(self, steps: Steps[_T], kit: AdapterKit) -> _T:
        came: Any = None
        failure: Deferred | Refused | None = None
        try:
            while True:
                act = steps.send(came) if failure is None else steps.throw(failure)
                came, failure = None, None
                try:
                    came = await self._do(act, kit)
                except (Deferred, Refused) as failed:
                    failure = failed
        except StopIteration as end:
            outcome: _T = end.value
            return outcome
        finally:
            steps.close()

    async def _do(self, act: Act, kit: AdapterKit) -> Answer | Fetched | None:
        match act:
            case Authorise():
                await kit.tokens.token()
                return None
            case Commit(values=values):
                await kit.progress.commit(**values)
                return None
            case Call():
                return await self._measured(act.operation.name, self._call(act, kit), kit)
            case Upload():
                return await self._measured("UPLOAD", self._upload(act, kit), kit)
            case Fetch():
                return await self._measured("DOWNLOAD", self._fetch(act, kit), kit)

    async def _measured(self, operation: str, work: Awaitable[_A], kit: AdapterKit) -> _A:
        begun = kit.clock.now()
        outcome = "failed"
        try:
            came = await work
            outcome = str(came.status)
            return came
        except (Deferred, Refused) as failure:
            outcome = failure.reason.name.lower()
            raise
        finally:
            seconds = (kit.clock.now() - begun).total_seconds()
            kit.meter.remote_call(self._config.counterpart, operation.lower(), outcome, max(seconds, 0.0))
            kit.log.debug("counterpart called", operation=operation.lower(), outcome=outcome)

    async def _call(self, act: Call, kit: AdapterKit) -> Answer:
        headers = {"Accept": "application/json"}
        if act.body is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._call_once(act, headers, kit)
        if answer.status == 401:  # not done; the token may have been taken back before its time
            kit.tokens.forget()
            answer = await self._call_once(act, headers, kit)
        return answer

    async def _call_once(self, act: Call, headers: dict[str, str], kit: AdapterKit) -> Answer:
        bearer = {"Authorization": f"Bearer {(await kit.tokens.token()).reveal()}"}
        return await kit.http.call(
            act.operation.method, act.url, headers={**headers, **bearer}, query=act.query, body=act.body
        )

    async def _upload(self, act: Upload, kit: AdapterKit) -> Answer:
        listed = act.document.listed
        return await kit.http.call(
            "PUT",
            _https(act.url.reveal()),
            headers={"Content-Type": listed.media_type},
            body=act.document.open(),
            size=listed.size,
        )

    async def _fetch(self, act: Fetch, kit: AdapterKit) -> Fetched:
        fetched = await self._fetch_once(act, kit)
        if fetched.status == 401 and act.query is not None:
            kit.tokens.forget()
            fetched = await self._fetch_once(act, kit)
        return fetched

    async def _fetch_once(self, act: Fetch, kit: AdapterKit) -> Fetched:
        url, headers = _https(act.url.reveal()), {"Accept": "application/pdf, application/zip"}
        if act.query is not None:
            url = codec.with_query(url, act.query)
            # The sample client sends the type of what it wants as the type of what it has (das.md 1.3 row 9).
            headers["Content-Type"] = "application/pdf"
            headers["Authorization"] = f"Bearer {(await kit.tokens.token()).reveal()}"
        async with kit.http.download(url, headers=headers) as (answer, pieces):
            if answer.status != 200:
                return Fetched(status=answer.status, obtained=None)
            return Fetched(status=200, obtained=await take_document(act, answer, pieces, kit))


def _steps(errand: Errand, course: Course) -> Steps[Delivered | Pending]:
    match errand:
        case PlaceErrand():
            return place(course, errand)
        case CorrectErrand():
            return correct(course, errand)
        case ReplaceErrand():
            return replace_file(course, errand)
        case WithdrawErrand():
            return withdraw(course, errand)
        case ObtainErrand():
            return obtain(course, errand)
        case RecheckErrand():
            return recheck(course, errand)
        case AnswerErrand():
            return answer_inquiry(course, errand)
        case _:
            raise Refused(Reason.KIND_NOT_AGREED, "DAS is no office's own system")


def _https(url: str) -> str:
    """A pre-signed URL comes from the counterpart: without TLS it is not called, whatever the operator allows."""
    if not url.lower().startswith("https://"):
        raise Deferred(Reason.REMOTE_MALFORMED, "address without TLS")
    return url
