from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from plexus.cli import reload
from plexus.cli.reload import run_reloading, signature


def test_what_counts_as_the_source(tmp_path: Path) -> None:
    for name in ("a.py", "sub/b.toml", "c.txt", "d.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    before = signature(tmp_path)
    assert set(before) == {str(tmp_path / "a.py"), str(tmp_path / "sub/b.toml")}
    os.utime(tmp_path / "c.txt", ns=(5, 5))
    assert signature(tmp_path) == before
    os.utime(tmp_path / "a.py", ns=(5, 5))
    assert signature(tmp_path) != before


class Children:
    """Stands in for processes: the first is told to stop when the source changes, the second ends by itself."""

    def __init__(self) -> None:
        self.started: list[Child] = []

    def start(self, command: list[str]) -> Child:
        child = Child(command, ends=len(self.started) == 1)
        self.started.append(child)
        return child


class Child:
    def __init__(self, command: list[str], *, ends: bool) -> None:
        self.command = command
        self.returncode = 3 if ends else 0
        self._ends = ends
        self.terminated = False

    def poll(self) -> int | None:
        return self.returncode if self._ends else None

    def terminate(self) -> None:
        self.terminated = True

    def wait(self) -> int:
        return self.returncode


def test_a_change_starts_it_anew_and_its_own_end_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    children, looks = Children(), iter([{"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}])
    last: dict[str, Any] = {}

    def look(_: Path) -> dict[str, Any]:
        last["seen"] = next(looks, {"a": 2})
        seen: dict[str, Any] = last["seen"]
        return seen

    monkeypatch.setattr(reload, "signature", look)
    monkeypatch.setattr("plexus.cli.reload.subprocess.Popen", children.start)
    monkeypatch.setattr("plexus.cli.reload.time.sleep", lambda _: None)
    assert run_reloading(["--port=7"]) == 3
    first, second = children.started
    assert (first.terminated, second.terminated) == (True, False)
    assert first.command[1:] == ["-m", "plexus", "serve", "--port=7"]


def test_an_interrupt_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("plexus.cli.reload.subprocess.Popen", children.start)
    monkeypatch.setattr("plexus.cli.reload.time.sleep", interrupt)
    assert run_reloading([]) == 0
    assert [child.terminated for child in children.started] == [True]
