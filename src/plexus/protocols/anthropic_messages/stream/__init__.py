"""Streams of Messages, both ways.

- ``decode``: a provider's server-sent events -> StreamEvents.
- ``encode``: StreamEvents -> server-sent events for a client, one block after the other.
"""

from plexus.protocols.anthropic_messages.stream.decode import MessagesStreamDecoder
from plexus.protocols.anthropic_messages.stream.encode import MessagesStreamEncoder

__all__ = ["MessagesStreamDecoder", "MessagesStreamEncoder"]
