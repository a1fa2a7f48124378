"""Tiles and bundles: where they are, how wide, and what is in them, by the examples of C2SP tlog-tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import merkle
from gateway.wire.tlog_tiles import (
    ENTRIES,
    ENTRY_LIMIT,
    MalformedLog,
    Tile,
    TileHashes,
    bundles_of,
    parse_bundle,
    parse_tile,
    parse_tile_path,
    render_bundle,
    tile_of,
    tile_path,
    tiles_for,
    tiles_of,
)

LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(700)]


def log_tiles(size: int) -> dict[Tile, bytes]:
    """The tiles of a tree, by their definition: MTH over 256**level leaves each."""
    return {
        tile: b"".join(
            merkle.root_of(LEAVES[place * 256**tile.level : (place + 1) * 256**tile.level])
            for place in range(tile.index * 256, tile.index * 256 + tile.width)
        )
        for tile in tiles_of(size)
    }


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(2, 999, 1), "tile/2/999.p/1"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_paths_are_those_of_the_standard(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_tile_path(path) == tile


@given(st.integers(-1, 63), st.integers(0, 2**64 - 1), st.integers(1, 256))
def test_every_path_is_read_back(level: int, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == Tile(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/000.p/", "tile/0/x000/000", "tile/0/001/000",
        "tile/0/x001/x000", "tile/0/000/", "/tile/0/000", "tile/0/000\n", "tile/0/٠٠٠", "tile/entries/../0/000",
        "tile/0/x099/x999/x999/x999/x999/x999/999", "tile/Entries/000",
    ],
)  # fmt: skip
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(MalformedLog):
        parse_tile_path(path)


@pytest.mark.parametrize("place", [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**64, 1), (0, 0, 0), (0, 0, 257)])
def test_no_path_is_written_for_what_cannot_be(place: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no log has"):
        tile_path(*place)


def test_tree_of_seventy_thousand_has_the_tiles_of_the_standard() -> None:
    tiles = list(tiles_of(70_000))
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert len(tiles) == 274 + 2 + 1
    assert list(bundles_of(70_000))[-1] == Tile(ENTRIES, 273, 112)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, []), (1, [Tile(0, 0, 1)]), (255, [Tile(0, 0, 255)]), (256, [Tile(0, 0), Tile(1, 0, 1)])],
)
def test_small_trees_have_few_tiles(size: int, expected: list[Tile]) -> None:
    assert list(tiles_of(size)) == expected


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_what_is_new_in_a_grown_tree_is_what_the_old_one_lacked(one: int, other: int) -> None:
    old, new = sorted((one, other))
    assert set(tiles_of(new, since=old)) == set(tiles_of(new)) - set(tiles_of(old))
    assert set(bundles_of(new, since=old)) == set(bundles_of(new)) - set(bundles_of(old))


@pytest.mark.parametrize("place", [(0, 1, 256), (1, 0, 255), (0, -1, 10), (0, 0, 0)])
def test_no_tile_is_beyond_the_tree(place: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no such tile"):
        tile_of(*place)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 700])
def test_proofs_read_from_tiles_hold(size: int) -> None:
    tiles = log_tiles(size)
    root = merkle.root_of(LEAVES[:size])
    for index in {0, size // 3, size - 1}:
        parts = merkle.inclusion_nodes(index, size)
        wanted = {tile: tiles[tile] for tile in tiles_for(parts, size)}
        path = merkle.inclusion_path(index, size, TileHashes(size, wanted.__getitem__))
        assert merkle.verify_inclusion(LEAVES[index], index, size, path, root)
    for old in {1, (size + 1) // 2, size}:
        path = merkle.consistency_path(old, size, TileHashes(size, tiles.__getitem__))
        assert merkle.verify_consistency(old, size, path, merkle.root_of(LEAVES[:old]), root)


def test_tile_is_exactly_as_wide_as_its_name_says() -> None:
    assert parse_tile(Tile(0, 0, 2), b"".join(LEAVES[:2])) == b"".join(LEAVES[:2])
    for content in (b"", b"".join(LEAVES[:1]), b"".join(LEAVES[:2]) + b"x", b"".join(LEAVES[:3])):
        with pytest.raises(MalformedLog, match="a tile of 2 hashes has 64 bytes"):
            parse_tile(Tile(0, 0, 2), content)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_bundles_are_read_back(entries: list[bytes]) -> None:
    written = render_bundle(entries)
    assert parse_bundle(written, len(entries)) == entries
    for other in {len(entries) - 1, len(entries) + 1}:
        with pytest.raises(MalformedLog):
            parse_bundle(written, other)


def test_lengths_are_two_bytes_the_large_one_first() -> None:
    assert render_bundle([b"one", b""]) == b"\x00\x03one\x00\x00"
    assert parse_bundle(b"\x01\x00" + b"x" * 256, 1) == [b"x" * 256]
    assert len(render_bundle([bytes(ENTRY_LIMIT)])) == 2 + ENTRY_LIMIT


@pytest.mark.parametrize("entries", [[], [b""] * 257, [bytes(ENTRY_LIMIT + 1)]])
def test_bundles_that_cannot_be_are_not_written(entries: list[bytes]) -> None:
    with pytest.raises(ValueError, match="a bundle has"):
        render_bundle(entries)


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x00\x03on", b"\x00\x01a\x00", b"\x00\x01a", b"\x00\x00" * 3])
def test_broken_bundles_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedLog, match="a bundle"):
        parse_bundle(content, 2)
