from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.habits.tree import ROOT, read, tracked

from plexus.protocols.unreadable import UNREADABLE, as_utf8


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b"[" * 100_000, b'{"a":' * 100_000, b'{"a":"\xff"}', b'{"a":"\\ud800"}']
)
def test_reading_any_bytes_raises_nothing_else(data: bytes) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.json.decode(data, type=dict[str, str])


@given(st.binary(max_size=50))
def test_what_comes_out_is_utf8_and_what_was_stays(data: bytes) -> None:
    text = as_utf8(data).decode()
    assert text == data.decode("utf-8", "replace")


def test_utf8_is_not_copied() -> None:
    for data in (b"abc", "ä\N{GRINNING FACE}".encode()):
        assert as_utf8(data) is data


def test_no_codec_forgets_that_nesting_has_no_end() -> None:
    """Catching msgspec's errors alone lets a RecursionError through."""
    inside = ROOT / "src/plexus/protocols"
    lonely = [
        f"{path}:{number}"
        for path in tracked()
        if (ROOT / path).is_relative_to(inside) and path.name != "unreadable.py"
        for number, line in enumerate(read(Path(path)).splitlines(), 1)
        if re.search(r"except.*(MsgspecError|msgspec.DecodeError)", line)
    ]
    assert lonely == [], "catch plexus.protocols.unreadable.UNREADABLE"
