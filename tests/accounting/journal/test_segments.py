from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sample_records import opening, record

from plexus.accounting.journal import segments
from plexus.accounting.journal.lines import encode_line
from plexus.accounting.journal.segments import Position, list_segments, read_lines, scan, segment_path


def test_segments_sort_by_number(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        segment_path(tmp_path, number).touch()
    for other in ("lock", "checkpoint", "x.journal", "set-aside.jsonl"):
        (tmp_path / other).touch()
    assert list_segments(tmp_path) == [1, 9, 10]


def read_all(path: Path, end: int | None = None) -> list[bytes]:
    found: list[bytes] = []
    offset = 0
    while True:
        lines, after = read_lines(path, offset, end)
        if not lines:
            assert after == offset
            return found
        assert after > offset
        found += lines
        offset = after


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b" "))),
    chunk=st.integers(1, 40),
    torn=st.booleans(),
)
def test_lines_come_back_whatever_the_chunks(tmp_path: Path, lines: list[bytes], chunk: int, torn: bool) -> None:
    path = tmp_path / "lines"
    data = b"".join(line + b"\n" for line in lines)
    if torn and lines and lines[-1]:
        data = data[:-1]
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "CHUNK", chunk)
        assert read_all(path) == lines
        cut = len(data) // 2
        assert read_all(path, end=cut) == split(data[:cut])


def split(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def test_a_scan_tells_what_was_left(tmp_path: Path) -> None:
    first = encode_line(opening(1)) + encode_line(opening(2)) + encode_line(record(1))
    second = encode_line(opening(3)) + b"broken\n" + encode_line(record(3)) + encode_line(opening(4))[:-5]
    segment_path(tmp_path, 1).write_bytes(first)
    segment_path(tmp_path, 2).write_bytes(second)
    left = scan(tmp_path, [1, 2], Position(1, 0), lambda: False)
    assert left is not None
    assert (list(left.unclosed.values()), left.pending) == ([opening(2)], 2)
    left = scan(tmp_path, [1, 2], Position(2, 0), lambda: False)
    assert left is not None
    assert left.pending == 1
    assert scan(tmp_path, [1, 2], Position(1, 0), lambda: True) is None
