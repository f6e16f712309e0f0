from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ClientError, ErrorKind, TransportError
from plexus.client_api.body import CODINGS, PieceReader, decompress, read_body
from plexus.http1.body import BodyIncomplete, BodyTooLarge


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, list[Callable[[bytes], bytes]]] = {
    "gzip": [lambda data: gzip.compress(data, mtime=0)],
    "deflate": [zlib.compress, raw_deflate],
    "br": [brotli.compress],
    "zstd": [zstd.compress],
}
PAIRS = [(name, packer) for name, packers in PACKERS.items() for packer in packers]


def test_every_coding_is_tested() -> None:
    assert set(PACKERS) == set(CODINGS)


@given(st.sampled_from(PAIRS), st.binary(max_size=500), st.integers(0, 20))
def test_a_body_comes_out_as_it_went_in(pair: tuple[str, Callable[[bytes], bytes]], data: bytes, room: int) -> None:
    name, pack = pair
    assert decompress(pack(data), name, len(data) + room) == data


@pytest.mark.parametrize(("name", "pack"), PAIRS)
def test_one_byte_over_the_limit_is_too_large(name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"a" * 1000)
    assert len(decompress(packed, name, 1000)) == 1000
    with pytest.raises(ClientError) as refused:
        decompress(packed, name, 999)
    assert refused.value.kind is ErrorKind.BODY_TOO_LARGE
    assert "999" in refused.value.message


@pytest.mark.parametrize(("name", "pack"), PAIRS)
def test_a_cut_body_is_the_clients_fault(name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(bytes(range(256)) * 4)
    for end in (0, 1, len(packed) // 2, len(packed) - 1):
        with pytest.raises(ClientError) as refused:
            decompress(packed[:end], name, 10_000)
        assert refused.value.kind is ErrorKind.BAD_REQUEST
        assert name in refused.value.message


@given(st.sampled_from(sorted(CODINGS)), st.binary(max_size=100))
def test_any_bytes_are_a_body_or_our_own_error(name: str, data: bytes) -> None:
    body = b""
    try:
        body = decompress(data, name, 1000)
    except ClientError:
        pass
    assert len(body) <= 1000


def test_an_unknown_coding_names_those_that_are_known() -> None:
    with pytest.raises(ClientError, match=r"'snappy' is not supported\. Use gzip, deflate, br, zstd"):
        decompress(b"", "snappy", 10)


# --- from a request


class Sender:
    """What a client sends, or how it fails."""

    def __init__(self, outcome: bytes | Exception) -> None:
        self.outcome = outcome

    async def body(self, limit: int) -> bytes:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def read(outcome: bytes | Exception, encoding: str | None, limit: int = 1000) -> bytes:
    sender: Any = Sender(outcome)
    return await read_body(sender, encoding, limit)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        (None, lambda data: data),
        ("identity", lambda data: data),
        ("gzip", gzip.compress),
        (" GZIP ", gzip.compress),
        ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
    ],
)
async def test_codings_are_undone_from_the_last_one(encoding: str | None, pack: Callable[[bytes], bytes]) -> None:
    assert await read(pack(b"hello"), encoding) == b"hello"


async def test_a_bomb_within_a_bomb_is_stopped() -> None:
    with pytest.raises(ClientError) as refused:
        await read(gzip.compress(gzip.compress(b"a" * 100_000)), "gzip, gzip")
    assert refused.value.kind is ErrorKind.BODY_TOO_LARGE


async def test_a_body_that_is_too_large_on_the_wire() -> None:
    with pytest.raises(ClientError) as refused:
        await read(BodyTooLarge(1000), None)
    assert (refused.value.kind, refused.value.code) == (ErrorKind.BODY_TOO_LARGE, "request_too_large")


async def test_a_client_that_goes_away() -> None:
    with pytest.raises(TransportError) as gone:
        await read(BodyIncomplete(), None)
    assert gone.value.kind is ErrorKind.CLIENT_GONE


class Pieces:
    """An incoming request whose body comes in pieces; None cuts it."""

    def __init__(self, *pieces: bytes | None) -> None:
        self.pieces = list(pieces)

    async def chunk(self) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if piece is None:
            raise BodyIncomplete
        return piece

    async def body(self, limit: int) -> bytes:
        return b"".join(piece or b"" for piece in self.pieces)


def reader(*pieces: bytes | None, encoding: str | None = None, declared: int = 0) -> PieceReader:
    incoming: Any = Pieces(*pieces)
    return PieceReader(incoming, encoding, declared)


async def test_a_body_piece_by_piece() -> None:
    pieces = reader(b"ab", b"c", encoding="identity")
    assert [await pieces.read(3) for _ in range(4)] == [b"ab", b"c", b"", b""]


async def test_all_pieces_together_have_the_limit() -> None:
    pieces = reader(b"ab", b"cd")
    await pieces.read(3)
    with pytest.raises(ClientError) as refused:
        await pieces.read(3)
    assert refused.value.kind is ErrorKind.BODY_TOO_LARGE


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    pieces = reader(b"ab", declared=4)
    with pytest.raises(ClientError) as refused:
        await pieces.read(3)
    assert refused.value.kind is ErrorKind.BODY_TOO_LARGE


async def test_a_cut_body_means_that_the_client_has_gone() -> None:
    pieces = reader(b"ab", None)
    await pieces.read(9)
    with pytest.raises(TransportError) as gone:
        await pieces.read(9)
    assert gone.value.kind is ErrorKind.CLIENT_GONE


async def test_a_coded_body_is_one_piece() -> None:
    packed = gzip.compress(b"a" * 100)
    pieces = reader(packed[:9], packed[9:], encoding="gzip", declared=len(packed))
    assert [await pieces.read(100) for _ in range(2)] == [b"a" * 100, b""]
    with pytest.raises(ClientError):
        await reader(packed, encoding="gzip").read(99)
