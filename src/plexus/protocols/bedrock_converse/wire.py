"""The events of a stream, decoded straight from bytes: only the members that matter."""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT


class ToolUse(msgspec.Struct, rename="camel"):
    """``start.toolUse`` and ``delta.toolUse``."""

    tool_use_id: str | None = None
    name: str | None = None
    type: str | None = None
    input: str | None = None


class ReasoningContent(msgspec.Struct, rename="camel"):
    """``delta.reasoningContent``: one of the three."""

    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None


class Source(msgspec.Struct):
    """``delta.image.source``."""

    bytes: str | None = None


class ImageWire(msgspec.Struct):
    """``start.image`` and ``delta.image``."""

    format: str | None = None
    source: Source | None = None


class Start(msgspec.Struct, rename="camel"):
    """``start`` of a block: of tools and pictures alone; other blocks begin with their first delta."""

    tool_use: ToolUse | None = None
    tool_result: msgspec.Raw = ABSENT
    image: ImageWire | None = None


class Delta(msgspec.Struct, rename="camel"):
    """``delta`` of a block."""

    text: str | None = None
    tool_use: ToolUse | None = None
    tool_result: msgspec.Raw = ABSENT
    reasoning_content: ReasoningContent | None = None
    citation: msgspec.Raw = ABSENT
    image: ImageWire | None = None


class BlockEvent(msgspec.Struct, rename="camel"):
    """``contentBlockStart``, ``contentBlockDelta``, ``contentBlockStop``."""

    content_block_index: int = 0
    start: Start | None = None
    delta: Delta | None = None


class MessageStop(msgspec.Struct, rename="camel"):
    """``messageStop``."""

    stop_reason: str | None = None


class Tier(msgspec.Struct):
    """``serviceTier``."""

    type: str | None = None


class Metadata(msgspec.Struct, rename="camel"):
    """``metadata``: the last event."""

    usage: msgspec.Raw = ABSENT
    service_tier: Tier | None = None


BLOCK = msgspec.json.Decoder(BlockEvent)
STOP = msgspec.json.Decoder(MessageStop)
METADATA = msgspec.json.Decoder(Metadata)
