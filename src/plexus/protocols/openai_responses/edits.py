"""The members that must differ upstream when the body is kept (lanes pass and edit)."""

from __future__ import annotations

import msgspec

from plexus.protocols.envelope import Envelope
from plexus.protocols.openai_responses.dialect import ResponsesDialect


def edits(body: Envelope, model: str, dialect: ResponsesDialect) -> dict[str, bytes]:
    """The upstream model's name, where it is another."""
    del dialect
    return {} if body.get("model", str) == model else {"model": msgspec.json.encode(model)}


def withholds(event: bytes) -> bool:
    """Nothing is asked for that the client did not ask for."""
    del event
    return False
