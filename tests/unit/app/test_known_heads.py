"""What memory and exports know of a log: only what is of its name and signed by its key."""

from datetime import UTC, datetime

import pytest

from gateway.app.known_heads import known_heads, newest_export
from gateway.app.log_memory import LogMemory
from gateway.app.sequencing import sign_head
from gateway.core.standing import Cause
from gateway.store.ledger_read import LedgerDamaged
from pki.note_keys import generate_note_key

ORIGIN = "xa.example/ledger"
KEY, STRANGER, ANEW = generate_note_key(ORIGIN), generate_note_key(ORIGIN), generate_note_key(f"{ORIGIN}/2")
AT = datetime(2026, 11, 23, tzinfo=UTC)


def note(size, key=KEY):
    return sign_head([key], size, bytes([size]) * 32, AT).note


@pytest.fixture
def memory(tmp_path):
    return LogMemory(tmp_path / "storage")


@pytest.fixture
def exports(tmp_path):
    (tmp_path / "exports" / "xa").mkdir(parents=True)
    return tmp_path / "exports"


def known(memory, exports=None):
    heads = known_heads(memory, exports, "XA", ORIGIN, [KEY.verifier])
    return [(head.source, head.checkpoint.size) for head in heads]


def test_nothing_is_known_of_a_new_log(memory, exports):
    assert known(memory) == known(memory, exports) == known(memory, exports / "none") == []


def test_the_memory_is_of_one_log(memory):
    memory.keep("XA", note(5))
    assert known(memory) == [("memory", 5)]
    memory.keep("XA", note(7, ANEW))
    assert known(memory) == []


def test_a_memory_that_cannot_be_read_is_damage(memory, tmp_path):
    memory.keep("XA", b"nonsense")
    with pytest.raises(LedgerDamaged) as damage:
        known(memory)
    assert damage.value.cause is Cause.MEMORY


def test_a_memory_is_laid_aside_and_kept(memory, tmp_path):
    memory.lay_aside("XA", 1)
    memory.keep("XA", note(5))
    memory.lay_aside("XA", 1)
    assert known(memory) == []
    assert (tmp_path / "storage" / "ledger" / "XA.checkpoint.1").read_bytes() == note(5)


def test_the_greatest_checkpoint_of_an_export_counts(memory, exports):
    (exports / "xa" / "checkpoint.3").write_bytes(note(3))
    (exports / "xa" / "checkpoint.40").write_bytes(note(40))
    (exports / "xa" / "checkpoint.9").write_bytes(note(9))
    assert known(memory, exports) == [("export", 40)]
    (exports / "checkpoint").write_bytes(note(41))
    found = newest_export(exports, ORIGIN, [KEY.verifier])
    assert (found.checkpoint.size, found.folder) == (41, exports)


@pytest.mark.parametrize(
    "content", [b"nonsense", note(50, STRANGER), note(50, ANEW), note(50).replace(b"50", b"51"), b"x" * (1 << 20)]
)
def test_what_our_key_has_not_signed_is_passed_over(memory, exports, content):
    (exports / "xa" / "checkpoint.50").write_bytes(content)
    (exports / "xa" / "checkpoint.3").write_bytes(note(3))
    (exports / "xa" / "checkpoint.old").write_bytes(note(60))
    assert known(memory, exports) == [("export", 3)]
