"""The essentials of Gemini's GenerateContentRequest, as types that refuse what Google refuses.

Google reads members in either spelling; ``camel`` brings all to the one that the types have.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json


class Strict(Struct, forbid_unknown_fields=True, kw_only=True, rename="camel"):
    """An object whose members are all known."""


FREE: Final = frozenset(
    {"args", "response", "properties", "parametersJsonSchema", "responseJsonSchema", "labels", "partMetadata"}
)
"""Members whose contents are the caller's own."""
REPEATED: Final = frozenset({"contents", "parts", "tools", "functionDeclarations", "safetySettings"})
"""Lists in whose place a single object does as well, as recorded."""


def camel(value: object) -> object:
    """``value`` with ``snake_case`` members spelled in ``camelCase``, but for what is in ``FREE``."""
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for name, one in value.items():
        spelled = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
        if spelled == "properties" and isinstance(one, dict):
            found[spelled] = {key: camel(below) for key, below in one.items()}
        elif spelled in REPEATED and isinstance(one, dict):
            found[spelled] = [camel(one)]
        else:
            found[spelled] = one if spelled in FREE else camel(one)
    return found


class Blob(Strict):
    """Data in base64."""

    mime_type: str
    data: str
    display_name: str | None = None


class FileData(Strict):
    """Data by address."""

    file_uri: str
    mime_type: str | None = None
    display_name: str | None = None


class FunctionCall(Strict):
    """A call."""

    name: str
    args: Json | None = None
    id: str | None = None


class FunctionResponse(Strict):
    """What a function answered."""

    name: str
    response: Json
    id: str | None = None
    parts: list[Json] | None = None
    will_continue: bool | None = None
    scheduling: str | None = None


class Part(Strict):
    """A piece of a content: exactly one of its data members."""

    text: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    executable_code: Json | None = None
    code_execution_result: Json | None = None
    tool_call: Json | None = None
    tool_response: Json | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    video_metadata: Json | None = None
    media_resolution: Json | None = None
    part_metadata: Json | None = None


class Content(Strict):
    """A message."""

    parts: list[Part] | None = None
    role: str | None = None


class Schema(Strict):
    """Google's subset of OpenAPI's schema. https://ai.google.dev/api/caching#Schema"""

    type: str | None = None
    format: str | None = None
    title: str | None = None
    description: str | None = None
    nullable: bool | None = None
    enum: list[str] | None = None
    max_items: int | str | None = None
    min_items: int | str | None = None
    properties: dict[str, Schema] | None = None
    required: list[str] | None = None
    min_properties: int | str | None = None
    max_properties: int | str | None = None
    min_length: int | str | None = None
    max_length: int | str | None = None
    pattern: str | None = None
    example: object = None
    any_of: list[Schema] | None = None
    property_ordering: list[str] | None = None
    default: object = None
    items: Schema | None = None
    minimum: float | None = None
    maximum: float | None = None


class FunctionDeclaration(Strict):
    """A function's definition."""

    name: Annotated[str, Meta(pattern=r"^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$")]
    description: str | None = None
    parameters: Schema | None = None
    parameters_json_schema: object = None
    response: Json | None = None
    response_json_schema: object = None
    behavior: Literal["UNSPECIFIED", "BLOCKING", "NON_BLOCKING"] | None = None


class Tool(Strict):
    """Tools: functions, and Google's own, which are taken as they are."""

    function_declarations: list[FunctionDeclaration] | None = None
    google_search: Json | None = None
    google_search_retrieval: Json | None = None
    code_execution: Json | None = None
    url_context: Json | None = None
    computer_use: Json | None = None
    file_search: Json | None = None
    google_maps: Json | None = None
    mcp_servers: list[Json] | None = None
    enterprise_web_search: Json | None = None
    retrieval: Json | None = None


class FunctionCallingConfig(Strict):
    """Which functions may or must be called."""

    mode: Literal["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"] | None = None
    allowed_function_names: list[str] | None = None
    stream_function_call_arguments: bool | None = None


class ToolConfig(Strict):
    """How tools are used."""

    function_calling_config: FunctionCallingConfig | None = None
    retrieval_config: Json | None = None
    include_server_side_tool_invocations: bool | None = None


class ThinkingConfig(Strict):
    """How to think."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: (
        Literal["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"]
        | None
    ) = None


class GenerationConfig(Strict):
    """How to generate."""

    stop_sequences: Annotated[list[str], Meta(max_length=5)] | None = None
    response_mime_type: str | None = None
    response_schema: Schema | None = None
    response_json_schema: Json | None = None
    response_modalities: list[str] | None = None
    candidate_count: Annotated[int, Meta(ge=1, le=8)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[float, Meta(ge=1)] | None = None
    seed: int | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, lt=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, lt=2)] | None = None
    response_logprobs: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    enable_enhanced_civic_answers: bool | None = None
    speech_config: Json | None = None
    thinking_config: ThinkingConfig | None = None
    image_config: Json | None = None
    media_resolution: str | None = None
    audio_timestamp: bool | None = None
    routing_config: Json | None = None


class SafetySetting(Strict):
    """What is blocked."""

    category: str
    threshold: str
    method: str | None = None


class Request(Strict):
    """The body of generateContent and streamGenerateContent."""

    contents: list[Content] | None = None
    model: str | None = None
    system_instruction: Content | None = None
    tools: list[Tool] | None = None
    tool_config: ToolConfig | None = None
    safety_settings: list[SafetySetting] | None = None
    generation_config: GenerationConfig | None = None
    cached_content: str | None = None
    labels: dict[str, str] | None = None
    service_tier: str | None = None
    store: bool | None = None
    model_armor_config: Json | None = None


class CountRequest(Strict):
    """The body of countTokens: contents alone, or a whole request; Vertex takes a request's members themselves."""

    contents: list[Content] | None = None
    generate_content_request: Request | None = None
    model: str | None = None
    system_instruction: Content | None = None
    tools: list[Tool] | None = None
    generation_config: GenerationConfig | None = None


def snake(path: str) -> str:
    """A path as Google names it in messages."""
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), path)


def decode(body: bytes) -> object:
    """The body as JSON with camelCase members. Raises msgspec.DecodeError."""
    return camel(msgspec.json.decode(body))
