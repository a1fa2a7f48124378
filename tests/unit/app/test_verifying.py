"""Who calls: pki's verdicts in the words of the table, our own tokens, and counterparts by their servers' keys."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from gateway.app.signing import HostSigner, TokenDesk
from gateway.app.verifying import REASONS, Caller, OfficeVerifier
from gateway.core.reason import Blame, Deferred, Reason, Refused
from gateway.core.secret import Secret
from gateway.ports import Answer
from pki.tokens import issue_token, jwks
from pki.trust import Purpose, TrustList, pin
from pki.verdict import SubIndication
from pki.wss import WssPolicy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ISSUER = "https://gateway.example"
ENVELOPE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/>'
    b'<s:Body><d:Deposit xmlns:d="urn:test">7</d:Deposit></s:Body></s:Envelope>'
)


class KeyServer:
    """A counterpart's server: gives its key set, or what stands in `answers`."""

    def __init__(self, *keys) -> None:
        self.keys, self.asked, self.answers = list(keys), 0, []
        self.gate: asyncio.Event | None = None

    async def call(self, method, url, **_):
        assert (method, url) == ("GET", "https://ib.example/jwks")
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return Answer(status=200, headers={}, body=json.dumps(jwks(self.keys)).encode())


def caller(server, **changes):
    return Caller(
        **{
            "hosted": "XA",
            "office": "IB",
            "http": server,
            "jwks_url": "https://ib.example/jwks",
            "audience": "xa",
            "subjects": frozenset({"das"}),
            "scope": "office",
            "issuer": "https://ib.example",
        }
        | changes
    )


def bearer(key, **changes):
    claims = {"issuer": "https://ib.example", "subject": "das", "audience": "xa", "scope": "office", "now": NOW}
    return Secret(issue_token(key=key, lifetime=timedelta(days=1), jti="j", **claims | changes))


@pytest.fixture
def verifier_of(signers):
    """Make a verifier with these callers."""

    def make(*callers):
        desk = TokenDesk(signers["XA"], issuer=ISSUER)
        desk.register({"xa-system": ("XA", signers["XA"].public_key, frozenset({"exchange", "operate"}))})
        verifier = OfficeVerifier(desk=desk, callers=callers, policy=WssPolicy())
        verifier.trust = TrustList([pin(name, Purpose.SIGNING, signers[name].certificate) for name in ("XA", "XB")])
        verifier.desk = desk
        return verifier

    return make


async def refusal(awaitable, error=Refused):
    with pytest.raises(error) as refused:
        await awaitable
    return refused.value.reason


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_word_of_pki_has_its_reason():
    assert REASONS.keys() == set(SubIndication)


@pytest.mark.parametrize("word", SubIndication)
def test_every_word_is_a_matter_of_identity_and_of_the_sender(word):
    assert REASONS[word].code[0] == "2" and REASONS[word].blame is Blame.SENDER


# --- our offices ------------------------------------------------------------------------------------------------------


def test_an_envelope_is_its_signer_s(verifier_of, signers):
    signed = HostSigner(signers["XB"], signers["XB"]).sign_envelope(ENVELOPE, NOW)
    signature, body = verifier_of().verify_envelope(etree.fromstring(signed), NOW)
    assert (signature.office, body.findtext("{urn:test}Deposit")) == ("XB", "7")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda signed: ENVELOPE, Reason.SIGNATURE_MISSING),
        (lambda signed: signed.replace(b">7<", b">8<"), Reason.SIGNATURE_INVALID),
    ],
)
def test_an_envelope_that_is_not_as_signed_is_refused(verifier_of, signers, spoil, reason):
    signed = HostSigner(signers["XA"], signers["XA"]).sign_envelope(ENVELOPE, NOW)
    with pytest.raises(Refused) as refused:
        verifier_of().verify_envelope(etree.fromstring(spoil(signed)), NOW)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("name", "later", "reason"),
    [
        ("stranger", timedelta(), Reason.CERTIFICATE_UNKNOWN),
        ("XA", timedelta(hours=1), Reason.MESSAGE_EXPIRED),
        ("XA", -timedelta(hours=1), Reason.MESSAGE_FROM_FUTURE),
    ],
)
def test_an_envelope_of_a_stranger_or_another_time_is_refused(verifier_of, signers, name, later, reason):
    signed = HostSigner(signers[name], signers[name]).sign_envelope(ENVELOPE, NOW)
    with pytest.raises(Refused) as refused:
        verifier_of().verify_envelope(etree.fromstring(signed), NOW + later)
    assert refused.value.reason is reason


def test_a_detached_signature_proves_content(verifier_of, signers):
    proof = HostSigner(signers["XB"], signers["XB"]).sign_detached(b'{"a":1}')
    verifier = verifier_of()
    assert verifier.verify_detached(proof, b'{"a":1}', NOW).office == "XB"
    for other in ((proof, b'{"a":2}'), ("", b'{"a":1}'), ("a..b", b"")):
        with pytest.raises(Refused) as refused:
            verifier.verify_detached(*other, NOW)
        assert refused.value.reason.code[0] == "2"


# --- our own tokens ---------------------------------------------------------------------------------------------------


def test_a_token_is_its_client_s_as_long_as_it_is_registered(verifier_of):
    verifier = verifier_of()
    token, _, scopes = verifier.desk.issue("xa-system", frozenset({"exchange"}), NOW)
    signature = verifier.verify_token(token, NOW)
    assert (signature.office, signature.subject, signature.scopes) == ("XA", "xa-system", frozenset({"exchange"}))
    assert scopes == {"exchange"}
    verifier.desk.register({})
    with pytest.raises(Refused) as refused:
        verifier.verify_token(token, NOW)
    assert refused.value.reason is Reason.TOKEN_INVALID


def test_nobody_gets_a_scope_that_is_not_his(verifier_of):
    desk = verifier_of().desk
    assert desk.issue("xa-system", frozenset(), NOW)[2] == {"exchange", "operate"}
    assert desk.issue("xa-system", frozenset({"exchange", "admin"}), NOW)[2] == {"exchange"}
    with pytest.raises(Refused) as refused:
        desk.issue("xa-system", frozenset({"admin"}), NOW)
    assert refused.value.reason is Reason.SCOPE_MISSING


def test_an_old_token_another_server_s_and_nonsense_are_refused(verifier_of, signers):
    verifier = verifier_of()
    token, life, _ = verifier.desk.issue("xa-system", frozenset(), NOW)
    options = {"issuer": ISSUER, "audience": ISSUER, "subject": "xa-system", "scope": "exchange"}
    for bad, at in (
        (token, NOW + life + timedelta(minutes=10)),
        (bearer(signers["XB"], **options), NOW),
        (bearer(signers["XA"], **options | {"audience": "https://other.example"}), NOW),
        (bearer(signers["XA"], **options | {"subject": "another"}), NOW),
        (Secret(""), NOW),
        (Secret("a.b.c"), NOW),
    ):
        with pytest.raises(Refused) as refused:
            verifier.verify_token(bad, at)
        assert refused.value.reason is Reason.TOKEN_INVALID


# --- counterparts -----------------------------------------------------------------------------------------------------


async def test_a_counterpart_is_known_by_its_server_s_keys_which_are_kept_for_a_while(verifier_of, signers):
    server = KeyServer(signers["XB"])
    verifier = verifier_of(caller(server))
    token = bearer(signers["XB"])
    for minutes, asked in ((0, 1), (5, 1), (9, 1), (11, 2), (15, 2)):
        hosted, signature = await verifier.verify_caller(token, NOW + timedelta(minutes=minutes))
        assert (hosted, signature.office, signature.subject, server.asked) == ("XA", "IB", "das", asked)


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "xb"},
        {"subject": "another"},
        {"scope": "else"},
        {"issuer": "https://x"},
        {"now": NOW - timedelta(days=3)},
    ],
)
async def test_a_token_for_others_opens_nothing(verifier_of, signers, changes):
    verifier = verifier_of(caller(KeyServer(signers["XB"])))
    assert await refusal(verifier.verify_caller(bearer(signers["XB"], **changes), NOW)) is Reason.TOKEN_INVALID


async def test_a_new_key_is_looked_for_but_not_at_a_stranger_s_pace(verifier_of, signers):
    server = KeyServer(signers["XB"])
    verifier = verifier_of(caller(server))
    await verifier.verify_caller(bearer(signers["XB"]), NOW)
    forged = bearer(signers["stranger"])
    for seconds in range(0, 15):
        assert await refusal(verifier.verify_caller(forged, NOW + timedelta(seconds=seconds))) is Reason.TOKEN_INVALID
    assert server.asked == 1
    server.keys.append(signers["XA"])
    await verifier.verify_caller(bearer(signers["XA"]), NOW + timedelta(seconds=15))
    assert server.asked == 2


async def test_a_server_that_fails_is_not_asked_for_every_token(verifier_of, signers):
    server = KeyServer(signers["XB"])
    server.answers = [Deferred(Reason.REMOTE_UNREACHABLE)]
    verifier = verifier_of(caller(server))
    for seconds in range(15):
        at = NOW + timedelta(seconds=seconds)
        assert await refusal(verifier.verify_caller(bearer(signers["XB"]), at), Deferred) is Reason.REMOTE_UNREACHABLE
    assert server.asked == 1
    await verifier.verify_caller(bearer(signers["XB"]), NOW + timedelta(seconds=15))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=503, headers={}, body=b""), Reason.REMOTE_UNREACHABLE),
        (Answer(status=200, headers={}, body=b"<html/>"), Reason.REMOTE_MALFORMED),
        (Answer(status=200, headers={}, body=b"[]"), Reason.REMOTE_MALFORMED),
        (Answer(status=200, headers={}, body=b'"\xff"'), Reason.REMOTE_MALFORMED),
    ],
)
async def test_what_is_no_key_set_is_none(verifier_of, signers, answer, reason):
    server = KeyServer(signers["XB"])
    server.answers = [answer]
    verifier = verifier_of(caller(server))
    assert await refusal(verifier.verify_caller(bearer(signers["XB"]), NOW), Deferred) is reason


@pytest.mark.parametrize("body", [b"{}", b'{"keys":7}', b'{"keys":[7]}', b'{"keys":[{"kty":"EC"}]}'])
async def test_a_key_set_without_the_key_opens_nothing(verifier_of, signers, body):
    server = KeyServer(signers["XB"])
    server.answers = [Answer(status=200, headers={}, body=body)]
    verifier = verifier_of(caller(server))
    assert await refusal(verifier.verify_caller(bearer(signers["XB"]), NOW)) is Reason.TOKEN_INVALID


async def test_one_counterpart_s_server_that_is_away_shuts_out_nobody_else(verifier_of, signers):
    away, there = KeyServer(), KeyServer(signers["XB"])
    away.answers = [Deferred(Reason.REMOTE_UNREACHABLE)] * 9
    other = replace(caller(there), hosted="XB", lock=asyncio.Lock())
    verifier = verifier_of(caller(away), other)
    assert (await verifier.verify_caller(bearer(signers["XB"]), NOW))[0] == "XB"
    unknown = bearer(signers["stranger"])
    assert await refusal(verifier.verify_caller(unknown, NOW), Deferred) is Reason.REMOTE_UNREACHABLE, (
        "it may be theirs"
    )


async def test_callers_at_once_ask_once(verifier_of, signers):
    server = KeyServer(signers["XB"])
    server.gate = asyncio.Event()
    verifier = verifier_of(caller(server))
    calls = [asyncio.create_task(verifier.verify_caller(bearer(signers["XB"]), NOW)) for _ in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)
    server.gate.set()
    assert {hosted for hosted, _ in await asyncio.gather(*calls)} == {"XA"}
    assert server.asked == 1


async def test_without_counterparts_nobody_calls(verifier_of, signers):
    assert await refusal(verifier_of().verify_caller(bearer(signers["XB"]), NOW)) is Reason.TOKEN_INVALID
