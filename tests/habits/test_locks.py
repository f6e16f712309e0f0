"""The locks hold what pyproject.toml asks for: who adds a dependency runs ``scripts/setup --lock``."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.habits.tree import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(kind: str) -> dict[str, str]:
    """Distribution -> version of a lock."""
    text = (ROOT / "requirements" / f"{kind}.lock").read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in PIN.findall(text)}


def asked(kind: str) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    lines = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["postgres"]]
    lines += groups["build"]
    if kind == "dev":
        lines += [line for line in groups["dev"] if isinstance(line, str)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("kind", ["dev", "runtime"])
def test_every_requirement_is_locked(kind: str) -> None:
    locked = pins(kind)
    for requirement in asked(kind):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name}: run scripts/setup --lock"
        assert requirement.specifier.contains(version), f"{requirement} is locked to {version}"


def test_both_locks_agree() -> None:
    developers = pins("dev")
    assert {name: developers.get(name) for name in pins("runtime")} == pins("runtime")


@pytest.mark.parametrize("kind", ["dev", "runtime"])
def test_every_pin_is_hashed(kind: str) -> None:
    text = (ROOT / "requirements" / f"{kind}.lock").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(kind))
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
