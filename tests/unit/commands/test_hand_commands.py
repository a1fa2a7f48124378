"""The hand commands: what they print is enough to go on, and a fetch that was cut off does not pass for a fetch."""

from hashlib import sha256
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from gateway.client import CallFailed
from gateway.commands import calling, correct, poll, release, replace, resend, status, withdraw

_COPY = b"%PDF-1.7 the whole copy"
_ALL = ("applicant-request", "formalities", "secrecy", "fee")


class SystemOfOffice:
    """An open client whose answers are given; `cut` ends the first download after so many bytes."""

    def __init__(self, **answers):
        self.answers, self.cut, self.confirmed, self.failure = answers, None, [], None

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def status(self, _):
        if self.failure:
            raise self.failure
        return SimpleNamespace(body=self.answers["status"])

    async def poll(self, _):
        return SimpleNamespace(body={"notifications": self.answers["news"]})

    async def package(self, _):
        listed = {"contentId": "copy", "sha256": sha256(_COPY).hexdigest()}
        return SimpleNamespace(body={"version": 1, "documents": [listed]})

    async def fetch_document(self, _exchange, _content, target):
        cut, self.cut = self.cut, None
        with target.open("xb") as file:
            file.write(_COPY[:cut])
        if cut:
            raise CallFailed("", "the connection ended", "Try again.")
        return sha256(_COPY).hexdigest()

    async def confirm(self, notification):
        self.confirmed.append(notification)


@pytest.fixture
def run(monkeypatch):
    def typed(client, command, *words):
        monkeypatch.setattr(calling, "load_profile", lambda path: path)
        monkeypatch.setattr(calling, "OfficeClient", lambda profile: client)
        return CliRunner().invoke(command, [*map(str, words)])

    return typed


def news(event):
    return {"notificationId": "n-1", "exchangeId": "e-1", "event": event, "createdAt": "2026-11-02T09:00:00Z"}


def known(*decided, on_hold=False, state="held"):
    decisions = [{"condition": c, "outcome": o, "by": "M. Clerk", "basis": "form 12"} for c, o in decided]
    application = {"officeCode": "XA", "number": "2026/1", "filingDate": "2026-02-27", "right": "patent"}
    return {
        "application": application, "role": "depositing", "state": state, "version": 1, "onHold": on_hold,
        "releaseDecisions": decisions, "facts": [], "documents": [], "transmissions": [],
    }  # fmt: skip


def test_a_download_that_was_cut_off_is_fetched_again_and_only_then_confirmed(run, tmp_path):
    client = SystemOfOffice(news=[news("received")])
    client.cut = 5
    first = run(client, poll.command, "--fetch", tmp_path, "--confirm")
    assert first.exit_code == 3 and client.confirmed == []
    second = run(client, poll.command, "--fetch", tmp_path, "--confirm")
    assert second.exit_code == 0 and client.confirmed == ["n-1"]
    assert {file.name: file.read_bytes() for file in (tmp_path / "e-1" / "v1").iterdir()} == {"copy": _COPY}


@pytest.mark.parametrize("event", ["held", "refused"])
def test_news_of_a_stop_says_where_the_reason_stands(run, event):
    assert "pouch status e-1" in run(SystemOfOffice(news=[{**news(event)}]), poll.command).output


def test_status_names_the_conditions_that_are_open_by_the_last_decision_on_each(run):
    decided = [(condition, "given") for condition in _ALL[:3]] + [("secrecy", "rescinded")]
    output = run(SystemOfOffice(status=known(*decided)), status.command, "e-1").output
    assert "waits for secrecy, fee: pouch release" in output


def test_status_names_a_persons_stop(run):
    decided = [(condition, "not-due") for condition in _ALL]
    output = run(SystemOfOffice(status=known(*decided, on_hold=True)), status.command, "e-1").output
    assert "stopped by a person: pouch hold --lift" in output and "waits for" not in output


def test_nothing_waits_where_all_is_settled(run):
    output = run(SystemOfOffice(status=known(state="placed")), status.command, "e-1").output
    assert "waits for" not in output and "stopped" not in output


def test_a_refusal_is_shown_with_its_place(run):
    client = SystemOfOffice()
    client.failure = CallFailed("3016", "The date is not possible.", "Write it so.", 400, "/application/filingDate")
    shown = run(client, status.command, "e-1")
    assert "3016 The date is not possible. (/application/filingDate)" in shown.output and shown.exit_code == 1
    assert '"place": "/application/filingDate"' in run(client, status.command, "e-1", "--json").output


def test_a_condition_is_decided_in_one_way(run):
    words = ["e-1", "--given", "fee", "--rescinded", "fee", "--by", "M. Clerk", "--basis", "form 12"]
    shown = run(SystemOfOffice(), release.command, *words)
    assert shown.exit_code == 2 and "named more than once: fee" in shown.output


class Written(SystemOfOffice):
    """An open client that keeps what it was told, as (call, arguments)."""

    profile = SimpleNamespace(office="XA")

    def __init__(self):
        super().__init__()
        self.told = []

    def __getattr__(self, name):
        async def keep(*words):
            self.told.append((name, *words))
            return SimpleNamespace(body={"exchangeId": "e-1", "state": "placed", "receipt": "UA=="})

        if name not in ("correct", "replace", "withdraw", "resend"):
            raise AttributeError(name)
        return keep


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        (
            correct.command,
            ["e-1", "--date", "2026-02-26", "--explanation", "typed wrong"],
            ("correct", "e-1", "2026-02-26", "typed wrong"),
        ),
        (
            withdraw.command,
            ["e-1", "--cause", "wrong-document", "--explanation", "mixed up"],
            ("withdraw", "e-1", "wrong-document", "mixed up"),
        ),
        (withdraw.command, ["e-1", "--cause", "secrecy-imposed"], ("withdraw", "e-1", "secrecy-imposed", None)),
        (resend.command, ["e-1"], ("resend", "e-1", {})),
        (
            resend.command,
            ["e-1", "--own-number", "B/7", "--own-date", "2026-09-01"],
            ("resend", "e-1", {"number": "B/7", "filingDate": "2026-09-01"}),
        ),
    ],
)
def test_what_is_typed_is_what_is_told(run, command, words, told):
    client = Written()
    shown = run(client, command, *words)
    assert (shown.exit_code, client.told) == (0, [told]), shown.output
    assert "exchange  e-1" in shown.output
    assert '"exchangeId": "e-1"' in run(client, command, *words, "--json").output


def test_a_replacement_lists_the_new_document_as_certified_by_the_own_office(run, tmp_path):
    (tmp_path / "copy.pdf").write_bytes(_COPY)
    (tmp_path / "copy.xml").write_bytes(b"<a/>")
    client = Written()
    words = ["e-1", tmp_path / "copy.pdf", "--bibliography", tmp_path / "copy.xml", "--certified-on", "2026-03-02"]
    shown = run(client, replace.command, *words, "--explanation", "page missing")
    assert shown.exit_code == 0, shown.output
    [(_, exchange, (copy, bibliography), explanation)] = client.told
    assert (exchange, explanation) == ("e-1", "page missing")
    assert copy.listed()["sha256"] == sha256(_COPY).hexdigest()
    assert (copy.certification["certifiedBy"], copy.certification["certifiedOn"]) == ("XA", "2026-03-02")
    assert (bibliography.role, bibliography.media_type) == ("bibliography", "application/xml")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (withdraw.command, ["e-1", "--cause", "application-withdrawn"]),
        (correct.command, ["e-1", "--explanation", "typed wrong"]),
        (replace.command, ["e-1", "no such file", "--explanation", "page missing"]),
        (resend.command, ["e-1", "--own-date", "2026-09-01"]),
    ],
)
def test_what_cannot_be_meant_is_not_sent(run, command, words):
    client = Written()
    assert run(client, command, *words).exit_code == 2 and client.told == []
