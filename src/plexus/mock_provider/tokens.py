"""How the mock counts tokens: a fixed rule, so that tests can say the number beforehand.

A token is up to four characters of one word, together with the white space before it; white space at the very end is a
token of its own. ``"Hello, world"`` is ``["Hell", "o,", " worl", "d"]``. On top of the text:

- each message costs 4 tokens, the reply's own start 3,
- a tool costs the tokens of its definition as compact JSON, a tool call those of its name and its arguments,
- an image costs 85, a document 250, a piece of audio 50, whatever its size.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

PER_MESSAGE: Final = 4
PER_REPLY: Final = 3
PER_IMAGE: Final = 85
PER_DOCUMENT: Final = 250
PER_AUDIO: Final = 50

_TOKEN = re.compile(r"\s*\S{1,4}|\s+")


def split_tokens(text: str) -> list[str]:
    """The tokens of ``text``; joined they are ``text`` again."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """How many tokens ``text`` has."""
    return len(split_tokens(text))


def count_json(value: object) -> int:
    """The tokens of ``value`` as compact JSON."""
    return count(compact(value))


def compact(value: object) -> str:
    """``value`` as JSON without spaces, members in their order."""
    return msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a prompt that can be cached: a digest of everything in it, and its tokens."""

    digest: bytes
    tokens: int


def prefixes(scope: str, pieces: Iterable[tuple[object, int]]) -> list[Prefix]:
    """The prompt's prefixes, shortest first, from its pieces: their JSON value and their tokens. ``scope`` separates
    prompts that never share a cache (models, cache keys)."""
    digest = hashlib.sha256(scope.encode())
    total = 0
    found = []
    for value, tokens in pieces:
        digest.update(msgspec.json.encode(value))
        total += tokens
        found.append(Prefix(digest.copy().digest(), total))
    return found


class PromptCache:
    """Remembers the last ``size`` prefixes, in memory, without any expiry."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def use(self, candidates: Sequence[Prefix]) -> tuple[int, int]:
        """Look for the longest known one of ``candidates`` (shortest first) and keep them all.

        Returns the tokens read from the cache, and the tokens written to it: the rest of the longest candidate.
        """
        read = max((one.tokens for one in candidates if one.digest in self._known), default=0)
        for one in candidates:
            self._known[one.digest] = None
            self._known.move_to_end(one.digest)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        longest = candidates[-1].tokens if candidates else 0
        return read, longest - read
