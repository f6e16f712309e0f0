from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plexus.accounting import segments as module
from plexus.accounting.segments import JOURNAL, Line, Position, Segments, claim, encode_line
from plexus.domain.record import Opening, Record


def opening(number: int) -> Opening:
    return Opening(
        id=f"r{number}",
        started_at=number,
        key="k",
        protocol="openai_chat",
        operation="generate",
        model="m",
        target="p/m",
        bytes_in=700,
    )


def record(number: int) -> Record:
    return Record(id=f"r{number}", started_at=number, protocol="openai_chat", operation="generate", model="é")


def read_all(own: Segments[Line]) -> list[Opening | Record]:
    position = Position()
    found: list[Opening | Record] = []
    while True:
        lines, following = own.read(position, 64)
        if following == position:
            return found
        found += lines
        position = following


def test_lines_come_back_in_order_over_several_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 300)
    own, left = claim(tmp_path, JOURNAL)
    written = [line for number in range(10) for line in (opening(number), record(number))]
    for line in written:
        own.append(encode_line(line))
    assert left == []
    assert read_all(own) == written
    assert len(own.numbers) > 3
    own.set_drained(Position(own.current, 0))
    assert own.numbers == [own.current]
    assert own.drained() == Position(own.current, 0)
    own.release()


def test_a_second_process_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    first, _ = claim(tmp_path, JOURNAL)
    second, left = claim(tmp_path, JOURNAL)
    assert (first.folder.name, second.folder.name, left) == ("0", "1", [])
    first.release()
    third, left = claim(tmp_path, JOURNAL)
    assert (third.folder.name, left) == ("0", [])
    second.release()
    third.release()
    fourth, left = claim(tmp_path, JOURNAL)
    assert (fourth.folder.name, [each.folder.name for each in left]) == ("0", ["1"])
    for each in (fourth, *left):
        each.release()


@given(st.integers(0, 2000))
@settings(max_examples=80)
def test_whatever_is_cut_off_every_whole_line_before_it_survives(cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        own, _ = claim(Path(folder), JOURNAL)
        written = [record(number) for number in range(12)]
        data = b"".join(encode_line(line) for line in written)
        for line in written:
            own.append(encode_line(line))
        own.release()
        path = Path(folder, "0", "00000001.log")
        path.write_bytes(data[: min(cut, len(data))])
        again, _ = claim(Path(folder), JOURNAL)
        again.start()  # a new segment: the torn one will get no more
        whole = data[: min(cut, len(data))].count(b"\n")
        assert read_all(again) in (written[:whole], written[: whole + 1])  # a line may lack nothing but its end
        again.release()


def test_a_damaged_line_is_set_aside_and_the_others_live(tmp_path: Path) -> None:
    own, _ = claim(tmp_path, JOURNAL)
    own.append(encode_line(record(1)))
    own.append(b"garbage\n")
    own.append(encode_line(record(2)))
    assert read_all(own) == [record(1), record(2)]
    assert (own.folder / "damaged").read_bytes().startswith(b"garbage\n")
    own.release()


def test_a_removed_folder_keeps_only_what_was_damaged(tmp_path: Path) -> None:
    own, _ = claim(tmp_path, JOURNAL)
    own.append(encode_line(record(1)))
    own.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_did_not_fit_does_not_spoil_the_next(tmp_path: Path) -> None:
    own, _ = claim(tmp_path, JOURNAL)
    line = encode_line(record(1))
    own.append(line)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(line) + len(line) // 2, hard))  # the next one fits by half
    try:
        with pytest.raises(OSError, match="bytes fit"):
            own.append(line)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    own.append(encode_line(record(2)))
    assert read_all(own) == [record(1), record(2)]
    assert not (own.folder / "damaged").exists()
    own.release()
