"""Usage as Ollama counts it: ``prompt_eval_count`` and ``eval_count``, thoughts among the latter."""

from __future__ import annotations

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.unreadable import UNREADABLE


class Counts(msgspec.Struct, omit_defaults=True):
    """The counts and times of the last chunk; times in nanoseconds."""

    prompt_eval_count: int | None = None
    eval_count: int | None = None
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_duration: int | None = None
    eval_duration: int | None = None


_DECODER = msgspec.json.Decoder(Counts)


def decode_usage(chunk: bytes) -> Usage | None:
    """The canonical counts of the last chunk; None where it has none. A prompt that was all in the cache has no count of its
    own, and is told as none."""
    try:
        wire = _DECODER.decode(chunk)
    except UNREADABLE:
        return None
    if wire.prompt_eval_count is None and wire.eval_count is None:
        return None
    return usage(input=wire.prompt_eval_count or 0, output=wire.eval_count or 0, raw=msgspec.json.encode(wire).decode())
