"""Logs made for the tests, by the definitions of the standard and not by the code that verifies them."""

import base64
import hashlib
from pathlib import Path

from pki.note_keys import NoteKey, generate_note_key
from pki.notes import sign_note

KEY = generate_note_key("log.example/xa")


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:half]) + tree_hash(leaves[half:])).digest()


def leaves_of(entries: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]


def signed(entries: list[bytes], *keys: NoteKey, origin: str = KEY.name) -> bytes:
    root = base64.b64encode(tree_hash(leaves_of(entries))).decode()
    return sign_note(f"{origin}\n{len(entries)}\n{root}\n", keys or [KEY])


def write_rows(folder: Path, rows: list[bytes], index: int) -> None:
    """A tile or bundle: up to 256 rows, in the file whose name says how many."""
    digits = f"{index:03d}"
    assert index < 1000
    file = folder / digits if len(rows) == 256 else folder / f"{digits}.p" / str(len(rows))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(rows))


def write_log_into(folder: Path, entries: list[bytes], also: tuple[int, ...] = ()) -> Path:
    """Write a log of these entries, with the checkpoints and partial tiles of `also` earlier sizes."""
    leaves = leaves_of(entries)
    for size in (*also, len(entries)):
        for start in range(0, size, 256):
            end = min(start + 256, size)
            bundle = [len(entry).to_bytes(2, "big") + entry for entry in entries[start:end]]
            write_rows(folder / "tile" / "entries", bundle, start // 256)
            write_rows(folder / "tile" / "0", leaves[start:end], start // 256)
        level, hashes = 1, [tree_hash(leaves[at : at + 256]) for at in range(0, size // 256 * 256, 256)]
        while hashes:
            for start in range(0, len(hashes), 256):
                write_rows(folder / "tile" / str(level), hashes[start : start + 256], start // 256)
            whole = len(hashes) // 256
            hashes = [tree_hash(hashes[at * 256 : at * 256 + 256]) for at in range(whole)]
            level += 1
        folder.mkdir(exist_ok=True)
        (folder / f"checkpoint.{size}").write_bytes(signed(entries[:size]))
    (folder / "checkpoint").write_bytes(signed(entries))
    return folder
