"""A request to generate: messages, tools and settings, in nobody's wire format.

A setting left None was not sent; encoders then send nothing. Settings that one side cannot express become losses, content
that it cannot express is a ``ClientError``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from plexus.canonical.content import Block, CacheMark, Extras

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn. ``plain`` remembers that the content stood as a bare string on the wire, so that it is written so again.

    Tool results stand where the client put them: in a ``tool`` turn (Chat) or among a ``user`` turn's blocks (Messages);
    encoders split and join turns as their protocol wants.
    """

    role: Role
    content: tuple[Block, ...]
    plain: bool = False
    name: str | None = None
    extras: Extras | None = None


class FunctionTool(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A function that the client runs. ``parameters`` is a JSON Schema as raw JSON."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw | None = None
    strict: bool | None = None
    cache: CacheMark | None = None
    extras: Extras | None = None


class CustomTool(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A tool that takes free text (OpenAI ``custom``). ``format`` is its grammar as raw JSON."""

    name: str
    description: str | None = None
    format: msgspec.Raw | None = None
    extras: Extras | None = None


class ServerTool(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A tool that the provider runs itself (web search, code execution …): only its own protocol can say it."""

    origin: str
    kind: str
    """The vendor's type, such as ``web_search_20250305``."""
    name: str | None = None
    raw: msgspec.Raw


Tool: TypeAlias = FunctionTool | CustomTool | ServerTool


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the model may or must call. ``names`` goes with ``named`` (exactly one) and ``allowed`` (a subset)."""

    mode: Literal["auto", "none", "required", "named", "allowed"]
    names: tuple[str, ...] = ()
    allowed_mode: Literal["auto", "required"] = "auto"
    raw: msgspec.Raw | None = None
    """The whole choice in its own words when it names something that is not a function (a server tool)."""


class ReasoningSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much to think: an effort word, a budget in tokens, or a switch. Vendors have one or two of the three."""

    mode: Literal["enabled", "disabled", "adaptive"] | None = None
    effort: str | None = None
    """none, minimal, low, medium, high, xhigh, max."""
    budget_tokens: int | None = None
    summary: str | None = None
    """auto, concise, detailed; ``omitted`` and ``summarized`` are Anthropic's ``display`` words."""
    extras: Extras | None = None


class OutputFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of the answer. ``schema`` is a JSON Schema as raw JSON."""

    kind: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    description: str | None = None
    schema: msgspec.Raw | None = None
    strict: bool | None = None
    extras: Extras | None = None


class Bound(msgspec.Struct, frozen=True):
    """A member that only the service of its own protocol can honour, since it names something kept there (an earlier reply,
    a conversation). To leave it out would change what is asked, so other protocols refuse it; ``message`` says what to write
    instead."""

    param: str
    message: str


class AudioOutput(msgspec.Struct, frozen=True, kw_only=True):
    """How a spoken answer shall sound."""

    voice: msgspec.Raw | None = None
    format: str | None = None


class TurnPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the reply will stand among the turns that the gateway keeps itself: what a reply of Responses says of it."""

    id: str
    """The reply's own, where its provider's does not speak Responses."""
    stored: bool
    previous_response_id: str | None = None
    conversation: str | None = None


class GenerateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call to generate. ``origin`` is the protocol that the client speaks."""

    origin: str
    model: str
    stream: bool = False
    stream_usage: bool = True
    """Whether the client wants to see usage in its stream (Chat: ``stream_options.include_usage``)."""
    system: tuple[Block, ...] = ()
    """Instructions that stand apart from the turns (Messages ``system``, Responses ``instructions``, Gemini
    ``systemInstruction``). Chat's system turns stay in ``messages``, where the client put them."""
    system_plain: bool = False
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: msgspec.Raw | None = None
    stop: tuple[str, ...] = ()
    candidates: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning: ReasoningSettings | None = None
    output: OutputFormat | None = None
    verbosity: str | None = None
    modalities: tuple[str, ...] = ()
    audio: AudioOutput | None = None
    prediction: msgspec.Raw | None = None
    service_tier: str | None = None
    user: str | None = None
    """Who asks, for the provider's abuse control (Chat ``user``, Messages ``metadata.user_id``)."""
    safety_identifier: str | None = None
    metadata: msgspec.Raw | None = None
    store: bool | None = None
    place: TurnPlace | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: msgspec.Raw | None = None
    """How the prompt is cached, in OpenAI's words."""
    moderation: msgspec.Raw | None = None
    """Whether input and output are moderated in passing, in OpenAI's words."""
    cache: CacheMark | None = None
    """Automatic caching of the whole prompt (Messages' top-level ``cache_control``)."""
    bound: tuple[Bound, ...] = ()
    extras: Extras | None = None
