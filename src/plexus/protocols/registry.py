"""(protocol, operation) -> codec. The one place that knows all spokes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from plexus.protocols import anthropic_messages, gemini, openai_chat, openai_responses
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.codec import Codec
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_responses.dialect import ResponsesDialect

CODECS: Mapping[tuple[str, str], Codec[Any, Any, Any]] = {
    (codec.protocol, codec.operation): codec
    for codec in (
        openai_chat.CODEC,
        openai_responses.CODEC,
        anthropic_messages.CODEC,
        anthropic_messages.COUNT_CODEC,
        gemini.CODEC,
        gemini.COUNT_CODEC,
    )
}

DIALECTS: Mapping[str, type[msgspec.Struct]] = {
    "openai_chat": ChatDialect,
    "openai_responses": ResponsesDialect,
    "anthropic_messages": MessagesDialect,
    "gemini": GeminiDialect,
}
"""The questions that presets and the configuration may answer, by protocol."""

PROTOCOLS = frozenset(protocol for protocol, _ in CODECS)
"""The protocols that the data plane speaks with providers."""
