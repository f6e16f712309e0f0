"""The essentials of Anthropic's MessageCreateParams, as types that refuse what Anthropic refuses.

A message's blocks are decoded one by one (``BLOCKS``): the blocks of server tools come back to the vendor as it sent
them, and are taken as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json

Id = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]+$")]
ToolName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object whose members are all known."""


class CacheControl(Strict):
    """A cache marker."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class TextBlock(Strict):
    """Text."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None
    citations: list[Json] | None = None


class Source(Strict):
    """Where an image or a document is."""

    type: Literal["base64", "url", "file", "text", "content"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    content: str | list[Json] | None = None


class ImageBlock(Strict):
    """An image."""

    type: Literal["image"]
    source: Source
    cache_control: CacheControl | None = None
    transformations: Json | None = None


class DocumentBlock(Strict):
    """A document."""

    type: Literal["document"]
    source: Source
    cache_control: CacheControl | None = None
    citations: Json | None = None
    context: str | None = None
    title: str | None = None


class SearchResultBlock(Strict):
    """A search result of the caller's own."""

    type: Literal["search_result"]
    content: list[TextBlock]
    source: str
    title: str
    cache_control: CacheControl | None = None
    citations: Json | None = None


class ThinkingBlock(Strict):
    """Earlier thinking."""

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinkingBlock(Strict):
    """Earlier hidden thinking."""

    type: Literal["redacted_thinking"]
    data: str


class ToolUseBlock(Strict):
    """An earlier call."""

    type: Literal["tool_use"]
    id: Id
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    input: Json
    cache_control: CacheControl | None = None
    caller: Json | None = None
    toolset_name: str | None = None


class ToolResultBlock(Strict):
    """What a tool answered."""

    type: Literal["tool_result"]
    tool_use_id: Id
    content: str | list[Json] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None
    toolset_name: str | None = None


Block = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | SearchResultBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ToolResultBlock
)

BLOCKS: Final[Mapping[str, type[Block]]] = {
    "text": TextBlock,
    "image": ImageBlock,
    "document": DocumentBlock,
    "search_result": SearchResultBlock,
    "thinking": ThinkingBlock,
    "redacted_thinking": RedactedThinkingBlock,
    "tool_use": ToolUseBlock,
    "tool_result": ToolResultBlock,
}
"""The blocks that are checked."""

OPAQUE_BLOCKS: Final = frozenset(
    {
        "server_tool_use",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
        "container_upload",
        "compaction",
        "tool_reference",
        "tool_addition",
        "tool_removal",
    }
)
"""The blocks that are taken as they are."""

RESULT_BLOCKS: Final = frozenset({"text", "image", "document", "search_result", "tool_reference", "browser_state"})
"""What may stand in a tool's answer."""


class Message(Strict):
    """A turn, or in the middle of a conversation further instructions."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Json]


class Enabled(Strict, tag="enabled"):
    """Think, within a budget."""

    budget_tokens: Annotated[int, Meta(ge=1024)]
    display: Literal["summarized", "omitted"] | None = None


class Adaptive(Strict, tag="adaptive"):
    """Think as much as it takes."""

    display: Literal["summarized", "omitted"] | None = None


class Disabled(Strict, tag="disabled"):
    """Do not think."""


class AutoChoice(Strict, tag="auto"):
    """The model decides."""

    disable_parallel_tool_use: bool = False


class AnyChoice(Strict, tag="any"):
    """Some tool must be called."""

    disable_parallel_tool_use: bool = False


class ToolChoice(Strict, tag="tool"):
    """This tool must be called."""

    name: str
    disable_parallel_tool_use: bool = False


class NoChoice(Strict, tag="none"):
    """No tool may be called."""


class CustomTool(Strict):
    """A tool of the caller."""

    name: ToolName
    input_schema: Json
    type: Literal["custom"] | None = None
    description: str | None = None
    allowed_callers: list[str] | None = None
    cache_control: CacheControl | None = None
    defer_loading: bool | None = None
    eager_input_streaming: bool | None = None
    input_examples: list[Json] | None = None
    strict: bool | None = None


class OutputFormat(Strict):
    """A schema for the answer."""

    type: Literal["json_schema"]
    schema: Json


class OutputConfig(Strict):
    """How to answer."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None


class Metadata(Strict):
    """About the caller's user."""

    user_id: Annotated[str, Meta(max_length=256)] | None = None


class Prompted(Strict):
    """What a call that counts tokens has in common with one that makes a message."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    cache_control: CacheControl | None = None
    context_management: Json | None = None
    mcp_servers: list[Json] | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    speed: Literal["standard", "fast"] | None = None
    system: str | list[TextBlock] | None = None
    thinking: Enabled | Adaptive | Disabled | None = None
    tool_choice: AutoChoice | AnyChoice | ToolChoice | NoChoice | None = None
    tools: list[Json] | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None


class Request(Prompted, kw_only=True):
    """The body of a Messages call."""

    max_tokens: Annotated[int, Meta(ge=1)]
    container: str | Json | None = None
    diagnostics: Json | None = None
    inference_geo: str | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    stop_sequences: list[str] | None = None
    stream: bool = False
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None


REQUEST: Final = msgspec.json.Decoder(Request)
COUNT: Final = msgspec.json.Decoder(Prompted)
