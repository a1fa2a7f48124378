"""pouch send: its message id is told, so that the same can be sent again where the answer was lost."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from gateway.client import CallFailed
from gateway.commands import calling, send
from gateway.demo.papers import write_pdf


class SystemOfOffice:
    """An open client that keeps the message ids it was given, and answers or fails."""

    profile = SimpleNamespace(office="XA")

    def __init__(self, failure=None):
        self.failure, self.sent = failure, []

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    def new_message_id(self):
        return "xa-system-made"

    async def deposit(self, _application, _documents, *, registration, message_id):
        self.sent.append(message_id)
        if self.failure:
            raise self.failure
        return SimpleNamespace(body={"exchangeId": "e-1", "state": "held"})


@pytest.fixture
def deposit(monkeypatch, tmp_path):
    (tmp_path / "copy.pdf").write_bytes(write_pdf("Certified copy", ["one line"]))

    def typed(client, *words):
        monkeypatch.setattr(calling, "load_profile", lambda path: path)
        monkeypatch.setattr(calling, "OfficeClient", lambda profile: client)
        words = [str(tmp_path / "copy.pdf"), "--number", "XA 2026/1", "--date", "2026-03-02", *words]
        return CliRunner().invoke(send.command, words)

    return typed


@pytest.mark.parametrize(("words", "expected"), [((), "xa-system-made"), (("--message-id", "mine"), "mine")])
def test_a_deposit_tells_its_message_id(deposit, words, expected):
    client = SystemOfOffice()
    shown = deposit(client, *words)
    assert f"  message   {expected}\n" in shown.stdout and shown.exit_code == 0
    told = json.loads(deposit(client, *words, "--json").stdout)
    assert told == {"messageId": expected, "exchangeId": "e-1", "state": "held"}
    assert client.sent == [expected, expected]


def test_a_deposit_whose_answer_was_lost_tells_how_to_send_it_again(deposit):
    client = SystemOfOffice(CallFailed("", "the connection ended", "Try again."))
    shown = deposit(client)
    assert "--message-id xa-system-made" in shown.stderr and shown.exit_code == 3
    assert json.loads(deposit(client, "--json").stdout)["messageId"] == "xa-system-made"


def test_a_deposit_that_was_refused_is_not_to_be_sent_again_as_it_is(deposit):
    client = SystemOfOffice(CallFailed("3016", "The date is not possible.", "Write it so.", 400))
    shown = deposit(client)
    assert "--message-id" not in shown.stderr and shown.exit_code == 1
    assert json.loads(deposit(client, "--json").stdout)["messageId"] == "xa-system-made"


SCRIPTED = write_pdf("Copy", ["line"]).replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>")


def test_a_document_that_would_be_turned_away_is_not_sent(deposit, tmp_path):
    client = SystemOfOffice()
    (tmp_path / "copy.pdf").write_bytes(SCRIPTED)
    shown = deposit(client)
    assert (shown.exit_code, client.sent) == (1, [])
    assert "pdf-script-runs" in shown.stderr and "--no-check" in shown.stderr
    told = json.loads(deposit(client, "--json").stdout)
    assert told["verdict"] == "FAILED" and "pdf-script-runs" in [each["code"] for each in told["findings"]]
    assert deposit(client, "--no-check").exit_code == 0 and client.sent == ["xa-system-made"]


def test_what_is_only_unusual_is_told_and_sent(deposit, tmp_path):
    client = SystemOfOffice()
    (tmp_path / "copy.pdf").write_bytes(b"%PDF-1.7 that nobody can read")
    shown = deposit(client, "--json")
    assert "pdf-unreadable" in shown.stderr and shown.exit_code == 0
    assert json.loads(shown.stdout)["exchangeId"] == "e-1"


def test_a_declared_signature_that_is_not_there_is_told(deposit):
    assert "pdf-seal-missing" in deposit(SystemOfOffice(), "--form", "digitally-signed").stderr
