"""(protocol, operation) -> codec. The one place that knows all spokes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from plexus.protocols import anthropic_messages, openai_chat
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.codec import Codec
from plexus.protocols.openai_chat.dialect import ChatDialect

CODECS: Mapping[tuple[str, str], Codec[Any, Any, Any]] = {
    (codec.protocol, codec.operation): codec
    for codec in (openai_chat.CODEC, anthropic_messages.CODEC, anthropic_messages.COUNT_CODEC)
}

DIALECTS: Mapping[str, type[msgspec.Struct]] = {
    "openai_chat": ChatDialect,
    "anthropic_messages": MessagesDialect,
}
"""The questions that presets and the configuration may answer, by protocol."""

PROTOCOLS = frozenset(protocol for protocol, _ in CODECS)
"""The protocols that the data plane speaks with providers."""
