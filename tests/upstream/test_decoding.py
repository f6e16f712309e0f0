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

from plexus.canonical.headers import Headers
from plexus.upstream.decoding import BodyDecoding, decoding

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "X-GZip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
every_coding = pytest.mark.parametrize(("coding", "pack"), PACKERS.items(), ids=PACKERS)


def decoder(coding: str) -> BodyDecoding:
    found = decoding(Headers([(b"Content-Encoding", coding.encode())]))
    assert found is not None
    return found


@every_coding
@given(data=st.binary(max_size=500), sizes=st.lists(st.integers(1, 60), max_size=10))
def test_any_chunking_gives_the_same(
    coding: str, pack: Callable[[bytes], bytes], data: bytes, sizes: list[int]
) -> None:
    packed = pack(data)
    edges = [0, *itertools.takewhile(lambda edge: edge < len(packed), itertools.accumulate(sizes)), len(packed)]
    one = decoder(coding)
    assert b"".join(one.feed(packed[a:b]) for a, b in itertools.pairwise(edges)) == data


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@given(data=st.binary(min_size=1, max_size=60))
def test_any_bytes_decode_or_are_a_value_error(coding: str, data: bytes) -> None:
    try:
        assert len(decoder(coding).feed(data)) <= 100_000 * len(data)
    except ValueError:
        pass


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_damage_is_a_value_error(coding: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decoder(coding).feed(b"this is not compressed at all" * 3)


@pytest.mark.parametrize("coding", ["", "identity", "compress", "snappy"])
def test_other_codings_are_left_alone(coding: str) -> None:
    assert decoding(Headers([(b"content-encoding", coding.encode())])) is None
    assert decoding(Headers([])) is None


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_damage(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexus.upstream.decoding.MAX_PIECE", 10_000)
    decoder = decoding(Headers([(b"content-encoding", coding.encode())]))
    assert decoder is not None
    with pytest.raises(ValueError, match="without bound"):
        decoder.feed(PACKERS[coding](b"\0" * 1_000_000))
