"""The members that must differ upstream when the body is kept. Model and stream stand in the path; a body may name the model
again, and then it must be the same."""

from __future__ import annotations

import msgspec

from plexus.protocols.envelope import Envelope
from plexus.protocols.gemini.dialect import GeminiDialect


def edits(body: Envelope, model: str, dialect: GeminiDialect) -> dict[str, bytes]:
    """The upstream model's name, where the body has one."""
    del dialect
    name = f"models/{model}"
    written = body.members.get("model")
    return {} if written is None or body.get("model", str) == name else {"model": msgspec.json.encode(name)}


def withholds(event: bytes) -> bool:
    """Nothing is asked for that the client did not ask for."""
    del event
    return False
