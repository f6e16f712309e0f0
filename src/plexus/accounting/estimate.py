"""Sizes in tokens where no provider has said them: text by its bytes, media by a table. Always marked as estimates.

No vendor's tokenizer is rebuilt here: they differ between models, and a figure that is marked as an estimate need not be
exact. It shall rather be high than low.
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
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from plexus.canonical.request import FunctionTool, GenerateRequest, Tool
from plexus.canonical.response import GenerateResponse

BYTES_PER_TOKEN = 3.5
"""Of UTF-8: English prose has about 4.3, code about 3."""
PER_TURN = 4
PER_TOOL = 16
IMAGE = 1600
"""Tokens of a full-size picture (https://docs.claude.com/en/docs/build-with-claude/vision#calculate-image-costs)."""
PDF_BYTES_PER_TOKEN = 20
AUDIO_BYTES_PER_TOKEN = 100


def estimate_text(size: int) -> int:
    """Tokens of ``size`` bytes of text."""
    return int(size / BYTES_PER_TOKEN) + 1 if size > 0 else 0


def estimate_input(request: GenerateRequest) -> int:
    """Tokens of all that a request sends: system, turns, tools."""
    total = sum(_tokens(block) for block in request.system) + PER_TURN
    for message in request.messages:
        total += PER_TURN + sum(_tokens(block) for block in message.content)
    return total + sum(PER_TOOL + estimate_text(_tool_size(tool)) for tool in request.tools)


def estimate_output(response: GenerateResponse) -> int:
    """Tokens of all that a reply says."""
    return sum(_tokens(block) for candidate in response.candidates for block in candidate.blocks)


def _tool_size(tool: Tool) -> int:
    if not isinstance(tool, FunctionTool):
        return len(msgspec.json.encode(tool))
    schema = len(tool.parameters) if tool.parameters is not None else 0
    return len(tool.name.encode()) + len((tool.description or "").encode()) + schema


def _tokens(block: Block) -> int:
    match block:
        case Text(text=text) | Reasoning(text=text) | Refusal(text=text):
            return estimate_text(len(text.encode()))
        case ToolCall(name=name, arguments=arguments):
            return PER_TURN + estimate_text(len((name + arguments).encode()))
        case ToolResult(content=content):
            return PER_TURN + sum(_tokens(inner) for inner in content)
        case Image() | Video():
            return IMAGE
        case Document(source=InlineData(base64=data)):
            return max(IMAGE, len(data) * 3 // 4 // PDF_BYTES_PER_TOKEN)
        case Document(source=PlainText(text=text)):
            return estimate_text(len(text.encode()))
        case Audio(source=InlineData(base64=data)):
            return len(data) * 3 // 4 // AUDIO_BYTES_PER_TOKEN + 1
        case _:
            return IMAGE
