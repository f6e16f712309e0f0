"""The essentials of OpenAI's CreateResponse, as types that refuse what OpenAI refuses.

Input items are decoded one by one (``ITEMS``): those of the vendor's own tools come back as it sent them, and are taken
as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object whose members are all known."""


Name = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
Short = Annotated[str, Meta(max_length=64)]
"""OpenAI refuses longer ids."""
Status = Literal["in_progress", "completed", "incomplete"]


class InputText(Strict, tag="input_text"):
    """Text of the user or the operator."""

    text: str
    prompt_cache_breakpoint: Json | None = None


class InputImage(Strict, tag="input_image"):
    """An image by URL, data URL or id."""

    detail: Literal["low", "high", "auto", "original"] | None = None
    image_url: str | None = None
    file_id: str | None = None
    prompt_cache_breakpoint: Json | None = None


class InputFile(Strict, tag="input_file"):
    """A document by URL, data URL or id."""

    file_id: str | None = None
    filename: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    detail: str | None = None
    prompt_cache_breakpoint: Json | None = None


class OutputText(Strict, tag="output_text"):
    """What the model said."""

    text: str
    annotations: list[Json] | None = None
    logprobs: list[Json] | None = None


class OutputRefusal(Strict, tag="refusal"):
    """What it would not say."""

    refusal: str


Content = InputText | InputImage | InputFile | OutputText | OutputRefusal


class MessageItem(Strict):
    """A message of anybody."""

    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[Content]
    type: Literal["message"] = "message"
    id: Short | None = None
    status: Status | None = None
    phase: Literal["commentary", "final_answer"] | None = None


class CallItem(Strict):
    """An earlier call of a function."""

    type: Literal["function_call"]
    call_id: Short
    name: str
    arguments: str
    id: Short | None = None
    status: Status | None = None
    namespace: str | None = None
    caller: Json | None = None


class CallOutputItem(Strict):
    """What a function answered."""

    type: Literal["function_call_output"]
    call_id: Short
    output: str | list[InputText | InputImage | InputFile]
    id: Short | None = None
    status: Status | None = None
    name: str | None = None
    namespace: str | None = None
    caller: Json | None = None


class CustomCallItem(Strict):
    """An earlier call of a custom tool."""

    type: Literal["custom_tool_call"]
    call_id: Short
    name: str
    input: str
    id: Short | None = None
    status: Status | None = None
    namespace: str | None = None
    caller: Json | None = None


class CustomOutputItem(Strict):
    """What a custom tool answered."""

    type: Literal["custom_tool_call_output"]
    call_id: Short
    output: str | list[InputText | InputImage | InputFile]
    id: Short | None = None
    status: Status | None = None
    caller: Json | None = None


class SummaryText(Strict, tag="summary_text"):
    """A piece of a summary."""

    text: str


class ReasoningText(Strict, tag="reasoning_text"):
    """A piece of reasoning in the open, as open models have it."""

    text: str


class ReasoningItem(Strict):
    """Earlier reasoning."""

    type: Literal["reasoning"]
    summary: list[SummaryText]
    id: Short | None = None
    content: list[ReasoningText] | None = None
    encrypted_content: str | None = None
    status: Status | None = None


class ReferenceItem(Strict):
    """A kept item by its id."""

    id: str
    type: Literal["item_reference"] = "item_reference"


class CompactionItem(Strict):
    """A conversation made small by ``/responses/compact``."""

    type: Literal["compaction"]
    encrypted_content: str
    id: Short | None = None


Call = CallItem | CustomCallItem
Output = CallOutputItem | CustomOutputItem
Item = MessageItem | Call | Output | ReasoningItem | ReferenceItem | CompactionItem

ITEMS: Final[Mapping[str, type[Item]]] = {
    "message": MessageItem,
    "function_call": CallItem,
    "function_call_output": CallOutputItem,
    "custom_tool_call": CustomCallItem,
    "custom_tool_call_output": CustomOutputItem,
    "reasoning": ReasoningItem,
    "item_reference": ReferenceItem,
    "compaction": CompactionItem,
}
OPAQUE_ITEMS: Final = frozenset(
    {
        "additional_tools",
        "apply_patch_call",
        "apply_patch_call_output",
        "code_interpreter_call",
        "compaction_trigger",
        "computer_call",
        "computer_call_output",
        "file_search_call",
        "image_generation_call",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "program",
        "program_output",
        "shell_call",
        "shell_call_output",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    }
)


class FunctionTool(Strict):
    """A function."""

    type: Literal["function"]
    name: Name
    parameters: Json | None = None
    strict: bool | None = None
    description: str | None = None
    output_schema: Json | None = None
    defer_loading: bool | None = None
    allowed_callers: list[str] | None = None


class CustomTool(Strict):
    """A tool with free text as its input."""

    type: Literal["custom"]
    name: Name
    description: str | None = None
    format: Json | None = None
    defer_loading: bool | None = None
    allowed_callers: list[str] | None = None


TOOLS: Final[Mapping[str, type[FunctionTool | CustomTool]]] = {"function": FunctionTool, "custom": CustomTool}
OPAQUE_TOOLS: Final = frozenset(
    {
        "apply_patch",
        "code_interpreter",
        "computer",
        "computer_use_preview",
        "file_search",
        "image_generation",
        "local_shell",
        "mcp",
        "namespace",
        "programmatic_tool_calling",
        "shell",
        "tool_search",
        "web_search",
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
    }
)


class Reasoning(Strict):
    """How to reason."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    mode: str | None = None


class TextFormat(Strict, tag="text"):
    """No constraint."""


class ObjectFormat(Strict, tag="json_object"):
    """Any JSON object."""


class SchemaFormat(Strict, tag="json_schema"):
    """JSON that fits a schema."""

    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    schema: Json
    description: str | None = None
    strict: bool | None = None


class TextOptions(Strict):
    """How the text is to be."""

    format: TextFormat | ObjectFormat | SchemaFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class StreamOptions(Strict):
    """Options of a stream."""

    include_obfuscation: bool | None = None


Include = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]


class Prompted(Strict):
    """What a response, a count and a compaction share."""

    model: Annotated[str, Meta(min_length=1)] | None = None
    input: str | list[Json] | None = None
    instructions: str | None = None
    previous_response_id: str | None = None


class Counted(Prompted):
    """The body of ``/v1/responses/input_tokens``."""

    conversation: str | Json | None = None
    parallel_tool_calls: bool | None = None
    reasoning: Reasoning | None = None
    text: TextOptions | None = None
    tool_choice: str | Json | None = None
    tools: list[Json] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    personality: str | None = None


class Compacted(Prompted):
    """The body of ``/v1/responses/compact``."""

    prompt_cache_key: Short | None = None
    prompt_cache_retention: Literal["in_memory", "in-memory", "24h"] | None = None
    prompt_cache_options: Json | None = None
    service_tier: str | None = None


class Request(Counted):
    """The body of a Responses call."""

    background: bool | None = None
    client_metadata: dict[str, str] | None = None
    """In no document of OpenAI's, but Codex sends it to OpenAI with each request."""
    context_management: list[Json] | None = None
    include: list[Include] | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    metadata: dict[str, str] | None = None
    moderation: Json | None = None
    prompt: Json | None = None
    prompt_cache_key: Short | None = None
    prompt_cache_options: Json | None = None
    prompt_cache_retention: Literal["in_memory", "in-memory", "24h"] | None = None
    safety_identifier: Short | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None


REQUEST = msgspec.json.Decoder(Request)
COUNT = msgspec.json.Decoder(Counted)
COMPACT = msgspec.json.Decoder(Compacted)
