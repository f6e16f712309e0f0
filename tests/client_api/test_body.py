from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.client_api.body import decompress


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("br", brotli.compress),
    ("zstd", zstd.compress),
]
every_coding = pytest.mark.parametrize(("coding", "pack"), PACKERS, ids=["gzip", "zlib", "raw", "br", "zstd"])


@every_coding
@given(data=st.binary(max_size=2000))
def test_what_was_packed_comes_out(coding: str, pack: Callable[[bytes], bytes], data: bytes) -> None:
    assert decompress(pack(data), coding, max(len(data), 1)) == data


@every_coding
def test_one_byte_over_the_limit_is_too_many(coding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"x" * 1000)
    assert len(decompress(packed, coding, 1000)) == 1000
    with pytest.raises(ClientError) as refused:
        decompress(packed, coding, 999)
    assert refused.value.kind is ErrorKind.BODY_TOO_LARGE


@every_coding
def test_a_bomb_is_refused(coding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ClientError) as refused:
        decompress(pack(b"\0" * 30_000_000), coding, 65_536)
    assert refused.value.kind is ErrorKind.BODY_TOO_LARGE


@every_coding
@given(cut=st.integers(1, 40))
def test_a_cut_body_is_a_bad_request(coding: str, pack: Callable[[bytes], bytes], cut: int) -> None:
    packed = pack(bytes(range(256)))
    with pytest.raises(ClientError) as refused:
        decompress(packed[:-cut], coding, 10_000)
    assert refused.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "unheard-of"])
@given(data=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(coding: str, data: bytes) -> None:
    plain = b""
    with suppress(ClientError):  # and nothing else
        plain = decompress(data, coding, 100)
    assert len(plain) <= 100
