"""The DAS adapter and the sandbox Bureau beyond the contract: what is particular to DAS."""

import hashlib
import traceback
from datetime import timedelta

import pytest
from contract_cargo import CODE, DATE, application_of, content_of
from contract_subjects import ClientKey
from memory_ports import shown
from subject_das import (
    CORRECT,
    FORMER,
    FORMER_PLACE,
    OBTAIN,
    PLACE,
    REPLACE,
    WITHDRAW,
    bureau,
)

from adapters.das import adapter
from gateway.core.document import Role
from gateway.core.exchange import FactName
from gateway.core.reason import Deferred, Reason, Refused, Retry
from gateway.core.transmission import Delivered, Pending
from gateway.ports import Answer


@pytest.fixture(scope="module")
async def das_bureau(contract_tls, tmp_path_factory):
    async with bureau(tmp_path_factory.mktemp("das-bureau"), contract_tls) as running:
        yield running


@pytest.fixture
async def scene(das_bureau, numbers):
    """The Bureau, polite at both ends, and what is done with it."""
    yield Scene(das_bureau, next(numbers))
    await das_bureau.calm()


class Scene:
    def __init__(self, running, number):
        self.bureau, self.number = running, number
        self.adapter = adapter(running.settings)

    async def do(self, trial, *, errand=None, parts=None, attempts=30):
        """Deliver until done; gives the outcome, or the reason of a failure that is not tried again."""
        parts = parts or self.bureau.parts(trial)
        errand = errand or self.bureau.errand(trial, self.number)
        for _ in range(attempts):
            try:
                outcome = await self.adapter.deliver(errand, parts.kit())
            except Deferred as deferred:
                if deferred.reason.retry is not Retry.LATER or deferred.reason is Reason.NOT_REGISTERED:
                    raise
                parts.clock.pass_by(deferred.delay or timedelta(minutes=1))
                continue
            if isinstance(outcome, Delivered):
                return outcome
            parts.clock.pass_by(outcome.delay)
        raise AssertionError("not done")


async def test_what_was_placed_is_obtained_byte_for_byte(scene):
    placed = await scene.do(PLACE)
    assert [document.role for document in placed.documents] == [Role.REGISTRATION_CERTIFICATE]
    parts = scene.bureau.parts(OBTAIN)
    obtained = await scene.do(OBTAIN, parts=parts)
    assert parts.spools[0].content == content_of(scene.number)
    facts = {fact.name: fact.value for fact in obtained.facts}
    assert facts[FactName.DIGEST_COMPARED] == obtained.documents[0].sha256.hex()
    registered = {fact.name: fact.value for fact in placed.facts}[FactName.REGISTERED]
    assert facts[FactName.AVAILABLE] == registered


@pytest.mark.parametrize(
    ("code", "filed", "reason", "kind"),
    [
        ("0000", DATE, Reason.ACCESS_CODE_MISMATCH, Refused),
        (CODE, FORMER, Reason.DATE_MISMATCH, Refused),
        ("0000", FORMER, Reason.ACCESS_CODE_MISMATCH, Refused),
    ],
)
async def test_a_wrong_code_or_date_is_final_and_never_tells_the_expected_one(scene, code, filed, reason, kind):
    await scene.do(PLACE)
    parts = scene.bureau.parts(OBTAIN)
    errand = scene.bureau.obtaining(scene.number, code=code, filed=filed)
    with pytest.raises(kind) as failed:
        await scene.do(OBTAIN, errand=errand, parts=parts)
    assert failed.value.reason is reason
    out = shown(parts, [failed.value], lambda failure: "".join(traceback.format_exception(failure)))
    assert CODE not in out and code not in out.replace("00:00", "")
    assert "does not match" not in out


async def test_what_is_not_registered_is_asked_for_again_until_it_is(scene):
    parts = scene.bureau.parts(OBTAIN)
    for _ in range(2):
        with pytest.raises(Deferred) as deferred:
            await scene.do(OBTAIN, parts=parts)
        assert deferred.value.reason is Reason.NOT_REGISTERED
    await scene.do(PLACE)
    assert isinstance(await scene.do(OBTAIN, parts=parts), Delivered)


async def test_what_was_registered_by_other_means_is_held_for_a_person(scene):
    await scene.do(PLACE)
    with pytest.raises(Deferred) as deferred:
        await scene.do(PLACE)
    assert deferred.value.reason is Reason.ALREADY_REGISTERED


async def test_a_number_that_is_not_in_the_table_is_held_for_a_person(scene):
    """The Bureau refuses an unknown number format by a number of its own invention."""
    errand = scene.bureau.errand(PLACE, scene.number)
    object.__setattr__(errand.cargo.subject.application, "normal", "XC 26-5")
    parts = scene.bureau.parts(PLACE)
    with pytest.raises(Deferred) as deferred:
        await scene.do(PLACE, errand=errand, parts=parts)
    assert deferred.value.reason is Reason.REMOTE_UNKNOWN_ERROR
    assert parts.progress.known == {}


@pytest.mark.parametrize(("switch", "operation"), [("lying-checksum", "retrieval-status"), ("wrong-size", "download")])
async def test_bytes_that_are_not_the_announced_ones_are_not_kept(scene, switch, operation):
    await scene.do(PLACE)
    await scene.bureau.disturb(switch, operation)
    parts = scene.bureau.parts(OBTAIN)
    obtained = await scene.do(OBTAIN, parts=parts)
    assert [spool.state for spool in parts.spools] == ["discarded", "finished"]
    assert obtained.documents[0].size == len(content_of(scene.number))


async def test_an_upload_address_that_expired_is_renewed(scene):
    await scene.bureau.disturb("expired-upload", "upload")
    assert isinstance(await scene.do(PLACE), Delivered)


async def test_odd_but_legal_identifiers_are_carried_unchanged(scene):
    await scene.bureau.disturb("odd-ids", "*", calls=20)
    await scene.bureau.disturb("shuffled", "*", calls=20)
    await scene.do(PLACE)
    for trial in (REPLACE, OBTAIN, WITHDRAW):
        assert isinstance(await scene.do(trial), Delivered)


@pytest.mark.parametrize("seconds", [0, 7, 31_536_000])
async def test_patience_is_told_to_the_line(scene, seconds):
    await scene.bureau.disturb("too-many", "upload-url", seconds=seconds)
    parts = scene.bureau.parts(PLACE)
    with pytest.raises(Deferred) as deferred:
        await scene.adapter.deliver(scene.bureau.errand(PLACE, scene.number), parts.kit())
    assert (deferred.value.reason, deferred.value.delay) == (Reason.REMOTE_BUSY, timedelta(seconds=seconds))


async def test_a_change_after_the_fetch_is_seen_and_the_newer_version_is_obtained(scene):
    await scene.do(PLACE)
    parts = scene.bureau.parts(OBTAIN)
    obtained = await scene.do(OBTAIN, parts=parts)
    watch = scene.bureau.rechecking(scene.number, obtained.facts)
    looking = scene.bureau.parts(OBTAIN)
    assert isinstance(await scene.adapter.deliver(watch, looking.kit()), Pending)
    await scene.do(REPLACE)
    assert await scene.adapter.deliver(watch, looking.kit()) == Delivered(changed=True)
    newer = scene.bureau.parts(OBTAIN)
    await scene.do(OBTAIN, errand=scene.bureau.obtaining(scene.number, version=2), parts=newer)
    assert newer.spools[0].content == content_of(scene.number, "newer")


async def test_a_corrected_date_and_a_withdrawal_are_changes_too(scene):
    await scene.do(FORMER_PLACE)
    errand = scene.bureau.obtaining(scene.number, filed=FORMER)
    obtained = await scene.do(OBTAIN, errand=errand)
    watch = scene.bureau.rechecking(scene.number, obtained.facts)
    object.__setattr__(watch, "application", application_of(scene.number, FORMER))
    await scene.do(CORRECT)
    assert await scene.adapter.deliver(watch, scene.bureau.parts(OBTAIN).kit()) == Delivered(changed=True)
    await scene.do(WITHDRAW)
    assert await scene.adapter.deliver(watch, scene.bureau.parts(OBTAIN).kit()) == Delivered(changed=True)


async def test_the_transit_copy_is_deleted_where_the_settings_want_it(scene):
    await scene.do(PLACE)
    scene.adapter = adapter({**scene.bureau.settings, "delete_after_download": True, "check_before_retrieval": True})
    obtained = await scene.do(OBTAIN)
    ack = {fact.name: fact.value for fact in obtained.facts}[FactName.REQUESTED]
    assert ack in {effect["ack"] for effect in await scene.bureau.record("file-deleted")}


async def test_a_file_that_is_gone_is_asked_for_anew(scene):
    """Deleted, and the machine died before it was recorded here."""
    await scene.do(PLACE)
    scene.adapter = adapter({**scene.bureau.settings, "delete_after_download": True})
    parts = scene.bureau.parts(OBTAIN)
    await scene.do(OBTAIN, parts=parts)
    again = await scene.do(OBTAIN, parts=parts)
    assert again.documents[0].sha256 == hashlib.sha256(content_of(scene.number)).digest()
    assert len(await scene.bureau.record("retrieval-requested", scene.number)) == 2


async def test_a_key_the_bureau_does_not_know_is_held_for_a_person(scene):
    parts = scene.bureau.parts_of("xc", key=ClientKey())
    for attempt in (
        scene.adapter.probe(parts.kit()),
        scene.adapter.deliver(scene.bureau.errand(PLACE, 1), parts.kit()),
    ):
        with pytest.raises(Deferred) as deferred:
            await attempt
        assert deferred.value.reason is Reason.REMOTE_UNAUTHORIZED


async def test_a_file_host_that_is_not_in_the_settings_is_never_called(scene):
    parts = scene.bureau.parts(PLACE)
    evil = scene.bureau.parts(PLACE)
    evil.http = Diverting(parts.http)
    with pytest.raises(Deferred) as deferred:
        await scene.adapter.deliver(scene.bureau.errand(PLACE, scene.number), evil.kit())
    assert (deferred.value.reason, deferred.value.place) == (
        Reason.REMOTE_MALFORMED,
        "address of a host that is not in the settings",
    )


class Diverting:
    """A Bureau whose upload address points elsewhere."""

    def __init__(self, http):
        self._http = http

    async def call(self, method, url, **named):
        if url.endswith("/url-uploads"):
            body = b'{"fileId":"f-1","fileUploadUrl":"https://169.254.169.254/latest"}'
            return Answer(status=200, headers={"content-type": "application/json"}, body=body)
        return await self._http.call(method, url, **named)


async def test_a_probe_tells_what_an_office_may_not_do(scene):
    assert await scene.adapter.probe(scene.bureau.parts_of("xb").kit()) == "answers and takes our token"
    said = await scene.adapter.probe(scene.bureau.parts_of("xc").kit())
    assert said == "answers and takes our token; this office may not list retrievals"


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_rude_bureau_does_everything_once(contract_tls, tmp_path, numbers, seed):
    """All of its hostility at once: whatever a careful client overcomes by trying again and reading back."""
    options = ("--hostile", str(seed))
    async with bureau(tmp_path, contract_tls, polls=1, options=options) as rude:
        scenes = [Scene(rude, next(numbers)) for _ in range(8)]
        for trial in (PLACE, REPLACE, OBTAIN, WITHDRAW):
            for scene in scenes:
                assert isinstance(await scene.do(trial), Delivered)
                assert await rude.effects(trial, scene.number) == 1, f"{trial.name} {scene.number}"
