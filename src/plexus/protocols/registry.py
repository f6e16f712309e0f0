"""(protocol, operation) -> codec. The one place that knows all spokes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from plexus.protocols import (
    anthropic_messages,
    audio,
    bedrock_converse,
    cohere,
    completions,
    embeddings,
    gemini,
    images,
    moderations,
    ollama,
    openai_chat,
    openai_responses,
    rerank,
)
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.bedrock_converse.dialect import ConverseDialect
from plexus.protocols.codec import Codec, ProviderCodec
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_responses.dialect import ResponsesDialect

CODECS: Mapping[tuple[str, str], Codec[Any, Any, Any]] = {
    (codec.protocol, codec.operation): codec
    for codec in (
        openai_chat.CODEC,
        openai_responses.CODEC,
        openai_responses.COUNT_CODEC,
        openai_responses.COMPACT_CODEC,
        anthropic_messages.CODEC,
        anthropic_messages.COUNT_CODEC,
        gemini.CODEC,
        gemini.COUNT_CODEC,
        *images.CODECS,
        *audio.CODECS,
        *completions.CODECS,
        *embeddings.CODECS,
        *rerank.CODECS,
        *moderations.CODECS,
    )
}
"""What clients speak."""

PROVIDER_CODECS: Mapping[tuple[str, str], ProviderCodec[Any, Any, Any]] = {
    **CODECS,
    **{(codec.protocol, codec.operation): codec for codec in (ollama.CODEC, cohere.CODEC, bedrock_converse.CODEC)},
}
"""What providers speak: the same, and protocols that face providers only."""

DIALECTS: Mapping[str, type[msgspec.Struct]] = {
    "openai_chat": ChatDialect,
    "openai_responses": ResponsesDialect,
    "anthropic_messages": MessagesDialect,
    "gemini": GeminiDialect,
    "bedrock_converse": ConverseDialect,
    "ollama": OllamaDialect,
    "cohere": CohereDialect,
}
"""The questions that presets and the configuration may answer, by protocol."""

CLIENT_PROTOCOLS = frozenset(protocol for protocol, operation in CODECS if operation == "generate")
"""The protocols in which clients have something generated."""
PROTOCOLS = frozenset(protocol for protocol, _ in PROVIDER_CODECS)
"""The protocols in which providers are asked."""
