"""Protocols, as the file names them: short (``chat``) or in full (``openai_chat``)."""

from __future__ import annotations

from typing import Literal, TypeAlias

ProtocolName: TypeAlias = Literal[
    "chat",
    "messages",
    "responses",
    "gemini",
    "embeddings",
    "transcriptions",
    "speech",
    "image",
    "openai_chat",
    "anthropic_messages",
    "openai_responses",
    "openai_embeddings",
    "openai_transcriptions",
    "openai_speech",
    "openai_images",
]

PROTOCOLS: dict[str, str] = {
    "chat": "openai_chat",
    "messages": "anthropic_messages",
    "responses": "openai_responses",
    "embeddings": "openai_embeddings",
    "transcriptions": "openai_transcriptions",
    "speech": "openai_speech",
    "image": "openai_images",
}
"""Short name -> protocol. A name that is not here is the protocol's own."""

PREFIXES: dict[str, str] = {"gemini": "/v1beta"}
"""What follows a base URL without a version segment, where it is not ``/v1``."""

OPERATIONS: tuple[str, ...] = (
    "/chat/completions",
    "/messages",
    "/responses",
    "/embeddings",
    "/completions",
    "/audio/transcriptions",
    "/audio/speech",
    "/images/generations",
)
"""What clients and we put behind a base URL: no base URL ends in one of them."""


def protocol_of(name: str) -> str:
    """The protocol behind a name of the file."""
    return PROTOCOLS.get(name, name)


def prefix_of(protocol: str) -> str:
    """``/v1``, or what the protocol's owner has instead."""
    return PREFIXES.get(protocol, "/v1")
