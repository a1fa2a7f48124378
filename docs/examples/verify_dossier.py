"""Verify an unpacked dossier with the Python standard library and openssl.

    python3 verify_dossier.py FOLDER [LOG.vkey]

    digests      every file is the one that the manifest names, and the manifest the one that the seal names
    entries      every leaf is in the tree of its checkpoint (RFC 6962), each such tree begins with the former
    signatures   the log's on each checkpoint (Ed25519), its witnesses' beside it, the senders' on REST messages (JWS)

XML signatures (seal, receipts, notifications, SOAP messages) and time-stamps are for xmlsec1 and openssl ts: see the
recipe in the auditors' guide. LOG.vkey is the log's verifier key as the office gave it to you; without it the one in
the dossier is used. Exit 0 if all of this holds; otherwise it stops at the first thing that does not, and exits with 1.
"""

import json
import re
import subprocess
import sys
import tempfile
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

#: Before 32 bytes of a raw Ed25519 public key: SubjectPublicKeyInfo (RFC 8410, 4).
ED25519 = bytes.fromhex("302a300506032b6570032100")
DASH = "\u2014 "

#: (name, key id) -> (kind of key, 32 bytes).
Keys = dict[tuple[str, bytes], tuple[int, bytes]]


def must(holds: object, what: str) -> None:
    """Stop at what does not hold."""
    if not holds:
        sys.exit(f"DOES NOT HOLD: {what}")


def openssl(words: list[str], **files: bytes) -> bool:
    """Run openssl with files in the place of their names; whether it says yes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        words = [str(Path(folder, word)) if word in files else word for word in words]
        return subprocess.run(["openssl", *words], capture_output=True).returncode == 0


def check_digests(folder: Path) -> None:
    """Seal, manifest and files."""
    manifest = (folder / "manifest.json").read_bytes()
    seal = (folder / "seal.xml").read_text("utf-8")
    named = re.search(r"<Manifest><Size>(\d+)</Size><Sha256>([0-9a-f]{64})</Sha256></Manifest>", seal)
    must(named and named[2] == sha256(manifest).hexdigest(), "the seal is that of this manifest")
    must(re.findall(r"<ds:Reference URI=\"(.*?)\">", seal) == [""], "the seal's signature covers the whole seal")
    members = {member["name"]: member for member in json.loads(manifest)["members"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    must(there == {*members, "manifest.json", "seal.xml"}, "the folder has the manifest's files and no others")
    for name, member in members.items():
        must(
            sha256((folder / name).read_bytes()).hexdigest() == member["sha256"], f"{name} is the file that was sealed"
        )


def node(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return sha256(b"\x01" + left + right).digest()


def check_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    place, last, digest = index, size - 1, sha256(b"\x00" + leaf).digest()
    for part in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node(part, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node(digest, part)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == root


def check_consistency(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162, 2.1.4.2."""
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not path:
        return False
    former = latter = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            former, latter = node(part, former), node(part, latter)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            latter = node(latter, part)
        place, last = place >> 1, last >> 1
    return last == 0 and former == old_root and latter == new_root


def read_keys(*files: Path) -> Keys:
    """Verifier keys, name+hash+base64, as {(name, key id): (kind, 32 bytes)} (C2SP signed-note)."""
    found = {}
    for file in files:
        for line in file.read_text("utf-8").split():
            name, hashed, encoded = line.split("+", 2)
            key = b64decode(encoded)
            must(sha256(name.encode() + b"\n" + key).hexdigest()[:8] == hashed, f"{file.name} is a verifier key")
            found[name, bytes.fromhex(hashed)] = (key[0], key[1:])
    return found


def check_note(note: str, keys: Keys) -> tuple[int, bytes, list[tuple[str, str | None]]]:
    """Origin, size and root of a signed checkpoint, and who has signed it: (name, time or None)."""
    text, _, below = note.rpartition("\n\n")
    text, signers = text + "\n", []
    for line in below.splitlines():
        name, encoded = line.removeprefix(DASH).split(" ")
        key_id, signature = b64decode(encoded)[:4], b64decode(encoded)[4:]
        if (name, key_id) not in keys:
            continue
        kind, key = keys[name, key_id]
        message, at = text.encode(), None
        if kind == 4:  # a witness signs the time too (C2SP tlog-cosignature)
            at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {at}\n{text}".encode()
        words = [
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key",
            "-keyform",
            "DER",
            "-rawin",
            "-in",
            "text",
            "-sigfile",
        ]
        must(openssl([*words, "sig"], key=ED25519 + key, text=message, sig=signature), f"the signature of {name}")
        signers.append((name, at and datetime.fromtimestamp(at, UTC).isoformat()))
    origin, size, root = text.splitlines()[:3]
    must(any(name == origin and at is None for name, at in signers), f"the log {origin} has signed its checkpoint")
    return int(size), b64decode(root), signers


def check_log(folder: Path, contents: dict[str, Any], keys: Keys) -> None:
    """Checkpoints, the proofs between them, and every entry's."""
    log: dict[str, Any] = contents["log"]
    heads: dict[int, bytes] = {}
    notes: dict[int, str] = {}
    for head in log.get("checkpoints", []):
        note = (folder / head["note"]).read_text("utf-8")
        lines = (folder / head["cosignatures"]).read_text("utf-8") if "cosignatures" in head else ""
        size, root, signers = check_note(note + lines, keys)
        must(size == head["size"], f"{head['note']} is of {head['size']} entries")
        heads[size], notes[size] = root, note + lines
        for name, at in signers:
            print(f"  checkpoint of {size} entries: signed by {name}" + (f", who saw it at {at}" if at else ""))  # noqa: T201
    for step in log.get("consistency", []):
        body = json.loads((folder / step["proof"]).read_bytes())
        proof = [b64decode(digest) for digest in body["proof"]]
        old, new = step["oldSize"], step["newSize"]
        must(check_consistency(old, new, proof, heads[old], heads[new]), f"{step['proof']} joins the checkpoints")
    must(len(log.get("consistency", [])) == max(0, len(heads) - 1), "each checkpoint is joined to the next")
    for entry in contents["entries"]:
        leaf = (folder / entry["leaf"]).read_bytes()
        said = json.loads(leaf[1:])
        must((said["id"], said["kind"]) == (entry["entryId"], entry["step"]), f"{entry['leaf']} is this entry's")
        if "proof" not in entry:
            print(f"  entry {entry['step']}: under no signed checkpoint yet")  # noqa: T201
            continue
        text, _, note = (folder / entry["proof"]).read_text("utf-8").partition("\n\n")
        must(note == notes[entry["size"]], f"{entry['proof']} is about that checkpoint")
        lines = text.split("\n")
        index, proof = int(lines[1].removeprefix("index ")), [b64decode(line) for line in lines[2:]]
        must(check_inclusion(leaf, index, entry["size"], proof, heads[entry["size"]]), f"{entry['proof']} proves it")
        where = f"entry {index}, {entry['step']}: in the log as of {entry['size']} entries"
        print(f"  {where}; {said['at']} by its own clock")  # noqa: T201


def check_jws(folder: Path, message: dict[str, Any]) -> None:
    """A REST message with its sender's signature: ES256 or RS256 (RFC 7515)."""
    header, payload, signature = (folder / message["envelope"]).read_bytes().split(b".")
    algorithm = json.loads(urlsafe_b64decode(header + b"=" * (-len(header) % 4)))["alg"]
    raw = urlsafe_b64decode(signature + b"=" * (-len(signature) % 4))
    if algorithm.startswith("ES"):  # r and s of fixed width, as DER (RFC 3279, 2.2.3)
        parts = [int.from_bytes(half, "big") for half in (raw[: len(raw) // 2], raw[len(raw) // 2 :])]
        ints = b"".join(bytes([2, n.bit_length() // 8 + 1]) + n.to_bytes(n.bit_length() // 8 + 1, "big") for n in parts)
        raw = bytes([0x30, len(ints)]) + ints
    pem = (folder / message["certificate"]).read_bytes()
    public = subprocess.run(["openssl", "x509", "-pubkey", "-noout"], input=pem, capture_output=True, check=True).stdout
    words = ["dgst", f"-sha{algorithm[2:]}", "-verify", "key", "-signature", "sig", "text"]
    must(openssl(words, key=public, sig=raw, text=header + b"." + payload), f"the signature of {message['envelope']}")
    must(urlsafe_b64encode(urlsafe_b64decode(payload + b"==")).rstrip(b"=") == payload, "its payload is base64url")
    print(f"  {message['operation']} {message['messageId']}: signed by {message['sender']}")  # noqa: T201


def main(folder: Path, *keys: str) -> None:
    """Check everything this program can."""
    check_digests(folder)
    contents = json.loads((folder / "exchange.json").read_bytes())
    log = contents["log"]
    files = [Path(key) for key in keys] or [folder / log["verifierKeys"]]
    witnesses = [folder / log["witnessKeys"]] if "witnessKeys" in log else []
    check_log(folder, contents, read_keys(*files, *witnesses))
    for message in contents["messages"]:
        if message.get("form") == "jws" and "certificate" in message:
            check_jws(folder, message)
    print("All of this holds. What is left: xmlsec1 for the XML signatures, openssl ts for the time-stamps.")  # noqa: T201


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), *sys.argv[2:])
