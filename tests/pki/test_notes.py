"""Signed notes: what is signed is believed, what is not known is passed over, what is wrong is refused."""

import base64
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pki.keys import UnusableKey
from pki.note_keys import (
    MalformedNote,
    NoteKey,
    NoteKind,
    UnverifiedNote,
    generate_note_key,
    load_note_key,
    parse_vkey,
    write_note_key,
)
from pki.notes import NOTE_LIMIT, SIGNATURE_LIMIT, NoteSignature, parse_note, sign_line, sign_note, verify_note

TEXT = "example.com/log\n7\nnot a root, a note may say anything\n"
SEEN = datetime(2026, 11, 22, 9, 0, 7, tzinfo=UTC)

LOG = generate_note_key("example.com/log")
NEXT = generate_note_key("example.com/log")
WITNESS = generate_note_key("witness.example/w1", NoteKind.COSIGNATURE)


def stranger(number: int) -> NoteSignature:
    """A signature of a key that nobody here knows."""
    return NoteSignature(name=f"stranger.example/{number}", key_id=number.to_bytes(4), signature=b"post-quantum" * 200)


def labels(verified):
    return [signer.verifier.label for signer in verified.signers]


def test_signed_note_gives_its_text_and_its_signer():
    verified = verify_note(sign_note(TEXT, [LOG]), [LOG.verifier])
    assert verified.text == TEXT
    assert labels(verified) == [LOG.verifier.label]
    assert verified.signers[0].at is None


def test_two_keys_sign_while_one_rolls_over_and_either_is_enough():
    note = sign_note(TEXT, [LOG, NEXT])
    assert labels(verify_note(note, [LOG.verifier])) == [LOG.verifier.label]
    assert labels(verify_note(note, [NEXT.verifier])) == [NEXT.verifier.label]
    assert labels(verify_note(note, [NEXT.verifier, LOG.verifier])) == [LOG.verifier.label, NEXT.verifier.label]


def test_witness_signs_the_time_it_saw_a_checkpoint():
    note = sign_note(TEXT, [LOG], others=[sign_line(TEXT, WITNESS, SEEN)])
    verified = verify_note(note, [LOG.verifier, WITNESS.verifier])
    assert [signer.at for signer in verified.signers] == [None, SEEN]


def test_cosignature_with_another_time_is_wrong():
    line = sign_line(TEXT, WITNESS, SEEN)
    for signature in (
        (int.from_bytes(line.signature[:8]) + 1).to_bytes(8) + line.signature[8:],
        b"\xff" * 8 + line.signature[8:],
        line.signature[:-1],
        line.signature[:5],
    ):
        moved = NoteSignature(name=line.name, key_id=line.key_id, signature=signature)
        with pytest.raises(UnverifiedNote):
            verify_note(sign_note(TEXT, [LOG], others=[moved]), [LOG.verifier, WITNESS.verifier])


def test_logs_sign_no_time_and_witnesses_no_text_alone():
    with pytest.raises(ValueError, match="a witness signs a time"):
        sign_line(TEXT, LOG, SEEN)
    with pytest.raises(ValueError, match="a witness signs a time"):
        sign_line(TEXT, WITNESS)


def test_one_key_for_both_kinds_has_two_ids():
    as_witness = NoteKey(name=LOG.name, key=LOG.key, kind=NoteKind.COSIGNATURE)
    assert as_witness.verifier.key_id != LOG.verifier.key_id
    assert parse_vkey(as_witness.verifier.vkey) == as_witness.verifier


def test_sixteen_unknown_signatures_and_more_are_passed_over():
    note = sign_note(TEXT, [LOG], others=[stranger(number) for number in range(SIGNATURE_LIMIT - 1)])
    assert labels(verify_note(note, [LOG.verifier])) == [LOG.verifier.label]


def test_note_with_more_signatures_or_bytes_than_anybody_needs_is_refused():
    with pytest.raises(MalformedNote, match="at most 100 signatures"):
        sign_note(TEXT, [LOG], others=[stranger(number) for number in range(SIGNATURE_LIMIT)])
    with pytest.raises(MalformedNote, match="bytes"):
        parse_note(b"x" * (NOTE_LIMIT + 1))


def test_wrong_signature_of_a_known_key_is_not_made_good_by_another():
    forged = NoteSignature(name=NEXT.name, key_id=NEXT.verifier.key_id, signature=bytes(64))
    note = sign_note(TEXT, [LOG], others=[forged])
    assert labels(verify_note(note, [LOG.verifier])) == [LOG.verifier.label]
    with pytest.raises(UnverifiedNote, match="is wrong"):
        verify_note(note, [LOG.verifier, NEXT.verifier])


def test_key_that_shares_only_name_or_id_is_not_the_known_one():
    signature = LOG.sign(TEXT)
    for name, key_id in ((LOG.name, b"\0\0\0\0"), ("example.org/log", LOG.verifier.key_id)):
        note = sign_note(TEXT, [], others=[NoteSignature(name=name, key_id=key_id, signature=signature)])
        with pytest.raises(UnverifiedNote, match="no signature of"):
            verify_note(note, [LOG.verifier])
    with pytest.raises(UnverifiedNote, match="no key is known"):
        verify_note(sign_note(TEXT, [LOG]), [])


def test_same_signature_twice_counts_once():
    line = sign_line(TEXT, LOG)
    assert len(verify_note(sign_note(TEXT, [], others=[line, line]), [LOG.verifier]).signers) == 1


@settings(max_examples=300)
@given(st.data())
def test_no_byte_of_a_note_can_be_changed(draw):
    note = sign_note(TEXT, [LOG])
    place, bit = draw.draw(st.integers(0, len(note) - 1)), draw.draw(st.integers(0, 7))
    changed = bytearray(note)
    changed[place] ^= 1 << bit
    with pytest.raises((MalformedNote, UnverifiedNote)):
        verify_note(bytes(changed), [LOG.verifier])


def test_text_with_empty_lines_ends_at_the_last_one():
    text = "one\n\n\u2014 not a signature\n\ntwo\n"
    assert verify_note(sign_note(text, [LOG]), [LOG.verifier]).text == text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: b"",
        lambda note: note.removesuffix(b"\n"),
        lambda note: note + b"\n",
        lambda note: note.replace(b"\n\n", b"\n"),
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: note.replace(b"not", b"n\x00t"),
        lambda note: note.replace(b"not", b"n\xfft"),
        lambda note: note.replace("\u2014".encode(), b"-"),
        lambda note: note.replace(b"log ", b"log  "),
        lambda note: note.replace(b"/log ", b"/l+g "),
        lambda note: note[: note.rindex(b" ") + 1] + b"AAAA\n",
        lambda note: note[: note.rindex(b" ") + 1] + b"AAAAAB==\n",
        lambda note: note[: note.rindex(b" ") + 1] + b"\n",
    ],
)
def test_broken_notes_are_refused_before_anybody_believes_them(spoil):
    with pytest.raises(MalformedNote):
        parse_note(spoil(sign_note(TEXT, [LOG])))


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\rb\n"])
def test_text_that_could_not_be_read_again_is_not_signed(text):
    with pytest.raises(MalformedNote):
        sign_note(text, [LOG])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "x" * 257])
def test_names_that_no_note_can_carry_are_refused(name):
    with pytest.raises(MalformedNote):
        generate_note_key(name)


def test_verifier_keys_are_read_as_they_are_written():
    vkey = LOG.verifier.vkey
    assert re.fullmatch(r"example\.com/log\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", vkey)
    assert parse_vkey(f" {vkey}\n") == LOG.verifier


def test_other_verifier_keys_are_refused():
    name, key_id, key = LOG.verifier.vkey.split("+", 2)
    ecdsa = base64.b64encode(b"\x02" + bytes(32)).decode()
    for text in (
        "",
        name,
        f"{name}+{key_id}",
        f"{name}+00000000+{key}",
        f"{name}+{key_id.upper()}x+{key}",
        f"example.org/log+{key_id}+{key}",
        f"{name}+{key_id}+{key[:-4]}",
        f"{name}+{key_id}+{ecdsa}",
        f"{name}+{key_id}+!{key[1:]}",
        f"+{key_id}+{key}",
    ):
        with pytest.raises(MalformedNote):
            parse_vkey(text)


@pytest.mark.parametrize("key", [LOG, WITNESS])
def test_key_survives_the_disk_and_nobody_else_can_read_it(tmp_path, key):
    path = tmp_path / "log.key"
    write_note_key(path, key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_note_key(path).verifier == key.verifier
    with pytest.raises(FileExistsError):
        write_note_key(path, key)
    path.chmod(0o640)
    with pytest.raises(UnusableKey, match="chmod 600"):
        load_note_key(path)


def test_what_is_no_signing_key_is_refused_without_quoting_it(tmp_path):
    path = tmp_path / "log.key"
    write_note_key(path, LOG)
    good = path.read_text()
    secret = good.strip().rpartition("+")[2]
    for spoilt in (
        "",
        good.removeprefix("PRIVATE+KEY+"),
        good.replace("example.com", "example.org"),
        good.replace(secret, secret[:-4]),
        good.replace(secret, base64.b64encode(b"\x07" + bytes(32)).decode()),
        good + "x" * 5000,
    ):
        path.write_text(spoilt)
        with pytest.raises(UnusableKey) as caught:
            load_note_key(path)
        assert secret[:12] not in str(caught.value)
        assert caught.value.__cause__ is None


def test_no_secret_is_in_a_repr():
    secret = LOG.key.private_bytes_raw()
    assert base64.b64encode(b"\x01" + secret).decode()[4:20] not in repr(LOG)
    assert "key=" not in repr(LOG).replace("public_key=", "")
