"""YAML as plain values, each with its place in the text.

YAML 1.2 (``yes`` is text). Keys are always text, dates stay text, anchors, aliases and merge keys (``<<``) work. Duplicate
keys, keys that are no scalars, unknown tags, aliases inside their own anchor and documents that grow beyond all reason by
aliases are mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from plexus.configuration.errors import Mark, Path, Problem, Problems
from plexus.configuration.interpolate import Unresolved

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
Fill: TypeAlias = Callable[[str, Path], str]

TAG = "tag:yaml.org,2002:"
TEXT = frozenset({TAG + "str", TAG + "timestamp", "!"})
MERGE = TAG + "merge"
MAX_VALUES = 200_000


class Tree:
    """``value`` is the document; ``mark`` tells where a part of it stands."""

    def __init__(self) -> None:
        self.value: Value = None
        self.keys: dict[Path, Mark] = {}
        """Where the name of a member stands."""
        self.values: dict[Path, Mark] = {}
        self.unresolved: set[Path] = set()
        """Values with a reference that leads nowhere: reported, and not worth a second report."""
        self.spellings: dict[str, frozenset[str]] = {}
        """Other names under which a member may stand in the file."""

    def find(self, path: Path) -> Path:
        """The longest part of ``path`` that stands in the file, as it is spelled there. Steps that do not are skipped
        (pydantic puts the branches of a union into its paths)."""
        found: Path = ()
        for step in path:
            for name in (step, *self.spellings.get(str(step), ())):
                if (*found, name) in self.values:
                    found = (*found, name)
                    break
        return found

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """The place of the value at ``path``, or of its name; of the nearest value around it if it is not there."""
        found = self.find(path)
        whole = len(found) == len(path)
        if (key or not whole) and found in self.keys:
            return self.keys[found]
        return self.values.get(found, Mark(1, 1))

    def show(self, path: Path) -> str:
        """``path`` for people. In the dialect where the name of a key is its secret, the name is left out."""
        if path[:1] == ("keys",) and len(path) > 1 and isinstance(path[1], str) and not self._has_secret(path[1]):
            path = ("keys", "***", *path[2:])
        return _joined(path)

    def _has_secret(self, name: str) -> bool:
        keys = self.value.get("keys") if isinstance(self.value, dict) else None
        entry = keys.get(name) if isinstance(keys, dict) else None
        return isinstance(entry, dict) and "secret" in entry

    def problem(self, path: Path, message: str, advice: str = "", *, key: bool = False) -> Problem:
        """A mistake at ``path``."""
        found = self.find(path)
        return Problem(self.mark(path, key=key), self.show(found if len(found) == len(path) else path), message, advice)


def read_tree(text: str, fill: Fill, problems: Problems) -> Tree:
    """The tree of ``text``, with ``fill`` applied to every string and every key. What is wrong goes to ``problems``."""
    tree = Tree()
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        problems.add(_syntax(error, text))
        return tree
    except YAMLError as error:
        problems.add(Problem(Mark(1, 1), "", f"this is no YAML: {str(error).splitlines()[0]}."))
        return tree
    except RecursionError:
        problems.add(Problem(Mark(1, 1), "", "this is no YAML that can be read: it is nested too deeply."))
        return tree
    if root is not None:
        tree.value = _Builder(tree, fill, problems, yaml.constructor).build(root, ())
    return tree


def _syntax(error: MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark(1, 1)
    # Not str(error): it quotes the line, which may hold a secret.
    what = " ".join(part for part in (error.context, error.problem) if part)
    lines = text.splitlines()
    here = lines[place.line - 1] if place.line <= len(lines) else ""
    advice = ""
    if "\t" in here:
        advice = "YAML is indented by spaces, not by tabs."
    elif "${" in here:
        advice = 'Put ${…} into quotes: "${NAME}".'
    return Problem(place, "", f"this is no YAML: {what}.", advice)


class _Builder:
    def __init__(self, tree: Tree, fill: Fill, problems: Problems, scalars: SafeConstructor) -> None:
        self._tree = tree
        self._fill = fill
        self._problems = problems
        self._open: set[int] = set()
        self._count = 0
        self._scalars = scalars

    def build(self, node: Node, path: Path) -> Value:
        self._tree.values[path] = _mark(node)
        self._count += 1
        if id(node) in self._open:
            self._wrong(node, path, "an alias stands inside its own anchor.", "Write it out.")
            return None
        if self._count > MAX_VALUES:
            if self._count == MAX_VALUES + 1:
                self._wrong(node, path, "aliases make this document too large.", "Write it out.")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if node.tag not in (TAG + "map", TAG + "seq"):
            self._wrong(node, path, f"the tag `{node.tag}` means nothing here.", "Leave it out.")
        self._open.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
            assert isinstance(node, MappingNode)
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Value]:
        built: dict[str, Value] = {}
        own: dict[str, Mark] = {}
        merged: list[tuple[Node, Node]] = []
        for key, value in node.value:
            if key.tag == MERGE:
                merged += self._merged(value, path)
                continue
            name = self._name(key, path)
            if name is None:
                continue
            if name in own:
                first = own[name].line
                self._wrong(key, (*path, name), f"is given twice, first on line {first}.", "Keep one of them.")
                continue
            own[name] = _mark(key)
            self._tree.keys[(*path, name)] = _mark(key)
            built[name] = self.build(value, (*path, name))
        for key, value in merged:
            name = self._name(key, path)
            if name is not None and name not in built:
                self._tree.keys[(*path, name)] = _mark(key)
                built[name] = self.build(value, (*path, name))
        return built

    def _merged(self, value: Node, path: Path, depth: int = 0) -> list[tuple[Node, Node]]:
        """The members that ``<<: value`` brings, the nearer first."""
        if isinstance(value, SequenceNode) and depth < 20:
            return [pair for item in value.value for pair in self._merged(item, path, depth + 1)]
        if not isinstance(value, MappingNode) or depth >= 20:
            self._wrong(value, path, "`<<` wants a mapping, or a list of mappings.")
            return []
        pairs: list[tuple[Node, Node]] = [pair for pair in value.value if pair[0].tag != MERGE]
        for key, inner in value.value:
            if key.tag == MERGE:
                pairs += self._merged(inner, path, depth + 1)
        return pairs

    def _name(self, key: Node, path: Path) -> str | None:
        if not isinstance(key, ScalarNode):
            self._wrong(key, path, "a name must be text.", "Put it into quotes.")
            return None
        try:
            return self._fill(str(key.value), path)
        except Unresolved as wrong:  # a member without a name is left out
            self._wrong(key, path, wrong.message, wrong.advice)
            return None

    def _scalar(self, node: ScalarNode, path: Path) -> Value:
        if node.tag in TEXT:
            return self._text(node, path)
        if node.tag not in (TAG + "int", TAG + "float", TAG + "bool", TAG + "null"):
            self._wrong(node, path, f"the tag `{node.tag}` means nothing here.", "Leave it out.")
            return None
        try:
            value: Value = self._scalars.construct_object(node)
        except (YAMLError, ValueError):
            self._wrong(node, path, "this value cannot be read.", "Put it into quotes if it is text.")
            return None
        return value

    def _text(self, node: ScalarNode, path: Path) -> str:
        text = str(node.value)
        try:
            return self._fill(text, path)
        except Unresolved as wrong:
            self._tree.unresolved.add(path)
            self._wrong(node, path, wrong.message, wrong.advice)
            return text

    def _wrong(self, node: Node, path: Path, message: str, advice: str = "") -> None:
        # The path is shown when all is read: only then is it known which names are secrets.
        self._problems.add(Problem(_mark(node), _plain(path), message, advice))


def _plain(path: Path) -> str:
    """A path that cannot hold a secret: below ``keys`` only the place is told."""
    return "keys" if path[:1] == ("keys",) else _joined(path)


def _joined(path: Path) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    shown = "".join(steps).removeprefix(".")
    return shown if shown.isprintable() else shown.encode("unicode_escape").decode()


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
