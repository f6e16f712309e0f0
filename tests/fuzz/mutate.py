"""Small damage to good input: to its bytes, and to the JSON in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**70, 1.5, 1e308, "", "x", "null", "\x00", "ä\N{GRINNING FACE}", [], [None],
    [[]], {}, {"": None}, {"type": "text"}, ["x"], "9" * 30,
)  # fmt: skip
"""Values that are put in the place of others."""

FRAGMENTS = (
    b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\r", b"\n", b"\r\n\r\n", b"\n\n", b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":",
    b"null", b"true", b"1e999", b"-", b"\\ud800", b"data: ", b"event: error\n", b"data: [DONE]\n\n", b": ", b"[" * 2000,
    b'{"a":' * 2000, b" " * 100,
)  # fmt: skip
"""Bytes that are put anywhere."""

_LINE = re.compile(rb"^(data: ?)?(\{.*\})\s*$", re.MULTILINE)


def mutate(data: bytes, random: Random) -> bytes:
    """``data`` with one to four small changes."""
    for _ in range(random.randint(1, 4)):
        data = random.choice(CHANGES)(data, random)
    return data


def flip(data: bytes, random: Random) -> bytes:
    """One byte is another."""
    if not data:
        return bytes([random.randrange(256)])
    place = random.randrange(len(data))
    return data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]


def cut(data: bytes, random: Random) -> bytes:
    """A piece is gone."""
    start, end = _span(data, random)
    return data[:start] + data[end:]


def double(data: bytes, random: Random) -> bytes:
    """A piece comes again, elsewhere."""
    start, end = _span(data, random)
    place = random.randint(0, len(data))
    return data[:place] + data[start:end] + data[place:]


def insert(data: bytes, random: Random) -> bytes:
    """Something strange stands in between."""
    place = random.randint(0, len(data))
    return data[:place] + random.choice(FRAGMENTS) + data[place:]


def change_json(data: bytes, random: Random) -> bytes:
    """A value in one of the JSON objects is of another kind, gone, or named otherwise."""
    places = [(found.start(2), found.end(2)) for found in _LINE.finditer(data)] or [(0, len(data))]
    start, end = random.choice(places)
    try:
        document = json.loads(data[start:end])
    except (ValueError, RecursionError):
        return flip(data, random)
    return data[:start] + json.dumps(_changed(document, random)).encode() + data[end:]


def _changed(node: Any, random: Random) -> Any:
    if isinstance(node, dict) and node and random.random() < 0.85:
        name = random.choice(list(node))
        action = random.random()
        if action < 0.1:
            return {key: value for key, value in node.items() if key != name}
        if action < 0.2:
            return {(key + "x" if key == name else key): value for key, value in node.items()}
        return {**node, name: _changed(node[name], random)}
    if isinstance(node, list) and node and random.random() < 0.85:
        place = random.randrange(len(node))
        if random.random() < 0.1:
            return [*node, *node[place:]]
        return [*node[:place], _changed(node[place], random), *node[place + 1 :]]
    return random.choice(ODD)


def _span(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((1, 2, 8, 64, 512)))


CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    flip,
    cut,
    double,
    insert,
    change_json,
    change_json,
    change_json,
)
