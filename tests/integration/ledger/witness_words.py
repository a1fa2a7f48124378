"""A log and a witness's reader written from the C2SP texts alone: the referee, which imports nothing of ours.

signed-note, tlog-checkpoint, tlog-cosignature v1, tlog-witness; hashes and proofs after RFC 6962 section 2.1.
"""

import base64
import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def b64(content):
    return base64.b64encode(content).decode()


def leaf(content):
    return hashlib.sha256(b"\x00" + content).digest()


def split(size):
    """The largest power of two smaller than size."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves):
    """MTH of RFC 6962, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


def proof(old, leaves, whole=True):
    """PROOF(m, D[n]) of RFC 6962 section 2.1.2."""
    if old == 0 or (old == len(leaves) and whole):
        return []
    if old == len(leaves):
        return [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*proof(old, leaves[:k], whole), root(leaves[k:])]
    return [*proof(old - k, leaves[k:], False), root(leaves[:k])]


class RefereeLog:
    """A log of another party: its key, its leaves, its signed checkpoints."""

    def __init__(self, origin, leaves=()):
        self.origin = origin
        self.key = Ed25519PrivateKey.generate()
        self.leaves = [leaf(content) for content in leaves]

    @property
    def vkey(self):
        typed = b"\x01" + self.key.public_key().public_bytes_raw()
        return f"{self.origin}+{self._id().hex()}+{b64(typed)}"

    def _id(self):
        typed = b"\x01" + self.key.public_key().public_bytes_raw()
        return hashlib.sha256(self.origin.encode() + b"\n" + typed).digest()[:4]

    def grow(self, count):
        start = len(self.leaves)
        self.leaves += [leaf(f"{self.origin} {number}".encode()) for number in range(start, start + count)]
        return self

    def text(self, size=None):
        leaves = self.leaves if size is None else self.leaves[:size]
        return f"{self.origin}\n{len(leaves)}\n{b64(root(leaves))}\n"

    def sign(self, text):
        signature = b64(self._id() + self.key.sign(text.encode()))
        return f"{text}\n\u2014 {self.origin} {signature}\n".encode()

    def note(self, size=None):
        return self.sign(self.text(size))

    def request(self, old, size=None):
        """The body of add-checkpoint."""
        leaves = self.leaves if size is None else self.leaves[:size]
        lines = "".join(f"{b64(digest)}\n" for digest in proof(old, leaves))
        return f"old {old}\n{lines}\n".encode() + self.note(size)


def cosigned_at(vkey, text, lines):
    """Check the cosignature in a witness's answer; gives its time in seconds. AssertionError if there is none."""
    name, key_id, typed = vkey.split("+", 2)
    typed = base64.b64decode(typed)
    assert typed[0] == 0x04
    assert hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id
    found = []
    for line in lines.decode().splitlines(keepends=True):
        assert line.startswith("\u2014 ") and line.endswith("\n")
        who, content = line[2:-1].split(" ")
        content = base64.b64decode(content, validate=True)
        if who == name and content[:4].hex() == key_id:
            (seconds,) = struct.unpack(">Q", content[4:12])
            message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
            try:
                Ed25519PublicKey.from_public_bytes(typed[1:]).verify(content[12:], message)
            except InvalidSignature:
                raise AssertionError("the cosignature is wrong") from None
            found.append(seconds)
    assert len(found) == 1
    return found[0]


def follows(old, new, digests, old_root, new_root):
    """RFC 9162 section 2.1.4.2."""
    if old == new:
        return not digests and old_root == new_root
    if old == 0:
        return not digests
    path = list(digests)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for digest in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr = hashlib.sha256(b"\x01" + digest + fr).digest()
            sr = hashlib.sha256(b"\x01" + digest + sr).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = hashlib.sha256(b"\x01" + sr + digest).digest()
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr, sn) == (old_root, new_root, 0)


class RefereeWitness:
    """A witness of another party: honest, unless `mischief` answers in its place."""

    def __init__(self, name="witness.example/w"):
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.seen = {}  # origin -> (size, root)
        self.asked = []  # (old, size)
        self.mischief = None
        self.refused = 0  # proofs that did not hold

    @property
    def vkey(self):
        return f"{self.name}+{self._id().hex()}+{b64(self._typed())}"

    def _typed(self):
        return b"\x04" + self.key.public_key().public_bytes_raw()

    def _id(self):
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed()).digest()[:4]

    def line(self, text, seconds):
        message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        return f"\u2014 {self.name} {b64(self._id() + struct.pack('>Q', seconds) + self.key.sign(message))}\n".encode()

    def read(self, body):
        """(old, proof, text, origin, size, root) of a request; the log's signature is another test's matter."""
        head, _, note = body.partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        text = note.decode().split("\n\n")[0] + "\n"
        origin, size, digest = text.splitlines()[:3]
        old = int(first.removeprefix("old "))
        return old, [base64.b64decode(line) for line in lines], text, origin, int(size), base64.b64decode(digest)

    def answer(self, body, seconds):
        """(status, content type, body) as the standard wants it."""
        old, digests, text, origin, size, digest = self.read(body)
        self.asked.append((old, size))
        if self.mischief is not None:
            return self.mischief(self, body, seconds)
        known = self.seen.get(origin, (0, root([])))
        if old != known[0] or (size == old and digest != known[1]):
            return 409, "text/x.tlog.size", f"{known[0]}\n".encode()
        if not follows(old, size, digests, known[1], digest):
            self.refused += 1
            return 422, "text/plain", b"no\n"
        self.seen[origin] = (size, digest)
        return 200, "text/plain", self.line(text, seconds)
