"""Keys at work: receipts and envelopes of the hosted office, assertions for a counterpart, tokens of our own."""

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from gateway.app.signing import HostSigner, KeyAsserter, TokenDesk
from gateway.core.reason import Reason, Refused
from gateway.core.secret import Secret
from pki.assertions import verify_assertion
from pki.trust import Purpose, TrustList, pin
from pki.wss import verify
from pki.xmldsig import verify_enveloped

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ISSUER = "https://gateway.example"
RECEIPT = b'<Receipt xmlns="urn:test"><Sender>XA</Sender></Receipt>'
ENVELOPE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/>'
    b'<s:Body><d:Reply xmlns:d="urn:test">7</d:Reply></s:Body></s:Envelope>'
)


class Clock:
    def now(self):
        return NOW


@pytest.fixture
def trust(signers):
    return TrustList([pin(name, Purpose.SIGNING, signers[name].certificate) for name in ("XA", "XB")])


def test_receipts_may_have_a_key_of_their_own(signers, trust):
    signer = HostSigner(signers["XA"], signers["XB"])
    verdict, _ = verify_enveloped(signer.sign_document(RECEIPT), trust=trust, now=NOW)
    assert verdict.passed and verdict.certificate == signers["XB"].certificate
    signed = verify(etree.fromstring(signer.sign_envelope(ENVELOPE, NOW)), trust=trust, now=NOW)
    assert signed.office == "XA"


@pytest.fixture
def desk(signers):
    desk = TokenDesk(signers["XA"], issuer=ISSUER)
    desk.register({"system": ("XB", signers["XB"].public_key, frozenset({"exchange"}))})
    return desk


def assertion(key, *, client_id="system", audience=f"{ISSUER}/oauth2/token"):
    return KeyAsserter(key, Clock()).client_assertion(client_id=client_id, audience=audience)


def test_an_assertion_is_good_for_its_client_and_once(desk, signers):
    one, other = assertion(signers["XB"]), assertion(signers["XB"])
    client, jti, expires = desk.check_assertion(one, NOW)
    assert (client, NOW < expires <= NOW + timedelta(minutes=1)) == ("system", True)
    assert desk.check_assertion(other, NOW)[1] != jti, "each has an id of its own"
    assert desk.office_of("system") == "XB"


@pytest.mark.parametrize("spoil", ["key", "client", "audience", "time", "nonsense"])
def test_an_assertion_that_is_not_is_refused(desk, signers, spoil):
    made = {
        "key": assertion(signers["stranger"]),
        "client": assertion(signers["XB"], client_id="another"),
        "audience": assertion(signers["XB"], audience="https://other.example/oauth2/token"),
        "time": assertion(signers["XB"]),
        "nonsense": Secret("a.b.c"),
    }[spoil]
    with pytest.raises(Refused) as refused:
        desk.check_assertion(made, NOW + timedelta(hours=1) if spoil == "time" else NOW)
    assert refused.value.reason is Reason.ASSERTION_INVALID


def test_our_assertions_are_what_a_counterpart_expects(signers):
    made = assertion(signers["XA"], client_id="xa", audience="https://ib.example/token")
    result = verify_assertion(
        made.reveal(),
        audience="https://ib.example/token",
        resolve_client=lambda client: [signers["XA"].public_key] if client == "xa" else [],
        now=NOW,
    )
    assert result.client_id == "xa"
    assert made.reveal() not in repr(made)


def test_the_published_keys_are_the_public_ones(desk, signers):
    (key,) = desk.jwks()["keys"]
    assert (key["kid"], key["use"]) == (signers["XA"].thumbprint, "sig")
    assert "d" not in key
