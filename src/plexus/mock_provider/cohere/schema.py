"""The request of ``/v2/chat``, as types that refuse what Cohere refuses. https://docs.cohere.com/reference/chat"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object whose members are all known."""


class TextPart(Strict, tag="text"):
    """Text."""

    text: str


class ImageUrl(Strict):
    """A picture by URL or data URL."""

    url: Annotated[str, Meta(pattern=r"^(https?://|data:image/)")]
    detail: Literal["auto", "low", "high"] = "auto"


class ImagePart(Strict, tag="image_url"):
    """A picture of the user."""

    image_url: ImageUrl


class ThinkingPart(Strict, tag="thinking"):
    """An earlier thought."""

    thinking: str


class Document(Strict):
    """A document; its members are the caller's choice."""

    data: Json
    id: str | None = None


class DocumentPart(Strict, tag="document"):
    """A document that a tool returned."""

    document: Document


class System(Strict, tag_field="role", tag="system"):
    """Instructions."""

    content: str | list[TextPart]


class User(Strict, tag_field="role", tag="user"):
    """A turn of the user."""

    content: str | list[TextPart | ImagePart]


class CalledFunction(Strict):
    """A call's name and arguments."""

    name: str
    arguments: str


class ToolCall(Strict):
    """An earlier call."""

    id: str
    function: CalledFunction
    type: Literal["function"] = "function"


class Assistant(Strict, tag_field="role", tag="assistant"):
    """A turn of the model."""

    content: str | list[TextPart | ThinkingPart] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_plan: str | None = None
    citations: list[Json] | None = None


class ToolTurn(Strict, tag_field="role", tag="tool"):
    """What a tool answered."""

    tool_call_id: str
    content: str | list[TextPart | DocumentPart]


Message = System | User | Assistant | ToolTurn


class Function(Strict):
    """A function's definition."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
    parameters: Json
    description: str | None = None


class Tool(Strict):
    """A tool."""

    function: Function
    type: Literal["function"] = "function"


class Thinking(Strict):
    """Whether to think, and how long."""

    type: Literal["enabled", "disabled"]
    token_budget: Annotated[int, Meta(ge=1)] | None = None


class ResponseFormat(Strict):
    """The shape of the answer."""

    type: Literal["text", "json_object"]
    json_schema: Json | None = None


class CitationOptions(Strict):
    """How to cite."""

    mode: Literal["ENABLED", "DISABLED", "FAST", "ACCURATE", "OFF"] = "ENABLED"


Penalty = Annotated[float, Meta(ge=0, le=1)]


class Request(Strict):
    """The body."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    stream: bool = False
    tools: list[Tool] | None = None
    strict_tools: bool = False
    tool_choice: Literal["REQUIRED", "NONE"] | None = None
    documents: list[str | Document] | None = None
    citation_options: CitationOptions | None = None
    response_format: ResponseFormat | None = None
    safety_mode: Literal["CONTEXTUAL", "STRICT", "OFF"] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=5)] | None = None
    temperature: Annotated[float, Meta(ge=0)] | None = None
    seed: Annotated[int, Meta(ge=0)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    k: Annotated[int, Meta(ge=0, le=500)] | None = None
    p: Annotated[float, Meta(ge=0.01, le=0.99)] | None = None
    logprobs: bool = False
    thinking: Thinking | None = None
    priority: Annotated[int, Meta(ge=0, le=999)] | None = None
    raw_prompting: bool = False


DECODER = msgspec.json.Decoder(Request)
