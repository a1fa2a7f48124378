"""Every change of a dossier is found: of its bytes, its members, and what stands in them under a seal of one's own.

POUCH_MUTATIONS says how many are tried (300 by default).
"""

import json
import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from dossier_house import Trust, hours, members_of, verify
from mutations import KINDS, flip, mutate, rewritten
from resealing import resealed

from gateway.wire.dossier import read_json
from gateway.wire.dossier_contents import Contents
from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.verdict import Indication

COUNT = int(os.environ.get("POUCH_MUTATIONS", "300"))


async def test_every_change_is_found(affair):
    content, other = await affair.dossier(), await affair.dossier(affair.retrieval)
    assert verify(content).holds and verify(other).holds
    seed = random.randrange(1 << 32)
    tried, missed = Counter(), []
    for kind, changed in mutate(content, other, COUNT, seed):
        tried[kind] += 1
        verdict = verify(changed)
        if verdict.indication is not Indication.FAILED:
            missed.append((kind, verdict.indication))
    print(f"seed {seed}: {sum(tried.values())} changes tried, {len(missed)} missed")
    assert missed == [], f"seed {seed}"
    assert sum(tried.values()) == COUNT
    assert COUNT < 300 or len(tried) >= len(KINDS) - 3


async def test_every_byte_of_the_small_parts_counts(affair):
    """The manifest, the seal and every header: each byte is changed, one after the other."""
    content = await affair.dossier()
    end = content.index(b"certificates/") + 200
    directory = content.index(b"PK\x01\x02")
    places = [*range(end), *range(directory, len(content))]
    step = max(1, len(places) // (COUNT * 4))
    missed = []
    for at in places[::step]:
        for byte in (content[at] ^ 0x01, content[at] ^ 0x20):
            changed = content[:at] + bytes([byte]) + content[at + 1 :]
            if verify(changed).indication is not Indication.FAILED:
                missed.append(at)
    assert missed == []


@pytest.fixture
def stranger():
    return issue_signer("XA gateway", key=generate_key(), now=hours(-1))


def now():
    return datetime.now(UTC).replace(microsecond=0)


async def test_who_seals_anew_does_not_reach_what_others_have_signed(affair, stranger):
    """Under a stranger's seal, and even under the office's own: leaves, proofs, notes, tokens, receipts, messages."""
    content = await affair.dossier()
    members = members_of(content)
    assert verify(resealed(members, content, stranger, now())).holds, "it holds together by itself"
    assert not verify(resealed(members, content, stranger, now()), affair.trust).holds, "and nobody vouches for it"
    pick = random.Random(7)
    own = affair.door.keys["XA gateway"]
    for name in members:
        if name in ("manifest.json", "seal.xml", "exchange.json") or name.startswith("cover."):
            continue  # these the office may write as it likes; the next test is about what they say
        if name.endswith((".pem", ".tst")):
            continue  # a token brings certificates beside its signature that nobody needs to look at
        for _ in range(6):
            changed = {**members, name: flip(members[name], None, pick)}
            for trust in (Trust(), affair.trust):
                verdict = verify(resealed(changed, content, own, now()), trust)
                assert not verdict.holds, name


#: What exchange.json could be made to say instead; None takes a member out.
OTHERWISE = {
    "documents.0.sha256": "0" * 64,
    "documents.0.size": 1,
    "decisions.0.by": "somebody else",
    "decisions.1.basis": "another form",
    "messages.0.acceptedAt": "2026-11-01T00:00:00Z",
    "messages.0.sender": "XB",
    "messages.0.messageId": "m-other",
    "messages.0.sha256": "0" * 64,
    "messages.0.payloadSha256": "0" * 64,
    "messages.1.envelope": "messages/002/receipt.xml",
    "messages.1.form": "unsigned",
    "messages.2.form": "soap",
    "entries.0.seq": 1,
    "entries.0.size": 4,
    "entries.0.step": "replaced",
    "entries.0.at": "2026-11-01T00:00:00Z",
    "entries.0.leaf": "cover.html",
    "entries.0.proof": "not/there",
    "entries.0.disclosed.0.salt": "0" * 64,
    "log.checkpoints.0.size": 2,
    "log.checkpoints.0.note": "ledger/checkpoints/4.note",
    "log.checkpoints.0.timeStamps.0.token": "ledger/checkpoints/4.1.tst",
    "log.consistency.0.oldSize": 2,
    "log.consistency": None,
    "log.verifierKeys": "ledger/witnesses.vkey",
    "exchange.exchangeId": "01a207cb-0000-7000-8000-000000000000",
    "exchange.office": "XB",
}


async def test_even_under_the_office_s_own_seal_what_is_said_must_agree_with_what_is_signed(affair):
    content = await affair.dossier()
    members = members_of(content)
    agreed = []
    for path, value in OTHERWISE.items():
        changed = {**members, "exchange.json": said_otherwise(members["exchange.json"], path, value)}
        if verify(resealed(changed, content, affair.door.keys["XA gateway"], now())).holds:
            agreed.append(path)
    assert agreed == []


def said_otherwise(written, path, value):
    said = json.loads(written)
    *way, last = path.split(".")
    place = said
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    assert place[last] != value
    if value is None:
        del place[last]
    else:
        place[last] = value
    changed = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    read_json(changed, Contents)
    return changed


async def test_without_the_proof_between_them_a_later_time_stamp_says_nothing_of_an_earlier_entry(affair):
    content = await affair.dossier()
    members = members_of(content)
    told = [len(each.since) for each in verify(content).holdings if each.about.startswith("entry")]
    members["exchange.json"] = said_otherwise(members["exchange.json"], "log.consistency", None)
    verdict = verify(resealed(members, content, affair.door.keys["XA gateway"], now()))
    assert verdict.indication is Indication.INDETERMINATE
    assert told == [3, 1, 1]
    assert [len(each.since) for each in verdict.holdings if each.about.startswith("entry")] == [2, 1, 1]


async def test_a_seal_from_before_or_after_its_certificate_leaves_it_open(affair, stranger):
    members = members_of(await affair.dossier())
    for at in (now() - timedelta(days=1), now() + timedelta(days=5000)):
        verdict = verify(resealed(members, b"", stranger, at))
        assert verdict.indication is Indication.INDETERMINATE and verdict.findings[0][0] == "seal.xml"


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"\0" * 100_000, b"<xml/>"])
def test_what_is_no_dossier_is_told_and_nothing_is_raised(content):
    verdict = verify(content)
    assert verdict.indication is Indication.FAILED and verdict.findings


async def test_the_same_members_in_another_zip_are_not_the_dossier(affair):
    content = await affair.dossier()
    assert rewritten(members_of(content).items(), content) == content, "the test's own writer is right"
