"""adapters/das/protocol_place.py."""

from datetime import timedelta

import pytest

from adapters.das.protocol import Fetched
from adapters.das.protocol_place import place
from gateway.core.document import Role
from gateway.core.exchange import FactName
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.request import Hosting
from gateway.core.transmission import Delivered, Pending
from gateway.ports import Answer

STORED = Answer(status=200, headers={}, body=b"")
EXPIRED = Answer(status=403, headers={"content-type": "application/xml"}, body=b"<Error/>")
CHECKSUM = "e4eeef9fea1bdbcc0ea2ebc3006fef303a640cbf562e26952d6503559c7ee375"


@pytest.fixture
def flow(says):
    """Replies of the whole flow, by name."""
    return {
        "announced": ("UPLOAD_URL", says(fileId="f-1", fileUploadUrl="https://storage.example/k-1")),
        "stored": ("UPLOAD", STORED),
        "examined": ("FILE_STATUS", says(fileStatusCategory="ACCEPTED", fileSizeQuantity=36)),
        "processing": ("FILE_STATUS", says(fileStatusCategory="processing", fileSizeQuantity=36)),
        "waiting": ("FILE_STATUS", says(fileStatusCategory="processing", fileSizeQuantity=None)),
        "rejected": ("FILE_STATUS", says(fileStatusCategory="REJECTED", fileSizeQuantity=36)),
        "renewed": ("RENEW_UPLOAD_URL", says(fileUploadUrl="https://storage.example/k-2")),
        "registered": ("REGISTER", says(201, requestAckId="reg-1")),
        "pending": ("REGISTRATION_STATUS", says(requestStatusCategory="pending")),
        "success": (
            "REGISTRATION_STATUS",
            says(requestStatusCategory="success", documentAvailabilityDate="2026-11-22T12:00:00Z"),
        ),
        "certificate": ("FETCH", Fetched(status=200, obtained="the certificate")),
    }


def _play(stage, errand, flow, *names):
    return stage.play(place, errand, *(flow[name] if isinstance(name, str) else name for name in names))


def test_a_file_kept_by_the_bureau_goes_its_whole_way(rehearse, errands, flow):
    stage = rehearse()
    outcome = _play(
        stage, errands.place(), flow, "announced", "stored", "examined", "registered", "success", "certificate"
    )
    assert stage.body("UPLOAD_URL") == {
        "fileReference": "x-1",
        "fileFormatCategory": "pdf",
        "fileChecksum": CHECKSUM,
    }
    assert stage.body("REGISTER")["fileId"] == "f-1"
    assert {fact.name: fact.value for fact in outcome.facts} == {
        FactName.REGISTERED: "2026-11-22T12:00:00Z",
        FactName.ACKNOWLEDGEMENT: "reg-1",
    }
    assert outcome.documents == ("the certificate",)
    assert stage.calls("FETCH")[0].role is Role.REGISTRATION_CERTIFICATE


def test_a_file_of_the_own_library_is_registered_without_upload(rehearse, errands, flow):
    stage = rehearse()
    errand = errands.place(hosting=Hosting.OFFICE)
    assert isinstance(_play(stage, errand, flow, "registered", "success", "certificate"), Delivered)
    assert "fileId" not in stage.body("REGISTER")


def test_without_the_code_there_is_no_certificate(rehearse, errands, flow):
    errand = errands.place(access_code=None)
    outcome = _play(rehearse(), errand, flow, "announced", "stored", "examined", "registered", "success")
    assert outcome.documents == ()


def test_the_settings_can_do_without_certificate(rehearse, errands, flow):
    stage = rehearse(certificate=False)
    assert _play(stage, errands.place(hosting=Hosting.OFFICE), flow, "registered", "success").documents == ()


def test_while_the_bureau_works_the_attempt_ends_and_goes_on_later(rehearse, errands, flow):
    stage, errand = rehearse(poll_seconds=5), errands.place()
    assert _play(stage, errand, flow, "announced", "stored", "processing") == Pending(delay=timedelta(seconds=5))
    stage.clock.pass_by(timedelta(minutes=10))
    assert _play(stage, errand, flow, "processing").delay == timedelta(seconds=150)
    stage.clock.pass_by(timedelta(days=1))
    assert _play(stage, errand, flow, "processing").delay == timedelta(seconds=300)
    assert _play(stage, errand, flow, "examined", "registered", "pending") == Pending(delay=timedelta(seconds=5))
    assert isinstance(_play(stage, errand, flow, "success", "certificate"), Delivered)


def test_progress_never_holds_an_upload_address(rehearse, errands, flow):
    stage = rehearse()
    _play(stage, errands.place(), flow, "announced", "stored", "processing")
    assert "storage.example" not in repr(stage.known)
    assert "7QX1" not in repr(stage.acts)


def test_an_expired_upload_address_is_renewed_once(rehearse, errands, flow):
    stage = rehearse()
    _play(stage, errands.place(), flow, "announced", ("UPLOAD", EXPIRED), "renewed", "stored", "processing")
    assert stage.calls("UPLOAD")[1].url.reveal() == "https://storage.example/k-2"
    assert stage.body("RENEW_UPLOAD_URL") == {"fileId": "f-1"}


def test_a_second_expiry_is_tried_again_later(rehearse, errands, flow):
    with pytest.raises(Deferred) as deferred:
        _play(rehearse(), errands.place(), flow, "announced", ("UPLOAD", EXPIRED), "renewed", ("UPLOAD", EXPIRED))
    assert deferred.value.reason is Reason.REMOTE_BUSY


def test_a_cut_upload_that_arrived_is_not_sent_again(rehearse, errands, flow):
    stage, errand = rehearse(), errands.place()
    with pytest.raises(Deferred):
        _play(stage, errand, flow, "announced", ("UPLOAD", Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)))
    assert isinstance(_play(stage, errand, flow, "processing", "processing"), Pending)
    assert len(stage.calls("UPLOAD")) == 1


def test_a_cut_upload_that_did_not_arrive_goes_to_a_new_address(rehearse, errands, flow):
    stage, errand = rehearse(), errands.place()
    with pytest.raises(Deferred):
        _play(stage, errand, flow, "announced", ("UPLOAD", Deferred(Reason.REMOTE_OUTCOME_UNKNOWN)))
    assert isinstance(_play(stage, errand, flow, "waiting", "renewed", "stored", "processing"), Pending)


def test_a_rejected_file_is_final(rehearse, errands, flow):
    stage = rehearse()
    with pytest.raises(Refused) as refused:
        _play(stage, errands.place(), flow, "announced", "stored", "rejected")
    assert refused.value.reason is Reason.FILE_REJECTED
    assert "file" not in stage.known


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (413, Reason.FILE_REJECTED),
        (400, Reason.REMOTE_UNKNOWN_ERROR),
        (404, Reason.REMOTE_UNKNOWN_ERROR),
        (429, Reason.REMOTE_BUSY),
        (503, Reason.REMOTE_BUSY),
        (500, Reason.REMOTE_OUTCOME_UNKNOWN),
        (307, Reason.REMOTE_MALFORMED),
    ],
)
def test_what_the_storage_answers_is_one_of_the_table(rehearse, errands, flow, status, reason):
    with pytest.raises((Deferred, Refused)) as failed:
        _play(rehearse(), errands.place(), flow, "announced", ("UPLOAD", Answer(status=status, headers={}, body=b"")))
    assert failed.value.reason is reason


def test_a_portals_page_is_no_stored_file(rehearse, errands, flow):
    page = Answer(status=200, headers={"content-type": "text/html"}, body=b"<html>")
    stage = rehearse()
    with pytest.raises(Deferred, match="REMOTE_MALFORMED"):
        _play(stage, errands.place(), flow, "announced", ("UPLOAD", page))
    assert "uploaded" not in stage.known


def test_an_unknown_error_about_the_file_begins_anew_after_a_person_decided(rehearse, errands, flow, refuses):
    stage, errand = rehearse(), errands.place()
    with pytest.raises(Deferred):
        _play(stage, errand, flow, "announced", "stored", ("FILE_STATUS", refuses(status=404)))
    assert isinstance(_play(stage, errand, flow, "announced", "stored", "processing"), Pending)


def test_an_announcement_without_file_id_is_malformed(rehearse, errands, says):
    with pytest.raises(Deferred, match="REMOTE_MALFORMED at /fileId"):
        rehearse().play(place, errands.place(), ("UPLOAD_URL", says(fileUploadUrl="https://storage.example/k-1")))


def test_certificates_are_tried_a_few_times_and_then_left(rehearse, errands, flow):
    stage, errand = rehearse(certificate_tries=2), errands.place(hosting=Hosting.OFFICE)
    broken = ("FETCH", Fetched(status=503, obtained=None))
    with pytest.raises(Deferred):
        _play(stage, errand, flow, "registered", "success", broken)
    with pytest.raises(Deferred):
        _play(stage, errand, flow, "success", ("FETCH", Deferred(Reason.REMOTE_UNREACHABLE)))
    outcome = _play(stage, errand, flow, "success")
    assert outcome.documents == ()
    assert FactName.REGISTERED in {fact.name for fact in outcome.facts}


def test_a_refused_certificate_does_not_undo_the_registration(rehearse, errands, flow):
    errand = errands.place(hosting=Hosting.OFFICE)
    outcome = _play(rehearse(), errand, flow, "registered", "success", ("FETCH", Fetched(status=400, obtained=None)))
    assert outcome.documents == ()


@pytest.mark.parametrize(
    "documents",
    [
        lambda e: (),
        lambda e: (e.document(), e.document()),
        lambda e: (e.document(role=Role.BIBLIOGRAPHY),),
        lambda e: (e.document(media_type="text/plain"),),
    ],
    ids=["none", "two", "no copy", "no pdf"],
)
def test_only_one_certified_copy_of_a_known_type_can_be_placed(rehearse, errands, documents):
    with pytest.raises(Refused, match="FILE_REJECTED"):
        rehearse().play(place, errands.place(documents=documents(errands)))


def test_other_documents_of_the_package_stay_here(rehearse, errands, flow):
    stage = rehearse()
    documents = (errands.document(role=Role.BIBLIOGRAPHY), errands.document())
    _play(stage, errands.place(documents=documents), flow, "announced", "stored", "processing")
    assert stage.calls("UPLOAD")[0].document is documents[1]


def test_without_an_address_for_the_code_nothing_is_sent(rehearse, errands, flow):
    stage = rehearse(applicant_email="required")
    errand = errands.place(access_code=None, applicant_email=None)
    with pytest.raises(Refused) as refused:
        _play(stage, errand, flow)
    assert (refused.value.reason, stage.acts) == (Reason.APPLICANT_EMAIL_MISSING, [])


def test_where_the_bureau_needs_no_address_it_is_registered_without(rehearse, errands, flow):
    stage = rehearse(applicant_email="optional")
    errand = errands.place(access_code=None, applicant_email=None)
    assert _play(stage, errand, flow, "announced", "stored", "examined", "registered", "success").facts
    assert stage.body("REGISTER")["email"] is None
