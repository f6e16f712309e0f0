"""What compiling one document needs to know, and where its mistakes go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TypeVar

import msgspec

from plexus.configuration.document import TimeoutsPart
from plexus.configuration.errors import Path, Problems
from plexus.configuration.names import protocol_of
from plexus.configuration.tree import Tree
from plexus.domain.provider import Timeouts

Name = TypeVar("Name", bound=str)
Member = TypeVar("Member")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """``folder``: where relative paths begin. ``dialects``: protocol -> the record of its dialect questions."""

    tree: Tree
    problems: Problems
    warnings: Problems
    folder: FilePath
    pepper: bytes
    known_protocols: frozenset[str]
    dialects: Mapping[str, type[msgspec.Struct]]

    def wrong(self, path: Path, message: str, advice: str = "", *, key: bool = False) -> None:
        """Report a mistake, unless it only follows from one that is known."""
        if self.tree.find(path) not in self.tree.unresolved:
            self.problems.add(self.tree.problem(path, message, advice, key=key))

    def warn(self, path: Path, message: str, advice: str = "", *, key: bool = False) -> None:
        """Report what is allowed and probably not meant."""
        self.warnings.add(self.tree.problem(path, message, advice, key=key))

    def by_protocol(self, members: Mapping[Name, Member], path: Path) -> dict[str, tuple[str, Member]]:
        """Protocol -> (its name in the file, member). One protocol under two names is a mistake."""
        found: dict[str, tuple[str, Member]] = {}
        for name, member in members.items():
            protocol = protocol_of(name)
            if protocol in found:
                self.wrong((*path, name), f"is the same protocol as `{found[protocol][0]}`.", "Keep one.", key=True)
            else:
                found[protocol] = (name, member)
        return found


def merged_timeouts(base: Timeouts, part: TimeoutsPart | None) -> Timeouts:
    """``base`` with what ``part`` says."""
    if part is None:
        return base
    return msgspec.structs.replace(base, **{name: getattr(part, name) for name in part.model_fields_set})
