"""Random mutations of an exported log's files, and the one question: are they found?

The finder is what any partner has: `verify --exact` with the log's key, and a checkpoint that was kept.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from gateway.core.merkle import EMPTY_ROOT, leaf_hash, root_of
from gateway.evidence.checkpoints import believe_checkpoint
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.proving import prove_consistency
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.wire.tlog_checkpoint import Checkpoint, render_checkpoint
from gateway.wire.tlog_tiles import (
    ENTRIES,
    bundles_of,
    parse_bundle,
    parse_tile_path,
    render_bundle,
    split_tile,
    tiles_of,
)
from pki.note_keys import generate_note_key
from pki.notes import sign_note

KINDS = ("flip", "delete", "reorder", "truncate", "fork", "add")


@dataclass
class Tally:
    """How many of each kind were made and found; `missed` describes those that were not."""

    made: Counter = field(default_factory=Counter)
    found: Counter = field(default_factory=Counter)
    missed: list = field(default_factory=list)

    def count(self, kind, found, what):
        self.made[kind] += 1
        self.found[kind] += found
        if not found:
            self.missed.append((kind, what))


class FileMutations:
    """One folder with an export, and what to do to it; `earlier` is the same export when it was smaller."""

    def __init__(self, folder, earlier, keys, seed):
        self.folder = folder
        self.files = files_of(folder)
        self.earlier = files_of(earlier)
        self.keys = list(keys)
        self.random = random.Random(seed)
        note = self.files["checkpoint"]
        self.held = believe_checkpoint(note, [key.verifier for key in keys], "held")
        self.entries = [
            entry for tile in bundles_of(self.held.size) for entry in parse_bundle(self.files[tile.path], tile.width)
        ]
        self.stranger = [generate_note_key(self.held.origin)]

    async def run(self, count):
        """Make so many mutations, each alone."""
        tally = Tally()
        assert not await self.is_found(), "an untouched export is good"
        while sum(tally.made.values()) < count:
            kind = KINDS[sum(tally.made.values()) % len(KINDS)]
            what, changed = getattr(self, kind)()
            changed = {path: content for path, content in changed.items() if self.files.get(path) != content}
            if changed:
                self.write(changed)
                tally.count(kind, await self.is_found(), what)
                self.write({path: self.files.get(path) for path in changed})
        assert not await self.is_found(), "an export that was mended is good"
        return tally

    async def is_found(self):
        """Whether the folder is not what was exported, as far as anybody can see who kept its checkpoint."""
        source = FolderSource(self.folder)
        verdict = await verify_log(source, [key.verifier for key in self.keys], exact=True)
        if not verdict.holds:
            return True
        now = Checkpoint(origin=verdict.origin, size=verdict.size, root=verdict.root)
        try:
            await prove_consistency(source, self.held, now)
        except (Tampered, CannotTell):
            return True
        return False

    def write(self, changed):
        for path, content in changed.items():
            file = self.folder / path
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)

    def some(self, *, least=1):
        path = self.random.choice([path for path, content in self.files.items() if len(content) >= least])
        return path, self.files[path]

    def flip(self):
        path, content = self.some()
        bit = self.random.randrange(len(content) * 8)
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        return f"bit {bit} of {path}", {path: bytes(flipped)}

    def delete(self):
        path, _ = self.some()
        return path, {path: None}

    def reorder(self):
        path, content = self.some()
        if self.random.random() < 0.3:
            other, its = self.some()
            return f"{path} for {other}", {path: its, other: content}
        if path == "checkpoint":
            lines = content.split(b"\n")
            self.random.shuffle(lines)
            return path, {path: b"\n".join(lines)}
        tile = parse_tile_path(path)
        rows = parse_bundle(content, tile.width) if tile.level == ENTRIES else split_tile(content)
        one, two = (self.random.randrange(len(rows)) for _ in range(2))
        rows[one], rows[two] = rows[two], rows[one]
        return f"{one} for {two} in {path}", {path: render_bundle(rows) if tile.level == ENTRIES else b"".join(rows)}

    def truncate(self):
        if self.random.random() < 0.2:
            cut = self.random.randrange(len(self.entries))
            shorter = self.rebuilt(self.entries[:cut], None)
            return f"to {cut} entries", {**dict.fromkeys(self.files), **shorter, "checkpoint": self.files["checkpoint"]}
        path, content = self.some()
        length = self.random.randrange(len(content))
        return f"{path} to {length} bytes", {path: content[:length]}

    def add(self):
        path, content = self.some()
        if self.random.random() < 0.5 and path != "checkpoint":
            tile = parse_tile_path(path)
            width = self.random.randrange(1, 256)
            rows = parse_bundle(content, tile.width) if tile.level == ENTRIES else split_tile(content)
            rows = rows[:width]
            content = render_bundle(rows) if tile.level == ENTRIES else b"".join(rows)
            path = f"{tile.full.path}.p/{len(rows)}"
        else:
            path = f"{path}{self.random.choice(['.bak', '~', '.p', '0'])}"
        return path, {} if (self.folder / path).exists() else {path: content}

    def fork(self):
        """Another history, whole in itself: unsigned, signed by a stranger, by the log itself, or just an older one."""
        way = self.random.choice(["unsigned", "stranger", "own", "shorter", "older"])
        if way == "older":
            return way, {**dict.fromkeys(self.files), **self.earlier}
        entries = list(self.entries)
        if way == "shorter":
            entries = entries[: self.random.randrange(len(entries))]
        else:
            place = self.random.randrange(len(entries))
            entries[place] = self.random.randbytes(len(entries[place]))
        keys = {"unsigned": None, "stranger": self.stranger}.get(way, self.keys)
        forked = self.rebuilt(entries, keys)
        note = {} if keys else {"checkpoint": self.files["checkpoint"]}
        return f"{way}, {len(entries)} entries", {**dict.fromkeys(self.files), **forked, **note}

    def rebuilt(self, entries, keys):
        """All files of a log of these entries, and its checkpoint if there are keys to sign it."""
        size, hashes = len(entries), {}
        leaves = [leaf_hash(entry) for entry in entries]
        files = {
            tile.path: render_bundle(entries[tile.index * 256 : tile.index * 256 + tile.width])
            for tile in bundles_of(size)
        }
        levels = [leaves]
        while len(levels[-1]) >= 256:
            below = levels[-1]
            levels.append([root_of(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)])
        for tile in tiles_of(size):
            hashes[tile.path] = b"".join(levels[tile.level][tile.index * 256 : tile.index * 256 + tile.width])
        files |= hashes
        if keys:
            head = Checkpoint(origin=self.held.origin, size=size, root=root_of(leaves) if leaves else EMPTY_ROOT)
            files["checkpoint"] = sign_note(render_checkpoint(head), keys)
        return files


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
