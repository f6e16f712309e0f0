"""The events of a stream and the JSON reply, decoded straight from bytes: only the members that matter.

https://docs.cohere.com/reference/chat-stream
"""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT

PROTOCOL = "cohere"


class Function(msgspec.Struct):
    """``function`` of a call: its name once, its arguments in pieces."""

    name: str | None = None
    arguments: str | None = None


class Call(msgspec.Struct):
    """A tool call, or a piece of one."""

    id: str | None = None
    function: Function | None = None


class Content(msgspec.Struct):
    """A part of the content, or a piece of one."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class Message(msgspec.Struct):
    """``message``. What is a list in a reply is one element in an event."""

    content: Content | list[Content] | None = None
    tool_plan: str | None = None
    tool_calls: Call | list[Call] | None = None
    citations: dict[str, msgspec.Raw] | list[msgspec.Raw] | None = None


class Logprob(msgspec.Struct):
    """A piece of text, and the log probability of each of its tokens."""

    text: str | None = None
    logprobs: list[float] | None = None


class Delta(msgspec.Struct):
    """``delta`` of an event."""

    message: Message | None = None
    finish_reason: str | None = None
    usage: msgspec.Raw = ABSENT
    error: str | None = None


class Event(msgspec.Struct):
    """One event. ``message`` stands in an error alone."""

    type: str | None = None
    id: str | None = None
    index: int | None = None
    delta: Delta | None = None
    logprobs: Logprob | None = None
    message: str | None = None


class Reply(msgspec.Struct):
    """A whole reply. ``message`` is a text in an error."""

    id: str | None = None
    message: Message | str | None = None
    finish_reason: str | None = None
    usage: msgspec.Raw = ABSENT
    logprobs: list[Logprob] | None = None


EVENT = msgspec.json.Decoder(Event)
REPLY = msgspec.json.Decoder(Reply)
