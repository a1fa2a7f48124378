"""Ways to change a dossier: bytes of the file, and members of a file that is written anew as it should be."""

import io
import random
import zipfile
from datetime import UTC, datetime

from dossier_house import contents_of, members_of

from gateway.wire.dossier import write_dossier


def rewritten(members, content):
    """A well-formed dossier's file with these members; the time of the first."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        at = datetime(*archive.infolist()[0].date_time, tzinfo=UTC)
    write_dossier(sink, at, members)
    return sink.getvalue()


def flip(content, _, pick):
    at = pick.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << pick.randrange(8)]) + content[at + 1 :]


def replace(content, _, pick):
    at = pick.randrange(len(content))
    byte = pick.choice([byte for byte in range(256) if byte != content[at]])
    return content[:at] + bytes([byte]) + content[at + 1 :]


def cut(content, _, pick):
    at, length = pick.randrange(len(content)), pick.choice([1, 2, 16, 500])
    return content[:at] + content[at + length :]


def insert(content, _, pick):
    at = pick.randrange(len(content) + 1)
    return content[:at] + pick.randbytes(pick.choice([1, 2, 40])) + content[at:]


def repeat(content, _, pick):
    at = pick.randrange(len(content))
    return content[:at] + content[at : at + pick.choice([1, 100, 5000])] + content[at:]


def truncate(content, _, pick):
    return content[: pick.randrange(len(content))]


def exchange_bytes(content, _, pick):
    """Two different bytes change places."""
    while True:
        one, two = sorted(pick.sample(range(len(content)), 2))
        if content[one] != content[two]:
            break
    changed = bytearray(content)
    changed[one], changed[two] = changed[two], changed[one]
    return bytes(changed)


def blank(content, _, pick):
    at = pick.choice([at for at in pick.sample(range(len(content)), 200) if content[at]])
    return content[:at] + b"\0" + content[at + 1 :]


def without_member(content, _, pick):
    members = members_of(content)
    members.pop(pick.choice(list(members)))
    return rewritten(members.items(), content)


def swapped_members(content, _, pick):
    members = members_of(content)
    one, two = pick.sample(list(members), 2)
    members[one], members[two] = members[two], members[one]
    return rewritten(members.items(), content)


def reordered(content, _, pick):
    members = list(members_of(content).items())
    shuffled = members.copy()
    while shuffled == members:
        pick.shuffle(shuffled)
    return rewritten(shuffled, content)


def foreign_member(content, other, pick):
    """A member of another dossier of the same office in its place."""
    members, strange = members_of(content), members_of(other)
    name = pick.choice([name for name in members if name in strange and members[name] != strange[name]])
    members[name] = strange[name]
    return rewritten(members.items(), content)


def added_member(content, _, pick):
    members = members_of(content)
    members[f"more-{pick.randrange(1000)}.txt"] = b"and this"
    return rewritten(members.items(), content)


def changed_member(content, _, pick):
    members = members_of(content)
    name = pick.choice(list(members))
    members[name] = flip(members[name], None, pick) if pick.random() < 0.5 else cut(members[name], None, pick)
    return rewritten(members.items(), content)


def changed_leaf(content, _, pick):
    members = members_of(content)
    name = pick.choice([name for name in members if name.endswith(".leaf")])
    members[name] = members[name].replace(b'"done"', b'"dome"')
    return rewritten(members.items(), content)


def zipped_anew(content, _, pick):
    """By another program, with the same members."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compression=pick.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for name, bytes_ in members_of(content).items():
            archive.writestr(name, bytes_)
    return sink.getvalue()


#: Each with how often it is drawn.
KINDS = {
    flip: 40,
    replace: 30,
    cut: 10,
    insert: 10,
    repeat: 5,
    truncate: 10,
    exchange_bytes: 10,
    blank: 5,
    without_member: 6,
    swapped_members: 6,
    reordered: 4,
    foreign_member: 6,
    added_member: 2,
    changed_member: 12,
    changed_leaf: 4,
    zipped_anew: 2,
}


def mutate(content, other, count, seed):
    """`count` different dossiers that are not `content`, with what was done to each."""
    pick = random.Random(seed)
    made = 0
    while made < count:
        [kind] = pick.choices(list(KINDS), list(KINDS.values()))
        changed = kind(content, other, pick)
        if changed != content:
            made += 1
            yield kind.__name__, changed


__all__ = ["KINDS", "contents_of", "mutate", "rewritten"]
