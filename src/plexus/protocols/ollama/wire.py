"""The chunks of a reply, decoded straight from bytes: only the members that matter. A whole JSON reply is one chunk.

https://docs.ollama.com/api/chat
"""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT

PROTOCOL = "ollama"


class Function(msgspec.Struct):
    """``function`` of a call; its arguments are an object."""

    name: str | None = None
    arguments: msgspec.Raw = ABSENT


class Call(msgspec.Struct):
    """One of ``tool_calls``, always whole. Servers before 0.12 give it no id."""

    function: Function | None = None
    id: str | None = None


class Message(msgspec.Struct):
    """``message``: a piece of it in a stream."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: list[Call] | None = None


class Chunk(msgspec.Struct):
    """One line of a stream, or the whole reply."""

    model: str | None = None
    created_at: str | None = None
    message: Message | None = None
    done: bool | None = None
    done_reason: str | None = None
    logprobs: list[msgspec.Raw] | None = None
    error: msgspec.Raw = ABSENT


CHUNK = msgspec.json.Decoder(Chunk)
