"""To embed: texts in, one vector each out, in nobody's wire format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from plexus.canonical.content import Extras
from plexus.canonical.usage import Usage

Purpose: TypeAlias = Literal[
    "query", "document", "classification", "clustering", "similarity", "question", "fact_check", "code_query"
]
"""What the vectors are for, where a model makes others for each."""
Encoding: TypeAlias = Literal["float", "base64", "int8", "uint8", "binary", "ubinary"]
"""How a vector's numbers are written; ``base64`` holds 32-bit floats, little-endian."""


class Tokens(msgspec.Struct, frozen=True):
    """One input that the client has cut into tokens itself: their numbers in the model's vocabulary."""

    ids: tuple[int, ...]


class EmbedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call to embed. ``origin`` is the protocol that the client speaks."""

    origin: str
    model: str
    inputs: tuple[str | Tokens, ...]
    dimensions: int | None = None
    purpose: Purpose | None = None
    encodings: tuple[Encoding, ...] = ("float",)
    truncate: Literal["none", "start", "end"] | None = None
    """From which end an input that is too long is cut; ``none``: it is refused."""
    title: str | None = None
    """Of the document (Gemini)."""
    user: str | None = None
    many: bool = True
    """The reply is a list, even of one vector."""
    extras: Extras | None = None

    def estimate(self, text_tokens: Callable[[int], int]) -> int:
        """Tokens of all inputs; ``text_tokens`` tells those of so many bytes of text."""
        return sum(text_tokens(len(one.encode())) if isinstance(one, str) else len(one.ids) for one in self.inputs)


class Vector(msgspec.Struct, frozen=True):
    """One vector, as it came: a JSON array of numbers, or 32-bit floats, little-endian. One of the two is there."""

    numbers: msgspec.Raw | None = None
    packed: bytes | None = None


class EmbedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """``vectors`` stand in the order of the inputs."""

    vectors: tuple[Vector, ...]
    model: str | None = None
    id: str | None = None
    usage: Usage | None = None

    @property
    def empty(self) -> bool:
        """Nothing is in it."""
        return not self.vectors
