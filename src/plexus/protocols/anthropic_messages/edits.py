"""What must differ upstream when client and provider both speak Messages: the model's name, and nothing else."""

from __future__ import annotations

import msgspec

from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.envelope import Envelope


def edits(envelope: Envelope, model: str, dialect: MessagesDialect) -> dict[str, bytes]:
    """{"model": …} where the client wrote another name; {} where its bytes can go as they are."""
    del dialect
    return {} if envelope.get("model", str) == model else {"model": msgspec.json.encode(model)}


def withholds(event: bytes) -> bool:
    """Never: Messages tells usage unasked, so that nothing is asked for on the client's behalf."""
    del event
    return False
