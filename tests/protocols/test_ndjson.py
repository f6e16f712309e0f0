from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.properties import cuts

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.ndjson import LineCutter
from plexus.protocols.sse import MAX_EVENT


def read(*chunks: bytes) -> list[bytes]:
    cutter = LineCutter()
    return [line for chunk in chunks for line in cutter.feed(chunk)] + cutter.finish()


def test_lines_of_all_ends() -> None:
    assert read(b"a\nb\r\n\n  \nc") == [b"a", b"b", b"c"]


@given(
    st.lists(st.sampled_from([b"{}", b"\n", b"\r\n", b'{"a":1}', b" ", b"\xff"]), max_size=12),
    st.lists(st.integers(0, 60)),
)
def test_chunks_change_nothing(pieces: list[bytes], places: list[int]) -> None:
    data = b"".join(pieces)
    whole = data.decode("utf-8", "replace").encode()
    assert read(*cuts(data, places)) == read(data) == [line for each in whole.split(b"\n") if (line := each.strip())]


def test_a_line_is_given_as_soon_as_it_is_whole() -> None:
    cutter = LineCutter()
    assert [cutter.feed(b"a"), cutter.feed(b"b\nc"), cutter.feed(b"\n"), cutter.finish()] == [[], [b"ab"], [b"c"], []]


def test_an_endless_line_is_cut_off() -> None:
    cutter = LineCutter()
    cutter.feed(b"x" * MAX_EVENT)
    with pytest.raises(ProviderError) as caught:
        cutter.feed(b"x")
    assert caught.value.kind is ErrorKind.UPSTREAM_MALFORMED
