"""Made-up vectors: of length 1, the same for the same text, and near for texts that share words."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import struct
from collections.abc import Sequence

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """The words of ``text`` in lower case."""
    return _WORD.findall(text.lower())


def vector(text: str, size: int) -> list[float]:
    """A unit vector of ``size`` numbers: the sum of one direction for each word."""
    total = [0.0] * size
    for word in words(text) or [text]:
        raw = hashlib.shake_128(word.encode()).digest(2 * size)
        for index, (number,) in enumerate(struct.iter_unpack("<h", raw)):
            total[index] += number
    length = math.sqrt(sum(one * one for one in total)) or 1.0
    return [_single(one / length) for one in total]


def _single(number: float) -> float:
    """As a 32-bit float, so that both ways to write it say the same."""
    found: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return found


def packed(numbers: Sequence[float]) -> str:
    """32-bit floats, little-endian, in base64."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def likeness(one: str, other: str) -> float:
    """How much of the words of ``one`` stands in ``other``, from 0 to 1."""
    wanted = set(words(one))
    return len(wanted & set(words(other))) / len(wanted) if wanted else 0.0
