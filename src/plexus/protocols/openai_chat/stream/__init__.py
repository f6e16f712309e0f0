"""Streams, both ways.

- **ChatStreamDecoder** (``decode``): a provider's chunks -> events. ``choice`` keeps what is open in one choice, ``calls``
  tells the pieces of tool calls apart.
- **ChatStreamEncoder** (``encode``): events -> a client's chunks.
"""

from __future__ import annotations

from plexus.protocols.openai_chat.stream.decode import ChatStreamDecoder
from plexus.protocols.openai_chat.stream.encode import ChatStreamEncoder

__all__ = ["ChatStreamDecoder", "ChatStreamEncoder"]
