"""Proof files: read back as written, and strictly."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.tlog_checkpoint import CHECKPOINT_LIMIT, render_hash
from gateway.wire.tlog_proof import (
    PROOF_LIMIT,
    ConsistencyBody,
    InclusionBody,
    LogProof,
    parse_proof,
    render_proof,
)
from gateway.wire.tlog_tiles import MalformedLog

ONE, TWO = hashlib.sha256(b"1").digest(), hashlib.sha256(b"2").digest()
NOTE = "example.com/log\n5\nAAA=\n\n\u2014 example.com/log BBBB\n".encode()
PROOF = LogProof(index=73894, proof=(ONE, TWO), checkpoint=NOTE)
FILE = render_proof(PROOF)


def test_file_is_that_of_the_standard() -> None:
    assert (f"c2sp.org/tlog-proof@v1\nindex 73894\n{render_hash(ONE)}\n{render_hash(TWO)}\n\n".encode() + NOTE) == FILE
    assert b"@v1\nextra AP8=\nindex 0\n\n" in render_proof(
        LogProof(index=0, proof=(), checkpoint=NOTE, extra=b"\x00\xff")
    )


@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=PROOF_LIMIT),
    st.none() | st.binary(min_size=1, max_size=50),
)
def test_every_proof_is_read_back(index: int, digests: list[bytes], extra: bytes | None) -> None:
    proof = LogProof(index=index, proof=tuple(digests), checkpoint=NOTE, extra=extra)
    assert parse_proof(render_proof(proof)) == proof


@pytest.mark.parametrize(
    "content",
    [
        b"",
        FILE.replace(b"@v1", b"@v2"),
        b"\n" + FILE,
        FILE.replace(b"\n\n", b"\n", 1),
        FILE.replace(b"index", b"Index"),
        FILE.replace(b"index 73894\n", b""),
        FILE.replace(b"73894", b"073894"),
        FILE.replace(b"73894", b"-1"),
        FILE.replace(b"index", b"extra !\nindex"),
        FILE.replace(b"index", b"extra AAAA\nextra AAAA\nindex"),
        FILE.replace(render_hash(ONE).encode(), b"\xc3\xa9"),
        FILE.replace(render_hash(ONE).encode(), render_hash(ONE).encode()[:-1]),
        FILE.replace(render_hash(ONE).encode(), b"\n".join([render_hash(ONE).encode()] * 64)),
        FILE.replace(NOTE, b""),
        FILE.replace(NOTE, NOTE * (CHECKPOINT_LIMIT // len(NOTE) + 1)),
    ],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedLog):
        parse_proof(content)


@pytest.mark.parametrize(
    "proof",
    [
        LogProof(index=-1, proof=(), checkpoint=NOTE),
        LogProof(index=0, proof=(b"short",), checkpoint=NOTE),
        LogProof(index=0, proof=(ONE,) * 65, checkpoint=NOTE),
        LogProof(index=0, proof=(), checkpoint=b""),
    ],
)
def test_what_could_not_be_read_again_is_not_written(proof: LogProof) -> None:
    with pytest.raises(ValueError):
        render_proof(proof)


def test_bodies_are_in_camel_case_and_read_back() -> None:
    inclusion = InclusionBody(
        leaf_index=1, tree_size=2, leaf_hash=render_hash(ONE), root_hash=render_hash(TWO), proof=[render_hash(TWO)]
    )
    written = msgspec.json.encode(inclusion)
    assert set(msgspec.json.decode(written)) == {
        "leafIndex", "treeSize", "leafHash", "rootHash", "proof", "checkpoint",
    }  # fmt: skip
    assert msgspec.json.decode(written, type=InclusionBody) == inclusion
    consistency = ConsistencyBody(
        old_size=1, new_size=2, old_root_hash=render_hash(ONE), new_root_hash=render_hash(TWO), proof=[]
    )
    assert msgspec.json.decode(msgspec.json.encode(consistency), type=ConsistencyBody) == consistency


@pytest.mark.parametrize(
    "change",
    [
        {"leafIndex": -1},
        {"treeSize": 2**63},
        {"treeSize": "2"},
        {"leafHash": "AAAA"},
        {"rootHash": render_hash(ONE) + "\n"},
        {"proof": [render_hash(ONE)] * 65},
        {"proof": None},
        {"unknown": 1},
    ],
)
def test_other_bodies_are_refused(change: dict[str, object]) -> None:
    good = {
        "leafIndex": 0, "treeSize": 2, "leafHash": render_hash(ONE), "rootHash": render_hash(TWO),
        "proof": [render_hash(TWO)],
    }  # fmt: skip
    msgspec.convert(good, InclusionBody)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(good | change, InclusionBody)
