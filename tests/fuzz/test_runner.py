"""scripts/fuzz: that it finds what there is to find, keeps it, and ends."""

from __future__ import annotations

import itertools
from pathlib import Path
from random import Random

import pytest
from scripts import fuzzing
from tests.fuzz import targets


def test_a_plain_run_ends_when_its_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = itertools.count()
    assert fuzzing.run_plainly(list(targets.TARGETS), 50, seed=1, now=lambda: float(next(ticks))) == 0
    assert capsys.readouterr().out.startswith("49 inputs")


def test_what_breaks_a_decoder_is_kept_and_can_be_had_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fragile(data: bytes) -> None:
        if b"\x00" in data:
            raise RecursionError("found")

    monkeypatch.setattr(fuzzing, "FOLDER", tmp_path)
    monkeypatch.setitem(targets.TARGETS, "sse", fragile)
    with pytest.raises(RecursionError, match="found"):
        fuzzing.run_plainly(["sse"], 1e9, seed=1)
    (kept,) = tmp_path.iterdir()
    assert f"scripts/fuzz --again {kept}" in capsys.readouterr().err
    with pytest.raises(RecursionError, match="found"):
        fuzzing._again(kept, ["sse"])


def test_the_first_byte_says_which_target_an_input_is_for() -> None:
    names = ["a", "b", "c"]
    assert fuzzing.choose(names, b"\x04xyz") == ("b", b"xyz")
    assert fuzzing.choose(names, b"") == ("a", b"")


def test_every_target_has_something_to_begin_with() -> None:
    names = list(targets.TARGETS)
    found = fuzzing.beginnings(names)
    assert {fuzzing.choose(names, data)[0] for data in found} == set(names)
    assert max(map(len, found)) <= fuzzing.LONGEST


def test_half_of_the_changes_know_of_json() -> None:
    class Atheris:
        @staticmethod
        def Mutate(data: bytes, size: int) -> bytes:
            return b"theirs"[:size]

    change = fuzzing.mutator(Atheris)
    assert change(b'\x01{"a":1}', 100, 1) == b"theirs"
    ours = {change(b'\x01{"a":1}', 100, seed) for seed in range(0, 40, 2)}
    assert all(data[:1] == b"\x01" for data in ours)
    assert len(ours) > 10
    assert change(b"\x01" + b"x" * 50, 10, Random(1).randrange(0, 100, 2))[:1] == b"\x01"
