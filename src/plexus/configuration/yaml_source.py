"""Reading YAML with positions: a plain tree of dicts, lists and scalars, and where each of them stands."""

from __future__ import annotations

from io import StringIO
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from plexus.configuration.problems import ConfigurationError, Problem

Path: TypeAlias = tuple[str | int, ...]


class Source:
    """The tree, and ``place(path)`` for each node of it."""

    def __init__(self, tree: dict[str, Any], places: dict[Path, tuple[int, int]]) -> None:
        self.tree = tree
        self._places = places

    def has(self, path: Path) -> bool:
        """Whether the file has a node at ``path``."""
        return path in self._places

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of the node at ``path``, or of the nearest one above it."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path, (1, 1))

    def problem(self, path: Path, message: str) -> Problem:
        """A problem at ``path``."""
        line, column = self.place(path)
        return Problem(line, column, dotted(path), message)


def dotted(path: Path) -> str:
    """``("models", "a", "targets", 0)`` as ``models.a.targets[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def parse_yaml(text: str) -> Source:
    """Read a document. Raises ConfigurationError for what is no YAML, repeats a member, or is no mapping."""
    yaml = YAML(typ="rt", pure=True)
    try:
        loaded = yaml.load(StringIO(text))
    except DuplicateKeyError as repeated:
        mark = repeated.problem_mark
        raise _error(
            mark, f"{(repeated.problem or 'a member is repeated').split(' with value')[0]}. Keep one of them."
        ) from None
    except MarkedYAMLError as broken:
        raise _error(broken.problem_mark or broken.context_mark, f"this is not YAML: {broken.problem}.") from None
    except Exception as broken:  # noqa: BLE001 - ruamel raises its own and Python's errors for odd input
        raise ConfigurationError([Problem(1, 1, "", f"this is not YAML: {broken}.")]) from None
    if loaded is None:
        loaded = CommentedMap()
    if not isinstance(loaded, CommentedMap):
        raise ConfigurationError([Problem(1, 1, "", "the file must be a mapping: providers:, models:, keys: …")])
    places: dict[Path, tuple[int, int]] = {}
    return Source(_plain(loaded, (), places), places)


def _error(mark: Any, message: str) -> ConfigurationError:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return ConfigurationError([Problem(line, column, "", message)])


def _plain(node: Any, path: Path, places: dict[Path, tuple[int, int]]) -> Any:
    if isinstance(node, CommentedMap):
        plain: dict[str, Any] = {}
        for key, value in node.items():
            name = str(key)
            try:
                line, column = node.lc.key(key)
                places[*path, name] = (line + 1, column + 1)
            except (KeyError, TypeError):
                places[*path, name] = places.get(path, (1, 1))  # merged in by <<
            plain[name] = _plain(value, (*path, name), places)
        return plain
    if isinstance(node, CommentedSeq):
        items = []
        for index, value in enumerate(node):
            line, column = node.lc.item(index)
            places[*path, index] = (line + 1, column + 1)
            items.append(_plain(value, (*path, index), places))
        return items
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return str(node)
