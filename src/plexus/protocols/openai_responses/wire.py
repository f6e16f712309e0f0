"""The events of a stream, decoded straight from bytes: only the members that matter.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT


class Event(msgspec.Struct):
    """Any event. Which of its members are there, ``type`` says; some servers say it in the ``event:`` line alone."""

    type: str = ""
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    delta: str | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    input: str | None = None
    item: msgspec.Raw = ABSENT
    part: msgspec.Raw = ABSENT
    response: msgspec.Raw = ABSENT
    annotation: msgspec.Raw = ABSENT
    logprobs: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


class ItemHead(msgspec.Struct):
    """An item as far as its place in the output needs it."""

    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: str | None = None
    input: str | None = None
    encrypted_content: str | None = None


class PartHead(msgspec.Struct):
    """A content part, likewise."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    annotations: list[msgspec.Raw] | None = None


class ReplyHead(msgspec.Struct):
    """The response object of a lifecycle event, likewise."""

    id: str | None = None
    model: str | None = None
    created_at: float | None = None
    status: str | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    output: list[msgspec.Raw] | None = None
    service_tier: str | None = None
