"""The body of Converse, strictly: what the API's model does not have is refused.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from plexus.mock_provider.answer import Json

ToolId = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_.:-]{1,64}$")]
ToolName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
DocumentName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9()\[\]-]+(?:\s[a-zA-Z0-9()\[\]-]+)*$", max_length=200)]


class Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Any object of the body."""


class S3Location(Part):
    """An object of S3."""

    uri: Annotated[str, Meta(pattern=r"^s3://")]
    bucket_owner: str | None = None


class Text(Part):
    """Words."""

    text: str


class Source(Part):
    """Where bytes come from: one of them."""

    bytes: str | None = None
    s3_location: S3Location | None = None
    text: str | None = None
    content: list[Text] | None = None


class Image(Part):
    """A picture."""

    format: Literal["png", "jpeg", "gif", "webp"]
    source: Source


class Citations(Part):
    """Whether to cite."""

    enabled: bool


class Document(Part):
    """A document."""

    name: DocumentName
    source: Source
    format: Literal["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"] | None = None
    context: str | None = None
    citations: Citations | None = None


class Video(Part):
    """Moving pictures."""

    format: Literal["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"]
    source: Source


class Audio(Part):
    """Sound."""

    format: Literal["mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "webm", "m4a", "pcm"]
    source: Source


class CachePoint(Part):
    """A cache marker."""

    type: Literal["default"]
    ttl: Literal["5m", "1h"] | None = None


class ToolUse(Part):
    """A call."""

    tool_use_id: ToolId
    name: ToolName
    input: Json


class ResultPart(Part):
    """One of them."""

    text: str | None = None
    json: Json | None = None
    image: Image | None = None
    document: Document | None = None
    video: Video | None = None


class ToolResult(Part):
    """What a tool answered."""

    tool_use_id: ToolId
    content: list[ResultPart]
    status: Literal["success", "error"] | None = None


class ReasoningText(Part):
    """A thought that is shown."""

    text: str
    signature: str | None = None


class Reasoning(Part):
    """A thought: one of them."""

    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None


class Block(Part):
    """One of them."""

    text: str | None = None
    image: Image | None = None
    document: Document | None = None
    video: Video | None = None
    audio: Audio | None = None
    tool_use: ToolUse | None = None
    tool_result: ToolResult | None = None
    reasoning_content: Reasoning | None = None
    cache_point: CachePoint | None = None


class Message(Part):
    """A turn."""

    role: Literal["user", "assistant"]
    content: list[Block]


class SystemBlock(Part):
    """One of them."""

    text: Annotated[str, Meta(min_length=1)] | None = None
    cache_point: CachePoint | None = None


class InputSchema(Part):
    """What a tool takes."""

    json: Json


class ToolSpec(Part):
    """A tool's definition."""

    name: ToolName
    input_schema: InputSchema
    description: Annotated[str, Meta(min_length=1)] | None = None
    strict: bool | None = None


class Tool(Part):
    """One of them."""

    tool_spec: ToolSpec | None = None
    cache_point: CachePoint | None = None


class Named(Part):
    """A tool by its name."""

    name: ToolName


class ToolChoice(Part):
    """One of them."""

    auto: Json | None = None
    any: Json | None = None
    tool: Named | None = None


class ToolConfig(Part):
    """The tools."""

    tools: Annotated[list[Tool], Meta(min_length=1)]
    tool_choice: ToolChoice | None = None


class Inference(Part):
    """How to generate."""

    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop_sequences: list[Annotated[str, Meta(min_length=1)]] | None = None


class JsonSchema(Part):
    """A schema, as text."""

    schema: str
    name: str | None = None
    description: str | None = None


class Structure(Part):
    """What the answer must fit."""

    json_schema: JsonSchema


class TextFormat(Part):
    """The form of the answer."""

    type: Literal["json_schema"]
    structure: Structure


class OutputConfig(Part):
    """How to answer."""

    text_format: TextFormat | None = None
    effort: str | None = None


class ServiceTier(Part):
    """How soon."""

    type: Literal["priority", "default", "flex", "reserved"]


class Request(Part):
    """The body of converse and converse-stream."""

    messages: Annotated[list[Message], Meta(min_length=1)]
    system: list[SystemBlock] | None = None
    inference_config: Inference | None = None
    tool_config: ToolConfig | None = None
    guardrail_config: Json | None = None
    additional_model_request_fields: Json | None = None
    additional_model_response_field_paths: list[str] | None = None
    prompt_variables: Json | None = None
    request_metadata: dict[str, Annotated[str, Meta(max_length=256)]] | None = None
    performance_config: Json | None = None
    service_tier: ServiceTier | None = None
    output_config: OutputConfig | None = None


REQUEST = msgspec.json.Decoder(Request)


def kind_of(union: Part) -> str:
    """The one member that is set; "" where there is none or more than one."""
    found = [name for name in union.__struct_fields__ if getattr(union, name) is not None]
    return found[0] if len(found) == 1 else ""
