"""The members that must differ upstream when the body is kept (lanes pass and edit)."""

from __future__ import annotations

import msgspec

from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.envelope import Envelope

VERSION = "anthropic_version"


def edits(body: Envelope, model: str, dialect: MessagesDialect) -> dict[str, bytes]:
    """The upstream model's name, where it is another; for clouds whose paths name it, the version instead."""
    if dialect.version_in_body is not None:
        version = msgspec.json.encode(dialect.version_in_body)
        return {"model": b"", VERSION: version} if body.get(VERSION, str) is None else {"model": b""}
    return {} if body.get("model", str) == model else {"model": msgspec.json.encode(model)}


def withholds(event: bytes) -> bool:
    """Nothing is asked for that the client did not ask for."""
    del event
    return False
