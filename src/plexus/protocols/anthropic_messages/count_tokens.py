"""Counting the input's tokens (https://docs.claude.com/en/api/messages-count-tokens): native, or our estimate.

The native operation has the same request without ``max_tokens``, and a reply of one number. It exists for this protocol
alone, so it is never translated: where the target has none, the gateway estimates.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    Document,
    Image,
    InlineData,
    PlainText,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.request import FunctionTool, GenerateRequest, Tool
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage, usage
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.errors import decode_stream_error

PATH = "/messages/count_tokens"


class _Count(msgspec.Struct):
    input_tokens: int


class CountTap:
    """Reads the count off a native reply. See ``protocols.codec.Tap``."""

    empty = False

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = self.ended = self.terminated = False

    def watch(self, events: bytes) -> None:
        """Counts are not streamed."""

    def read(self, body: bytes) -> None:
        """The whole reply. The count is no usage: counting is free."""
        try:
            msgspec.json.decode(body, type=_Count)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.failure = (
                decode_stream_error(body)
                if b'"error"' in body
                else ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's count cannot be read.", status=200)
            )
            return
        self.meaningful = self.ended = self.terminated = True


def tap(dialect: MessagesDialect) -> CountTap:
    """A tap for one reply."""
    del dialect
    return CountTap()


def encode_count(tokens: int) -> bytes:
    """The reply."""
    return msgspec.json.encode({"input_tokens": tokens})


# --- the estimate

BYTES_PER_TOKEN = 3.5
"""Of UTF-8: English prose has about 4.3, code about 3; the estimate shall rather be high."""
PER_TURN = 4
PER_TOOL = 16
IMAGE = 1600
"""Tokens of a full-size picture (https://docs.claude.com/en/docs/build-with-claude/vision#calculate-image-costs)."""
PDF_BYTES_PER_TOKEN = 20
AUDIO_BYTES_PER_TOKEN = 100


def estimate_tokens(request: GenerateRequest) -> Usage:
    """What the input comes to by the size of its parts: text by bytes, media by a table. Marked as an estimate."""
    total = sum(_tokens(block) for block in request.system) + PER_TURN
    for message in request.messages:
        total += PER_TURN + sum(_tokens(block) for block in message.content)
    for tool in request.tools:
        total += PER_TOOL + _text_tokens(
            msgspec.json.encode(tool) if not isinstance(tool, FunctionTool) else _tool_bytes(tool)
        )
    return usage(input=total, estimated=True)


def _tool_bytes(tool: Tool) -> bytes:
    if not isinstance(tool, FunctionTool):
        return msgspec.json.encode(tool)
    schema = bytes(tool.parameters) if tool.parameters is not None else b""
    return tool.name.encode() + (tool.description or "").encode() + schema


def _text_tokens(text: bytes) -> int:
    return int(len(text) / BYTES_PER_TOKEN) + 1 if text else 0


def _tokens(block: Block) -> int:
    match block:
        case Text(text=text) | Reasoning(text=text):
            return _text_tokens(text.encode())
        case ToolCall(name=name, arguments=arguments):
            return PER_TURN + _text_tokens((name + arguments).encode())
        case ToolResult(content=content):
            return PER_TURN + sum(_tokens(inner) for inner in content)
        case Image() | Video():
            return IMAGE
        case Document(source=InlineData(base64=data)):
            return max(IMAGE, len(data) * 3 // 4 // PDF_BYTES_PER_TOKEN)
        case Document(source=PlainText(text=text)):
            return _text_tokens(text.encode())
        case Audio(source=InlineData(base64=data)):
            return len(data) * 3 // 4 // AUDIO_BYTES_PER_TOKEN + 1
        case _:
            return IMAGE
