"""Usage as Cohere counts it, twice: ``billed_units`` is what is paid for, ``tokens`` all that the model read and wrote, with
the preamble that Cohere puts ahead of a prompt (some 500 tokens), special tokens and thoughts. Cached input and thoughts are
parts of the latter alone.

https://docs.cohere.com/reference/chat#response.body.usage
"""

from __future__ import annotations

from typing import Literal

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.unreadable import UNREADABLE


class Counts(msgspec.Struct):
    """``billed_units`` or ``tokens``."""

    input_tokens: float | None = None
    output_tokens: float | None = None
    reasoning_tokens: float | None = None
    image_tokens: float | None = None


class WireUsage(msgspec.Struct):
    """``usage``."""

    billed_units: Counts | None = None
    tokens: Counts | None = None
    cached_tokens: float | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def decode_usage(raw: bytes | msgspec.Raw, kind: Literal["billed_units", "tokens"]) -> Usage | None:
    """The canonical counts of the ``kind`` wanted, or of the other where a server gives only that; None for what holds none."""
    try:
        wire = _DECODER.decode(raw)
    except UNREADABLE:
        return None
    billed = _said(wire.billed_units)
    whole = _said(wire.tokens)
    text = bytes(raw).decode("utf-8", "replace")
    if billed is not None and (kind == "billed_units" or whole is None):
        return usage(input=_count(billed.input_tokens), output=_count(billed.output_tokens), raw=text)
    if whole is None:
        return None
    images = _count(whole.image_tokens)
    return usage(
        input=_count(whole.input_tokens) + images,
        cached_input=_count(wire.cached_tokens),
        output=_count(whole.output_tokens),
        reasoning=_count(whole.reasoning_tokens),
        image_input=images,
        raw=text,
    )


def _said(counts: Counts | None) -> Counts | None:
    """The counts where there are any."""
    if counts is None or (counts.input_tokens is None and counts.output_tokens is None):
        return None
    return counts


def _count(value: float | None) -> int:
    """A count; 0 for none and for what is no number of tokens."""
    return int(value) if value is not None and 0 <= value < 2**53 else 0
