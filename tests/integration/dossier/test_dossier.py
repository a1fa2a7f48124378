"""A dossier of a real exchange: what is in it, what never is, and that it verifies with nothing else at hand."""

import base64
import json
import re
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from cryptography.x509.oid import NameOID
from dossier_house import CODE, COPY, EMAIL, SECRET, Trust, contents_of, hours, members_of, verify

from gateway.app.dossier_enclosing import DossierTooLarge
from gateway.core.reason import Reason, Refused
from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.note_keys import generate_note_key
from pki.verdict import Indication


def told(verdict):
    return {each.about.partition(" of ")[0]: each for each in verdict.holdings}


@pytest.fixture(scope="module")
def recipient():
    """A court that documents are encrypted for."""
    key = generate_key("RSA-3072")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Registry of the court")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(hours(-1)).not_valid_after(hours(1))
    return key, builder.sign(key, hashes.SHA256())


async def test_it_holds_and_says_since_when(affair):
    verdict = verify(await affair.dossier(), affair.trust)
    assert verdict.holds, verdict.findings
    holds = told(verdict)
    deposited, decided = holds["entry deposited"], holds["entry decided"]
    assert "as of the checkpoint of 1 entries" in deposited.text
    kinds = [words.partition(" ")[0] for words in deposited.since]
    assert sorted(kinds) == ["stamped", "stamped", "witnessed"], "the later time-stamp holds for the earlier entry too"
    assert [words.partition(" ")[0] for words in decided.since] == ["stamped"]
    assert "office's word" not in "".join(deposited.since)
    assert holds["receipt"].since and holds["message 'DepositPriorityDocument' 'm-first'"].since
    assert "the release decisions" in holds and "the documents" in holds
    assert not [remark for remark in verdict.remarks if "not checked" in remark]


async def test_alone_it_holds_together_and_says_that_nobody_vouches_for_its_keys(affair):
    verdict = verify(await affair.dossier())
    assert verdict.holds
    assert len([remark for remark in verdict.remarks if "was not checked" in remark]) == 2
    assert "office's word" in "".join(told(verdict)["entry deposited"].since)


async def test_what_it_says_is_what_is_in_it(affair):
    content = await affair.dossier()
    members, contents = members_of(content), contents_of(content)
    manifest = json.loads(members["manifest.json"])
    assert [member["name"] for member in manifest["members"]] == list(members)[2:]
    for member in manifest["members"]:
        bytes_ = members[member["name"]]
        assert (member["size"], member["sha256"]) == (len(bytes_), sha256(bytes_).hexdigest())
    assert [message["form"] for message in contents["messages"]] == ["soap-head", "soap", "jws"]
    assert all(message["found"].startswith("PASSED") for message in contents["messages"])
    assert [entry["step"] for entry in contents["entries"]] == ["deposited", "decided", "decided"]
    assert contents["documents"][0]["sha256"] == sha256(COPY).hexdigest()
    assert contents["documents"][0]["certification"]["certifiedBy"] == "XA"
    assert [head["size"] for head in contents["log"]["checkpoints"]] == [1, 4]
    cover = members["cover.html"].decode()
    for words in ("What is missing, and why", "2026/000123", sha256(COPY).hexdigest(), "deposited the document"):
        assert words in cover
    assert "http:" not in cover and "https:" not in cover and "src=" not in cover, "nothing is loaded from anywhere"
    assert members["cover.pdf"].startswith(b"%PDF-1.")


async def test_neither_documents_nor_codes_nor_addresses_are_in_it(affair):
    for exchange_id in (affair.deposit, affair.retrieval):
        content = await affair.dossier(exchange_id)
        everything = b"\0".join(readable(bytes_) for bytes_ in members_of(content).values())
        assert SECRET not in everything and b"<Content>" not in everything
        assert EMAIL.encode() not in everything
        assert not re.search(rf"(?<!\w){CODE}(?!\w)".encode(), everything) and b"accessCode" not in everything
    [message] = contents_of(content)["messages"]
    assert "sha256" not in message and "envelope" not in message, "of which the code could be found by trying"
    assert message["sealedSha256"] and "access code" in message["withheld"]


def readable(content):
    """A member, and what every base64 in it says."""
    found = [content]
    for text in re.findall(rb"[A-Za-z0-9+/_-]{16,}", content):
        for start in range(4):
            whole = text[start : start + (len(text) - start) // 4 * 4]
            found.append(base64.b64decode(whole.replace(b"-", b"+").replace(b"_", b"/")))
    return b"\0".join(found)


async def test_documents_leave_encrypted_for_one_recipient(affair, recipient):
    key, certificate = recipient
    content = await affair.dossier(recipient=certificate)
    assert SECRET not in content and verify(content, affair.trust).holds
    members, contents = members_of(content), contents_of(content)
    [document] = contents["documents"]
    assert pkcs7_decrypt_der(members[document["encrypted"]], certificate, key, []) == COPY
    whole = pkcs7_decrypt_der(members[contents["messages"][0]["encrypted"]], certificate, key, [])
    assert sha256(whole).hexdigest() == contents["messages"][0]["sha256"]
    assert base64.b64encode(COPY) in whole and EMAIL.encode() in whole
    retrieval = await affair.dossier(affair.retrieval, recipient=certificate)
    assert not [name for name in members_of(retrieval) if name.endswith(".p7m")], "a code is encrypted for nobody"


async def test_unreleased_documents_do_not_leave_by_a_dossier_either(affair, recipient):
    async with affair.connected() as connection:
        await connection.execute(
            "INSERT INTO decision (hosted, exchange_id, condition, outcome, by, basis, decided_at)"
            " VALUES ('XA', $1, 'secrecy', 'rescinded', 'desk', 'order 1', now())",
            affair.deposit,
        )
    with pytest.raises(Refused) as refused:
        await affair.dossier(recipient=recipient[1])
    assert refused.value.reason is Reason.NOT_RELEASED
    assert verify(await affair.dossier()).holds, "the evidence does"


async def test_that_it_was_handed_out_is_an_entry_with_its_digest(affair):
    content = await affair.dossier()
    [last] = [leaf for leaf in await affair.door.ledger() if leaf["kind"] == "evidenced"]
    assert (last["exchange"], last["digests"]) == (affair.deposit, {"dossier": sha256(content).hexdigest()})
    await affair.order()
    again = await affair.dossier()
    assert [entry["step"] for entry in contents_of(again)["entries"]] == [
        "deposited",
        "decided",
        "decided",
        "evidenced",
    ]
    assert verify(again, affair.trust).holds


async def test_what_is_under_no_checkpoint_yet_is_said(affair):
    await affair.dossier()
    content = await affair.dossier()
    verdict = verify(content, affair.trust)
    assert verdict.holds
    assert [remark for remark in verdict.remarks if "entry evidenced" in remark and "no signed checkpoint" in remark]
    assert [each for each in contents_of(content)["missing"] if each["what"].startswith("the proof of entry")]


async def test_an_exchange_that_is_not_known_has_none(affair):
    with pytest.raises(Refused) as refused:
        await affair.dossier("01a207cb-0000-7000-8000-000000000000")
    assert refused.value.reason is Reason.EXCHANGE_UNKNOWN


async def test_strangers_do_not_vouch(affair):
    content = await affair.dossier()
    stranger = issue_signer("XA gateway", key=generate_key(), now=hours(-1)).certificate
    verdict = verify(content, Trust(certificates=[stranger]))
    assert verdict.indication is Indication.INDETERMINATE and verdict.findings[0][0] == "seal.xml"
    key = generate_note_key("xa.pouch.example/ledger").verifier
    verdict = verify(content, Trust(keys=[key]))
    assert verdict.indication is Indication.FAILED and "no signature of" in verdict.findings[0][1]


async def test_who_issued_the_certificate_vouches_for_it(affair):
    authority = x509.load_pem_x509_certificate((affair.door.folder / "keys" / "ca.pem").read_bytes())
    verdict = verify(await affair.dossier(), Trust(certificates=[authority]))
    assert verdict.holds and not [remark for remark in verdict.remarks if "whose seal" in remark]


async def test_a_time_stamp_of_a_strange_authority_proves_nothing_and_spoils_nothing(affair):
    settings = affair.door.gateway.settings
    file = settings.ledger.timestamping.authority[0].certificates[0]
    file.write_bytes((affair.door.folder / "keys" / "ca.pem").read_bytes())
    verdict = verify(await affair.dossier())
    assert verdict.holds
    assert [words.partition(" ")[0] for words in told(verdict)["entry deposited"].since] == ["witnessed"]
    assert [remark for remark in verdict.remarks if ".tst" in remark and "proves nothing here" in remark]


async def test_what_is_longer_than_a_dossier_takes_is_told_and_no_broken_one_is_made(affair):
    async with affair.connected() as connection:
        await connection.execute(
            "INSERT INTO fact (hosted, exchange_id, name, at, value) VALUES ('XA', $1, 'acknowledgement', now(), $2)",
            affair.deposit,
            "x" * 30_000,
        )
    with pytest.raises(DossierTooLarge):
        await affair.dossier()
    assert not [leaf for leaf in await affair.door.ledger() if leaf["kind"] == "evidenced"]
