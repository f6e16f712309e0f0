"""Where a Chat Completions provider differs from OpenAI."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

ReasoningSetting: TypeAlias = Literal["reasoning_effort", "reasoning", "thinking", "enable_thinking", "none"]
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
ToolCallIds: TypeAlias = Literal["short", "any", "nine_alphanumerics"]
ToolChoiceKind: TypeAlias = Literal["auto", "none", "required", "named", "allowed"]
EmbedFormat: TypeAlias = Literal["float", "base64", "int8"]
OutputKind: TypeAlias = Literal["text", "json_object", "json_schema"]


class ChatDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is OpenAI's behaviour. The answers stand in presets, or under a provider's ``dialect:``.

    Apart from ``usage_in_stream``, ``developer_role`` and ``refused_members`` they matter only where we write the request,
    that is when the client speaks another protocol.
    """

    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    """The member that bounds the output."""
    reasoning_field: str | None = None
    """The assistant member in which earlier thoughts are sent back (``reasoning_content``, ``reasoning``); None: they are
    not taken."""
    reasoning_required: bool = False
    """Refuses assistant turns with tool calls that lack their thoughts; where they are lost, a blank stands in."""
    reasoning_details: bool = False
    """Takes ``reasoning_details`` back (OpenRouter)."""
    reasoning_setting: ReasoningSetting = "reasoning_effort"
    """How it is told to think: ``reasoning_effort`` alone; ``reasoning: {effort | max_tokens | enabled}``;
    ``thinking: {type}``, with ``reasoning_effort`` beside it where ``efforts`` names words; ``enable_thinking`` and
    ``thinking_budget``; or not at all."""
    efforts: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh")
    """The words of ``reasoning_effort``, in rising order. Others become the nearest one."""
    usage_in_stream: Literal["when_asked", "always", "never"] = "when_asked"
    """Whether ``stream_options.include_usage`` must be sent to get usage in a stream."""
    developer_role: bool = True
    """Takes ``developer`` turns; else they are sent as ``system``, for every client."""
    message_names: bool = True
    """Takes ``name`` on a turn."""
    text_parts: bool = True
    """Takes text as a list of parts; else the parts are joined to one string."""
    image_urls: bool = True
    """Fetches images by URL; else only base64 can be sent."""
    cache_control: bool = False
    """Takes Anthropic's ``cache_control`` marks on parts (OpenRouter, LiteLLM)."""
    top_k: bool = False
    """Takes ``top_k``."""
    tool_call_ids: ToolCallIds = "short"
    """Which ids of tool calls are taken: at most 40 characters; any; exactly nine letters and digits (Mistral)."""
    tool_choices: frozenset[ToolChoiceKind] = frozenset({"auto", "none", "required", "named", "allowed"})
    """The kinds of ``tool_choice``. What is not there is left to the model; a subset is sent as the only tools."""
    strict_tools: bool = True
    """Takes ``strict`` on functions."""
    custom_tools: bool = True
    """Takes tools of free text; else they are sent as functions of one text."""
    response_formats: frozenset[OutputKind] = frozenset({"text", "json_object", "json_schema"})
    """The kinds of ``response_format``. Where a schema is not taken, ``json_object`` stands in for it."""
    operations: frozenset[str] | None = None
    """All that the provider serves (``generate``, ``embed``, ``rerank``, ``moderate`` …); None: what OpenAI serves."""
    completions: bool = False
    """Serves ``/completions``, the legacy API, for this model; else such a call is asked as a chat."""
    rerank: Literal["top_n", "top_k"] | None = None
    """Serves ``/rerank``, and how it calls the bound: ``top_n`` (Jina and most others) or ``top_k`` (Voyage)."""
    embed_dimensions: Literal["dimensions", "output_dimension"] | None = "dimensions"
    """The member for the size of an embedding; None: there is none."""
    embed_purpose: Literal["input_type", "task"] | None = None
    """How it is told what an embedding is for: ``input_type`` (Voyage), ``task`` (Jina), or not at all."""
    embed_truncation: bool = False
    """Takes ``truncation`` with embeddings (Voyage)."""
    embed_formats: frozenset[EmbedFormat] = frozenset({"float", "base64"})
    """How it writes embeddings; ``int8`` are signed bytes in base64 (Perplexity)."""
    refused_members: frozenset[str] = frozenset()
    """Top-level members that the provider answers with a 400. They are left out, as losses, for every client."""
