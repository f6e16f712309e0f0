"""The members that must differ upstream when the body is kept: none, since model and stream stand in the path."""

from __future__ import annotations

from plexus.protocols.envelope import Envelope
from plexus.protocols.gemini.dialect import GeminiDialect


def edits(body: Envelope, model: str, dialect: GeminiDialect) -> dict[str, bytes]:
    """Nothing."""
    del body, model, dialect
    return {}


def withholds(event: bytes) -> bool:
    """Nothing is asked for that the client did not ask for."""
    del event
    return False
