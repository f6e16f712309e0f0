from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from plexus.upstream.decoding import FREE, STEP, Decompressor, Undecodable


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without zlib's head": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
}
every_coding = pytest.mark.parametrize(("coding", "pack"), PACKERS.values(), ids=PACKERS)


@every_coding
@given(data=st.binary(max_size=500), sizes=st.lists(st.integers(1, 60), max_size=10))
def test_any_chunking_gives_the_same(
    coding: str, pack: Callable[[bytes], bytes], data: bytes, sizes: list[int]
) -> None:
    packed = pack(data)
    edges = [0, *itertools.takewhile(lambda edge: edge < len(packed), itertools.accumulate(sizes)), len(packed)]
    decompressor = Decompressor(coding)
    got = b"".join(itertools.chain(*(decompressor.feed(packed[a:b]) for a, b in itertools.pairwise(edges))))
    assert got == data
    assert decompressor.complete


@every_coding
def test_long_data_comes_in_steps(coding: str, pack: Callable[[bytes], bytes]) -> None:
    data = bytes(range(256)) * (4 * STEP // 256)
    pieces = list(Decompressor(coding).feed(pack(data)))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 2 * STEP


@every_coding
def test_cut_data_is_not_complete(coding: str, pack: Callable[[bytes], bytes]) -> None:
    decompressor = Decompressor(coding)
    list(decompressor.feed(pack(b"hello " * 100)[:-3]))
    assert not decompressor.complete


@every_coding
def test_a_bomb_is_refused(coding: str, pack: Callable[[bytes], bytes]) -> None:
    decompressor = Decompressor(coding)
    with pytest.raises(Undecodable, match="expands"):
        list(decompressor.feed(pack(b"\0" * 50_000_000)))
    assert FREE < decompressor._given < 50_000_000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@given(data=st.binary(min_size=1, max_size=60))
def test_any_bytes_decode_or_are_refused(coding: str, data: bytes) -> None:
    decompressor = Decompressor(coding)
    try:
        got = b"".join(decompressor.feed(data))
    except Undecodable:
        return
    assert len(got) <= 1000 * len(data)


def test_an_unknown_coding_is_refused() -> None:
    with pytest.raises(Undecodable):
        Decompressor("compress")


def test_an_empty_body_is_complete() -> None:
    assert Decompressor("gzip").complete


@pytest.mark.parametrize(("coding", "pack"), [PACKERS["gzip"], PACKERS["zstd"]])
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_members_follow_each_other(coding: str, pack: Callable[[bytes], bytes], piece: int) -> None:
    packed = pack(b"one") + pack(b"") + pack(b"two")
    decompressor = Decompressor(coding)
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)]
    assert b"".join(itertools.chain(*map(decompressor.feed, pieces))) == b"onetwo"
    assert decompressor.complete


@every_coding
@pytest.mark.parametrize("joined", [True, False])
def test_what_follows_the_compressed_data_is_refused(coding: str, pack: Callable[[bytes], bytes], joined: bool) -> None:
    decompressor = Decompressor(coding)
    packed = pack(b"hello")
    pieces = [packed + b"\xff no data"] if joined else [packed, b"\xff no data"]
    with pytest.raises(Undecodable):
        b"".join(itertools.chain(*map(decompressor.feed, pieces)))
