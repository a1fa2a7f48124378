"""Documents in and out: small ones in memory, large ones in files, and what is left behind is swept."""

import asyncio
import contextlib
import errno
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.document import Document, ListedDocument, Role
from gateway.core.reason import Deferred, Reason, Refused
from gateway.store.documents import SealedDocuments
from gateway.store.files import GrowingFile, disk_trouble
from gateway.store.spool import BATCH
from gateway.store.wrapping import WrappingKeys

INLINE = 10_000
DOCUMENT_ID = "0190a0a0-0000-7000-8000-000000000001"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)


@contextlib.contextmanager
def documents_in(folder, **changes):
    parts = {"wrapping": WrappingKeys([bytes(32)]), "reserve_bytes": 0, "inline_limit": INLINE} | changes
    documents = SealedDocuments(folder / "documents", **parts)
    try:
        yield documents
    finally:
        documents.close()


@pytest.fixture
def documents(tmp_path):
    with documents_in(tmp_path) as opened:
        yield opened


def spool_in(documents, limit=10**9):
    return documents.spool(
        document_id=DOCUMENT_ID, name="copy.pdf", role=Role.CERTIFIED_COPY, media_type="application/pdf", limit=limit
    )


async def take(documents, plain, *, pieces=1):
    spool = spool_in(documents)
    for start in range(0, len(plain), max(1, len(plain) // pieces)):
        await spool.write(plain[start : start + max(1, len(plain) // pieces)])
    return await spool.finish()


def as_document(obtained, **changes):
    stored = obtained.stored
    if changes:
        stored = type(stored)(
            **{name: getattr(stored, name) for name in ("document_id", "wrapped_key", "inline", "address")} | changes
        )
    listed = ListedDocument(
        content_id=obtained.name,
        size=obtained.size,
        sha256=obtained.sha256,
        role=obtained.role,
        media_type=obtained.media_type,
    )
    return Document(listed=listed, version=1, stored=stored)


async def read(documents, document):
    return b"".join([piece async for piece in documents.read(document)])


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1, INLINE])
async def test_a_small_document_stays_in_memory(documents, tmp_path, size):
    plain = os.urandom(size)
    obtained = await take(documents, plain, pieces=3)
    assert (obtained.size, obtained.sha256) == (size, hashlib.sha256(plain).digest())
    assert obtained.stored.address is None
    assert size < 16 or plain not in obtained.stored.inline
    assert await read(documents, as_document(obtained)) == plain
    assert files_of(tmp_path) == []


@pytest.mark.parametrize("size", [INLINE + 1, BATCH, 3 * BATCH + 17])
async def test_a_large_document_is_a_file_named_by_its_sealed_bytes(documents, tmp_path, size):
    plain = os.urandom(size)
    obtained = await take(documents, plain, pieces=9)
    assert (obtained.size, obtained.sha256) == (size, hashlib.sha256(plain).digest())
    assert obtained.stored.inline is None
    (path,) = files_of(tmp_path)
    address = hashlib.sha256(path.read_bytes()).hexdigest()
    assert obtained.stored.address == address
    assert path == tmp_path / "documents" / address[:2] / address[2:4] / address
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert plain[:64] not in path.read_bytes()
    assert await read(documents, as_document(obtained)) == plain


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2 * BATCH), max_size=5))
async def test_how_the_bytes_are_cut_on_the_way_makes_no_difference(tmp_path_factory, sizes):
    with documents_in(tmp_path_factory.mktemp("cut")) as documents:
        spool = spool_in(documents)
        digest = hashlib.sha256()
        for number, size in enumerate(sizes):
            piece = bytes([number]) * size
            digest.update(piece)
            await spool.write(piece)
        obtained = await spool.finish()
        assert (obtained.size, obtained.sha256) == (sum(sizes), digest.digest())
        read_back = hashlib.sha256(await read(documents, as_document(obtained)))
        assert read_back.digest() == obtained.sha256


async def test_the_same_document_twice_has_two_keys_and_two_names(documents):
    plain = bytes(INLINE + 1)
    first, second = await take(documents, plain), await take(documents, plain)
    assert first.sha256 == second.sha256
    assert first.stored.address != second.stored.address
    assert first.stored.wrapped_key != second.stored.wrapped_key


async def test_more_than_the_limit_is_refused_while_it_streams(documents, tmp_path):
    spool = spool_in(documents, limit=2 * BATCH)
    for _ in range(8):
        await spool.write(bytes(BATCH // 4))
    with pytest.raises(Refused) as refused:
        await spool.write(b"x")
    assert refused.value.reason is Reason.BODY_TOO_LARGE
    await spool.discard()
    assert files_of(tmp_path) == []


async def test_what_is_discarded_leaves_nothing_behind(documents, tmp_path):
    spool = spool_in(documents)
    for _ in range(3):
        await spool.write(bytes(BATCH))
    await spool.discard()
    await spool.discard()
    assert files_of(tmp_path) == []


async def test_discarding_a_finished_document_keeps_it(documents):
    spool = spool_in(documents)
    await spool.write(bytes(BATCH))
    obtained = await spool.finish()
    await spool.discard()
    assert await read(documents, as_document(obtained)) == bytes(BATCH)


async def test_a_cancelled_upload_can_be_discarded(documents, tmp_path):
    spool = spool_in(documents)
    under_way = asyncio.Event()

    async def upload():
        for _ in range(1000):
            await spool.write(bytes(BATCH))
            under_way.set()

    task = asyncio.create_task(upload())
    await under_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await spool.discard()
    assert files_of(tmp_path) == []


async def test_a_forgotten_document_is_refused(documents):
    obtained = await take(documents, b"x")
    for gone in ({"wrapped_key": b""}, {"inline": None}):
        with pytest.raises(Refused) as refused:
            await read(documents, as_document(obtained, **gone))
        assert refused.value.reason is Reason.DOCUMENT_FORGOTTEN


async def test_sealed_bytes_under_another_documents_id_do_not_open(documents):
    for size in (5, INLINE + 1):
        obtained = await take(documents, bytes(size))
        with pytest.raises(Deferred) as deferred:
            await read(documents, as_document(obtained, document_id="another"))
        assert deferred.value.reason is Reason.DISK_FAILED


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
async def test_a_damaged_file_is_a_failing_disk(documents, tmp_path, damage):
    obtained = await take(documents, bytes(3 * BATCH))
    (path,) = files_of(tmp_path)
    sealed = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        sealed[2 * BATCH] ^= 1
        path.write_bytes(sealed if damage == "flip" else sealed[: 2 * BATCH])
    with pytest.raises(Deferred) as deferred:
        await read(documents, as_document(obtained))
    assert deferred.value.reason is Reason.DISK_FAILED


@pytest.mark.parametrize("address", ["../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, ""])
async def test_only_an_address_is_ever_opened(documents, address):
    obtained = await take(documents, b"x")
    with pytest.raises(ValueError, match="hexadecimal"):
        await read(documents, as_document(obtained, inline=None, address=address))


async def test_a_disk_that_fails_defers_the_upload(documents, tmp_path):
    (tmp_path / "documents" / "tmp").rmdir()
    spool = spool_in(documents)
    with pytest.raises(Deferred) as deferred:
        await spool.write(bytes(BATCH))
        await spool.finish()
    assert deferred.value.reason is Reason.DISK_FAILED
    await spool.discard()


def test_a_full_disk_is_told_apart_and_leaves_no_temporary_file(documents, tmp_path):
    path = tmp_path / "growing"
    path.touch()
    growing = GrowingFile(documents._files, path, Path("/dev/full").open("wb"))  # noqa: SIM115
    with pytest.raises(Deferred) as deferred:
        growing.write(bytes(BATCH))
        growing.finish()
    assert deferred.value.reason is Reason.DISK_NEARLY_FULL
    growing.discard()
    assert not path.exists()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, Reason.DISK_NEARLY_FULL),
        (errno.EDQUOT, Reason.DISK_NEARLY_FULL),
        (errno.EIO, Reason.DISK_FAILED),
        (errno.EROFS, Reason.DISK_FAILED),
    ],
)
def test_what_the_disk_says_becomes_a_reason(number, reason):
    with pytest.raises(Deferred) as deferred, disk_trouble():
        raise OSError(number, "words of the operating system")
    assert deferred.value.reason is reason
    assert "words" not in str(deferred.value)


def test_room_is_what_the_disk_has_beyond_the_reserve(tmp_path):
    with documents_in(tmp_path) as documents:
        free = documents.free_bytes()
        assert 0 < free <= os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize
        assert documents.has_room()
    with documents_in(tmp_path, reserve_bytes=2 * free) as documents:
        assert not documents.has_room()


def made_at(path, moment):
    os.utime(path, (moment.timestamp(), moment.timestamp()))


async def test_sweeping_removes_old_files_that_no_row_names(documents, tmp_path):
    kept, lost, young = [await take(documents, bytes(INLINE + n)) for n in (1, 2, 3)]
    for obtained, age in ((kept, 2), (lost, 2), (young, 0)):
        (path,) = tmp_path.rglob(obtained.stored.address)
        made_at(path, NOW - timedelta(days=age))
    asked = []

    async def is_referenced(addresses):
        asked.extend(addresses)
        return {kept.stored.address}

    swept = await documents.sweep(is_referenced, older_than=YESTERDAY)
    assert sorted(asked) == sorted([kept.stored.address, lost.stored.address])
    assert (swept.unreferenced, swept.temporary) == (1, 0)
    assert swept.size > INLINE
    left = {path.name for path in files_of(tmp_path)}
    assert left == {kept.stored.address, young.stored.address}


async def test_sweeping_removes_old_temporaries_and_leaves_uploads_under_way(documents, tmp_path):
    growing = tmp_path / "documents" / "tmp"
    for name, age in (("crashed", 2), ("under-way", 0)):
        (growing / name).write_bytes(bytes(100))
        made_at(growing / name, NOW - timedelta(days=age))

    async def is_referenced(addresses):
        raise AssertionError("no file has a name")

    swept = await documents.sweep(is_referenced, older_than=YESTERDAY)
    assert (swept.unreferenced, swept.temporary, swept.size) == (0, 1, 100)
    assert [path.name for path in growing.iterdir()] == ["under-way"]


async def test_sweeping_never_touches_what_is_not_ours(documents, tmp_path):
    foreign = tmp_path / "documents" / "ab" / "cd" / "notes.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("kept")
    made_at(foreign, NOW - timedelta(days=400))

    async def is_referenced(addresses):
        return set()

    swept = await documents.sweep(is_referenced, older_than=YESTERDAY)
    assert swept.unreferenced == 0
    assert foreign.exists()
