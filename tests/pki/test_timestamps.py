"""Time-stamps: honest ones hold at any later time, and every way of being wrong is named."""

import random
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pki.timestamp_token import TOKEN_LIMIT
from pki.timestamps import (
    NotGranted,
    UnverifiedTimeStamp,
    read_answer,
    request_token_bytes,
    verify_token,
)
from sandbox.tsa.authority import make_authority
from sandbox.tsa.stamping import POLICY, Manner, answer, is_request

NOTE = "office.example/ledger\n12\nqqq=\n\n\u2014 office.example/ledger c2lnbmF0dXJl\n".encode()
AT = datetime(2026, 11, 23, 9, 0, 0, 250000, tzinfo=UTC)
NONCE = 2**63 + 11
#: What a hostile answer is refused for; the rest of the manners are honest in effect.
REFUSED = {
    Manner.BARE: "NO_SIGNING_CERTIFICATE_FOUND",
    Manner.OTHER_DIGEST: "HASH_FAILURE",
    Manner.EXPIRED: "EXPIRED",
    Manner.NOT_CRITICAL: "CHAIN_CONSTRAINTS_FAILURE",
    Manner.FROM_FUTURE: "MESSAGE_FROM_FUTURE",
    Manner.FROM_PAST: "NOT_YET_VALID",
    Manner.TORN_SIGNATURE: "SIG_CRYPTO_FAILURE",
}


@pytest.fixture(scope="module")
def authority():
    return make_authority(AT)


def token_of(authority, manner=Manner.HONEST, at=AT, message=NOTE, **options):
    request = request_token_bytes(message, NONCE, **options)
    return read_answer(answer(authority, request, serial=7, at=at, manner=manner))


def refusal(token, message=NOTE, at=AT, roots=()):
    with pytest.raises(UnverifiedTimeStamp) as caught:
        verify_token(token, message, roots=roots, at=at)
    return caught.value.sub_indication.name


@pytest.mark.parametrize("manner", [Manner.HONEST, Manner.UNSORTED])
def test_an_honest_token_says_when_under_which_policy_and_by_whom(authority, manner):
    stamp = verify_token(token_of(authority, manner), NOTE, roots=[authority.root], at=AT)
    assert (stamp.gen_time, stamp.serial, stamp.policy, stamp.nonce) == (AT, 7, POLICY, NONCE)
    assert stamp.accuracy == timedelta(seconds=1)
    assert stamp.signer == authority.stamping.certificate
    assert stamp.chain == (authority.stamping.certificate, authority.between, authority.root)


def test_certificates_out_of_order_are_refused_by_the_library_alone(authority):
    """If this fails, the second parser has become needless."""
    from rfc3161_client import decode_timestamp_response

    request = request_token_bytes(NOTE, NONCE)
    decode_timestamp_response(answer(authority, request, serial=1, at=AT))
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(answer(authority, request, serial=1, at=AT, manner=Manner.UNSORTED))


@pytest.mark.parametrize(("manner", "expected"), REFUSED.items(), ids=str)
def test_what_is_wrong_is_named(authority, manner, expected):
    assert refusal(token_of(authority, manner), roots=[authority.root]) == expected


def test_a_rejection_tells_the_status_and_no_foreign_text(authority):
    with pytest.raises(NotGranted, match=r"^rejection: time_not_available$"):
        token_of(authority, Manner.REJECTION)


def test_validity_is_judged_when_it_was_stamped(authority):
    """The certificates end with 2036; looked at in 2050 the token still holds, and a stamp made in 2050 does not."""
    late = AT + timedelta(days=24 * 365)
    token = token_of(authority)
    assert verify_token(token, NOTE, roots=[authority.root], at=late).gen_time == AT
    assert verify_token(token, NOTE, roots=[authority.root], at=None).gen_time == AT
    assert refusal(token_of(authority, at=late), at=late, roots=[authority.root]) == "EXPIRED"


def test_only_the_roots_given_are_believed(authority):
    stranger = make_authority(AT)
    token = token_of(authority)
    assert refusal(token, roots=[stranger.root]) == "NO_CERTIFICATE_CHAIN_FOUND"
    assert refusal(token, roots=[]) == "NO_CERTIFICATE_CHAIN_FOUND"
    assert refusal(token, roots=[authority.between]) == "NO_CERTIFICATE_CHAIN_FOUND"  # on the way, not a root
    assert verify_token(token, NOTE, roots=[stranger.root, authority.root], at=AT).gen_time == AT


def test_the_policy_asked_for_is_the_policy_answered(authority):
    token = token_of(authority, policy="1.2.3.4")
    assert verify_token(token, NOTE, roots=[authority.root], at=AT).policy == "1.2.3.4"


def test_no_changed_byte_changes_what_a_token_says(authority):
    """What is signed cannot be altered unseen; what is not signed says nothing."""
    token = token_of(authority)
    honest = verify_token(token, NOTE, roots=[authority.root], at=AT)
    chance = random.Random(20261123)
    refused = 0
    for place in range(len(token)):
        spoiled = bytearray(token)
        spoiled[place] ^= 1 << chance.randrange(8)
        try:
            assert verify_token(bytes(spoiled), NOTE, roots=[authority.root], at=AT) == honest
        except UnverifiedTimeStamp:
            refused += 1
    assert refused > 0.5 * len(token)


def test_nonsense_is_malformed(authority):
    token = token_of(authority)
    heaps = [b"", b"\x30", b"\x30\x80", b"0" * 100, token[:-1], token + b"\x00", b"\x30\x84\xff\xff\xff\xff" + token]
    heaps += [b"\x30\x82" * 20_000, token + bytes(TOKEN_LIMIT)]
    for heap in heaps:
        assert refusal(heap, roots=[authority.root]) == "FORMAT_FAILURE"
        with pytest.raises(UnverifiedTimeStamp):
            read_answer(heap)


def test_a_request_is_what_the_standard_says(authority):
    assert is_request(request_token_bytes(NOTE, NONCE))
    assert request_token_bytes(NOTE, 1) != request_token_bytes(NOTE, 2)


def run(*words, folder):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.debian("openssl")
def test_openssl_verifies_what_the_sandbox_stamps_and_reads_what_we_ask(authority, tmp_path):
    now = datetime.now(UTC)
    ours = make_authority(now)
    request = request_token_bytes(NOTE, NONCE)
    (tmp_path / "note").write_bytes(NOTE)
    (tmp_path / "request").write_bytes(request)
    (tmp_path / "answer").write_bytes(answer(ours, request, serial=3, at=now))
    (tmp_path / "token").write_bytes(read_answer((tmp_path / "answer").read_bytes()))
    (tmp_path / "root.pem").write_bytes(ours.root.public_bytes(Encoding.PEM))
    read = run("openssl", "ts", "-query", "-in", "request", "-text", folder=tmp_path)
    assert "Nonce: 0x800000000000000B" in read.stdout, read.stdout + read.stderr
    whole = ("openssl", "ts", "-verify", "-queryfile", "request", "-in", "answer", "-CAfile", "root.pem")
    assert "Verification: OK" in run(*whole, folder=tmp_path).stdout
    bare = ("openssl", "ts", "-verify", "-data", "note", "-in", "token", "-token_in", "-CAfile", "root.pem")
    assert "Verification: OK" in run(*bare, folder=tmp_path).stdout


@pytest.mark.debian("openssl")
@pytest.mark.parametrize("chain", [False, True], ids=["signer alone", "with -chain"])
def test_what_openssl_stamps_is_verified(tmp_path, chain):
    """A real authority of OpenSSL's: key usage, ESSCertID and the order of certificates are its own."""
    now = datetime.now(UTC)
    ours = make_authority(now)
    pem = {"root": ours.root, "between": ours.between, "stamping": ours.stamping.certificate}
    for name, certificate in pem.items():
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "chain.pem").write_bytes(b"".join(pem[name].public_bytes(Encoding.PEM) for name in ("between", "root")))
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    key = ours.stamping.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "stamping.key").write_bytes(key)
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=stamping.pem\nsigner_key=stamping.key\n"
        "signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\nclock_precision_digits=3\n"
        "tsa_name=yes\naccuracy=secs:1\n"
    )
    (tmp_path / "request").write_bytes(request_token_bytes(NOTE, NONCE))
    words = [
        "openssl",
        "ts",
        "-reply",
        "-queryfile",
        "request",
        "-config",
        "tsa.cnf",
        "-section",
        "t",
        "-out",
        "answer",
    ]
    made = run(*words, *(("-chain", "chain.pem") if chain else ()), folder=tmp_path)
    assert made.returncode == 0, made.stderr
    roots = [ours.root] if chain else [ours.root, ours.between]
    stamp = verify_token(read_answer((tmp_path / "answer").read_bytes()), NOTE, roots=roots, at=datetime.now(UTC))
    assert (stamp.policy, stamp.nonce, stamp.chain[-1]) == ("1.2.3.4", NONCE, ours.root)


@pytest.mark.debian("openssl")
def test_the_auditors_recipe_verifies_years_after_the_certificates_expired(tmp_path):
    """As docs/auditors.md writes it: the moment that the token names is given to OpenSSL by -attime."""
    then = datetime(2019, 5, 1, 12, 0, tzinfo=UTC)
    authority = make_authority(then, years=2)
    token = token_of(authority, at=then)
    assert verify_token(token, NOTE, roots=[authority.root], at=datetime.now(UTC)).gen_time == then
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "note").write_bytes(NOTE)
    (tmp_path / "root.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    recipe = ("openssl", "ts", "-verify", "-data", "note", "-in", "token", "-token_in", "-CAfile", "root.pem")
    assert "expired" in run(*recipe, folder=tmp_path).stderr
    shown = run("openssl", "ts", "-reply", "-in", "token", "-token_in", "-text", folder=tmp_path).stdout
    assert "Time stamp: May  1 12:00:00 2019 GMT" in shown
    assert "Verification: OK" in run(*recipe, "-attime", str(int(then.timestamp())), folder=tmp_path).stdout
