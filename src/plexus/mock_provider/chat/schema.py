"""The essentials of OpenAI's CreateChatCompletionRequest, as types that refuse what OpenAI refuses."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object whose members are all known."""


Name = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
CallId = Annotated[str, Meta(max_length=40)]
"""OpenAI refuses longer ids of tool calls."""


class TextPart(Strict, tag="text"):
    """Text, in any role."""

    text: str
    prompt_cache_breakpoint: Json | None = None


class ImageUrl(Strict):
    """An image by URL or data URL."""

    url: Annotated[str, Meta(pattern=r"^(https?://|data:image/)")]
    detail: Literal["auto", "low", "high", "original"] = "auto"


class ImagePart(Strict, tag="image_url"):
    """An image of the user."""

    image_url: ImageUrl
    prompt_cache_breakpoint: Json | None = None


class InputAudio(Strict):
    """Sound in base64."""

    data: str
    format: Literal["wav", "mp3"]


class AudioPart(Strict, tag="input_audio"):
    """Sound of the user."""

    input_audio: InputAudio
    prompt_cache_breakpoint: Json | None = None


class InputFile(Strict):
    """A document as a data URL or by id."""

    filename: str | None = None
    file_data: str | None = None
    file_id: str | None = None


class FilePart(Strict, tag="file"):
    """A document of the user."""

    file: InputFile
    prompt_cache_breakpoint: Json | None = None


class RefusalPart(Strict, tag="refusal"):
    """An earlier refusal of the assistant."""

    refusal: str


class CalledFunction(Strict):
    """A call's name and arguments."""

    name: str
    arguments: str


class FunctionCall(Strict, tag="function"):
    """An earlier call of a function."""

    id: CallId
    function: CalledFunction
    index: int | None = None


class CalledCustom(Strict):
    """A custom tool's name and input."""

    name: str
    input: str


class CustomCall(Strict, tag="custom"):
    """An earlier call of a custom tool."""

    id: CallId
    custom: CalledCustom


class System(Strict, tag_field="role", tag="system"):
    """Instructions."""

    content: str | list[TextPart]
    name: str | None = None


class Developer(Strict, tag_field="role", tag="developer"):
    """Instructions, as newer models call them."""

    content: str | list[TextPart]
    name: str | None = None


class User(Strict, tag_field="role", tag="user"):
    """What the user says."""

    content: str | list[TextPart | ImagePart | AudioPart | FilePart]
    name: str | None = None


class Assistant(Strict, tag_field="role", tag="assistant"):
    """What the model said. The last four are what replies hold and clients send back."""

    content: str | list[TextPart | RefusalPart] | None = None
    refusal: str | None = None
    name: str | None = None
    audio: Json | None = None
    tool_calls: list[FunctionCall | CustomCall] | None = None
    function_call: CalledFunction | None = None
    annotations: list[Json] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Json] | None = None


class ToolMessage(Strict, tag_field="role", tag="tool"):
    """What a tool answered."""

    content: str | list[TextPart]
    tool_call_id: str


class FunctionMessage(Strict, tag_field="role", tag="function"):
    """What a function answered, the old way."""

    content: str | None
    name: str


Message = System | Developer | User | Assistant | ToolMessage | FunctionMessage


class Function(Strict):
    """A function's definition."""

    name: Name
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class FunctionTool(Strict, tag="function"):
    """A tool that is a function."""

    function: Function


class CustomTool(Strict, tag="custom"):
    """A tool with free text as its input."""

    custom: Json


class Named(Strict):
    """A name."""

    name: str


class NamedFunction(Strict, tag="function"):
    """This function must be called."""

    function: Named


class NamedCustom(Strict, tag="custom"):
    """This custom tool must be called."""

    custom: Named


class AllowedTools(Strict):
    """A choice among some of the tools."""

    mode: Literal["auto", "required"]
    tools: list[Json]


class AllowedChoice(Strict, tag="allowed_tools"):
    """Only some of the tools may be called."""

    allowed_tools: AllowedTools


class TextFormat(Strict, tag="text"):
    """No constraint."""


class ObjectFormat(Strict, tag="json_object"):
    """Any JSON object."""


class JsonSchema(Strict):
    """A schema for the answer."""

    name: Name
    description: str | None = None
    schema: Json | None = None
    strict: bool | None = None


class SchemaFormat(Strict, tag="json_schema"):
    """JSON that fits a schema."""

    json_schema: JsonSchema


class StreamOptions(Strict):
    """Options of a stream."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Request(Strict):
    """The body of a Chat Completions call."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    audio: Json | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    function_call: Literal["none", "auto"] | Named | None = None
    functions: Annotated[list[Function], Meta(min_length=1, max_length=128)] | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    metadata: dict[str, str] | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    moderation: Json | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    parallel_tool_calls: bool | msgspec.UnsetType = msgspec.UNSET
    prediction: Json | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Json | None = None
    prompt_cache_retention: Literal["in-memory", "in_memory", "24h"] | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    response_format: TextFormat | ObjectFormat | SchemaFormat | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedFunction | NamedCustom | AllowedChoice | None = None
    tools: Annotated[list[FunctionTool | CustomTool], Meta(min_length=1, max_length=128)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    web_search_options: Json | None = None


DECODER = msgspec.json.Decoder(Request)
