"""Vectors and their spellings: JSON numbers, and base64 of 32-bit floats, little-endian, as OpenAI and Cohere write them."""

from __future__ import annotations

import base64
import binascii
import struct

import msgspec

from plexus.canonical.embedding import Vector
from plexus.protocols.simple import malformed
from plexus.protocols.unreadable import UNREADABLE

_NUMBERS = msgspec.json.Decoder(list[float])
ARRAY = ord("[")
SIZE = 4
"""Bytes of a number."""


def from_base64(text: str) -> Vector:
    """The vector in base64. Raises ProviderError for what is none."""
    packed = _bytes_of(text)
    if len(packed) % SIZE:
        raise malformed(f"an embedding of {len(packed)} bytes holds no 32-bit floats")
    return Vector(packed=packed)


def from_int8(text: str) -> Vector:
    """A vector of signed bytes in base64 (Perplexity's ``base64_int8``). Raises ProviderError for what is none."""
    packed = _bytes_of(text)
    return Vector(numbers=msgspec.Raw(msgspec.json.encode(struct.unpack(f"{len(packed)}b", packed))))


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise malformed("an embedding is neither numbers nor base64") from None


def from_numbers(raw: msgspec.Raw) -> Vector:
    """The vector in a JSON array; its digits stay. Raises ProviderError for something else."""
    if memoryview(raw)[0] != ARRAY:
        raise malformed("an embedding is no array of numbers")
    return Vector(numbers=raw)


def as_numbers(vector: Vector) -> msgspec.Raw:
    """The vector as a JSON array."""
    if vector.numbers is not None:
        return vector.numbers
    packed = vector.packed or b""
    return msgspec.Raw(msgspec.json.encode(struct.unpack(f"<{len(packed) // SIZE}f", packed)))


def as_base64(vector: Vector) -> str:
    """The vector in base64. Raises ProviderError for numbers that are none, or too big."""
    packed = vector.packed
    if packed is None:
        try:
            numbers = _NUMBERS.decode(vector.numbers or b"[]")
            packed = struct.pack(f"<{len(numbers)}f", *numbers)
        except (*UNREADABLE, OverflowError) as wrong:
            raise malformed(str(wrong)) from None
    return base64.b64encode(packed).decode()
