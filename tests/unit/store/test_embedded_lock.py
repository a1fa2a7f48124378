"""Locks of a folder: alone or shared, and inherited by a child that outlives its parent's hold."""

import asyncio
import subprocess

import pytest

from gateway.store.embedded_lock import FolderLock


@pytest.fixture
def lock(tmp_path):
    made = []

    def another():
        made.append(FolderLock(tmp_path / "lock"))
        return made[-1]

    yield another
    for each in made:
        each.release()


def test_alone_means_nobody_else_in_either_way(lock):
    assert lock().try_exclusive()
    assert not lock().try_exclusive()
    assert not lock().try_shared()


def test_sharing_lets_others_share_and_nobody_be_alone(lock):
    first, second = lock(), lock()
    assert first.try_shared()
    assert second.try_shared()
    assert not lock().try_exclusive()


def test_the_last_to_share_can_be_alone(lock):
    first, second = lock(), lock()
    first.try_shared()
    second.try_shared()
    assert not first.try_exclusive()
    assert second.try_exclusive()


def test_a_failed_try_holds_nothing(lock):
    first, second = lock(), lock()
    first.try_exclusive()
    assert not second.try_exclusive()
    with pytest.raises(RuntimeError, match="not held"):
        second.descriptor  # noqa: B018
    first.release()
    first.release()
    assert lock().try_exclusive()


def test_a_child_keeps_what_its_parent_lets_go(lock):
    held = lock()
    held.try_exclusive()
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[held.descriptor])
    held.release()
    assert not lock().try_exclusive()
    child.communicate()
    assert lock().try_exclusive()


async def test_waiting_ends_when_the_lock_is_free_or_the_deadline_passes(lock):
    loop = asyncio.get_running_loop()
    held = lock()
    held.try_exclusive()
    assert not await lock().exclusive(loop.time())
    loop.call_soon(held.release)
    assert await lock().exclusive(loop.time() + 3600)
