"""A function call's arguments while they come in pieces (``partialArgs``, Vertex AI's streamFunctionCallArguments).

https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import msgspec

from plexus.protocols.members import Object

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")
VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")
MAX_ITEMS = 10_000


class PartialArgs:
    """The object so far. Pieces of a string at one path belong together."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, piece: Object) -> None:
        """One element of ``partialArgs``. What has no readable path is passed over."""
        raw_path = piece.get("jsonPath")
        name = next((name for name in VALUES if name in piece), None)
        if raw_path is None or name is None:
            return
        path = msgspec.json.decode(raw_path, type=str)
        steps: list[str | int] = [int(found[2]) if found[2] else found[1] or found[3] for found in _STEP.finditer(path)]
        if steps:
            self._put(steps, None if name == "nullValue" else msgspec.json.decode(piece[name]))

    def _put(self, steps: list[str | int], value: Any) -> None:
        node: Any = self._root
        for step, following in itertools.pairwise(steps):
            empty: Any = [] if isinstance(following, int) else {}
            node = _child(node, step, empty)
            if node is None:
                return
        last = steps[-1]
        known = _child(node, last, None)
        if isinstance(known, str) and isinstance(value, str):
            value = known + value
        _set(node, last, value)

    def text(self) -> str:
        """The whole as JSON."""
        return msgspec.json.encode(self._root).decode()


def _child(node: Any, step: str | int, empty: Any) -> Any:
    if isinstance(node, dict) and isinstance(step, str):
        return node.setdefault(step, empty) if empty is not None else node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < MAX_ITEMS:
        if step >= len(node) and empty is not None:
            _set(node, step, empty)
        return node[step] if step < len(node) else None
    return None


def _set(node: Any, step: str | int, value: Any) -> None:
    if isinstance(node, dict) and isinstance(step, str):
        node[step] = value
    elif isinstance(node, list) and isinstance(step, int) and step < MAX_ITEMS:
        node.extend([None] * (step + 1 - len(node)))
        node[step] = value
