"""The settings of another protocol's request, written for Gemini. What it cannot say is a loss."""

from __future__ import annotations

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, ReasoningSettings, Tool
from plexus.protocols.gemini.dialect import (
    LEAST_BUDGET,
    GeminiDialect,
    always_thinks,
    never_thinks,
    takes_json_beside_calls,
    thinks_by_level,
)
from plexus.protocols.gemini.schema import to_openapi
from plexus.protocols.members import raw_json
from plexus.protocols.unreadable import UNREADABLE

UNSUPPORTED = (
    "parallel_tool_calls", "logit_bias", "verbosity", "prediction", "metadata", "store", "service_tier", "user",
    "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "moderation", "cache",
)  # fmt: skip
"""Settings of others that Gemini has no word for."""
SILENT = frozenset({("parallel_tool_calls", True)})
"""(setting, value) that ask for what Gemini does anyway."""

PLAIN = {
    "maxOutputTokens": "max_output_tokens", "topP": "top_p", "topK": "top_k", "seed": "seed",
    "frequencyPenalty": "frequency_penalty", "presencePenalty": "presence_penalty", "candidateCount": "candidates",
    "responseLogprobs": "logprobs", "logprobs": "top_logprobs",
}  # fmt: skip
"""generationConfig -> the canonical setting."""

Body = dict[str, object]
MAX_STOPS = 5


def encode_settings(request: GenerateRequest, dialect: GeminiDialect, body: Body, losses: Losses) -> None:
    """Add the settings of ``request`` to ``body``."""
    _note_unsupported(request, losses)
    values = {wire: getattr(request, name) for wire, name in PLAIN.items()}
    config: Body = {wire: value for wire, value in values.items() if value is not None}
    if request.candidates == 1:
        del config["candidateCount"]
    _encode_temperature(request, config, losses)
    if request.stop:
        config["stopSequences"] = list(request.stop[:MAX_STOPS])
        if len(request.stop) > MAX_STOPS:
            losses.add("stop", "clamped")
    _encode_output(request, dialect, config, losses)
    _encode_modalities(request, config, losses)
    if request.reasoning is not None:
        _encode_reasoning(request.reasoning, request.model, dialect, config, losses)
    if config:
        body["generationConfig"] = config
    _encode_tools(request, dialect, body, losses)


def _note_unsupported(request: GenerateRequest, losses: Losses) -> None:
    for name in UNSUPPORTED:
        value = getattr(request, name)
        if value is None or (value is False and name == "store"):
            continue
        if not isinstance(value, str | bool) or (name, value) not in SILENT:
            losses.add(name, "unsupported")
    if request.extras is not None:
        for name in request.extras.members:
            losses.add(name, "foreign")


def _encode_temperature(request: GenerateRequest, config: Body, losses: Losses) -> None:
    value = request.temperature
    if value is not None and value > 2:
        value = 2.0
        losses.add("temperature", "clamped")
    if value is not None:
        config["temperature"] = value


def _encode_output(request: GenerateRequest, dialect: GeminiDialect, config: Body, losses: Losses) -> None:
    output = request.output
    if output is None or output.kind == "text":
        return
    if _may_call(request) and not takes_json_beside_calls(request.model):
        losses.add("response_format", "unsupported")
        return
    config["responseMimeType"] = "application/json"
    if output.kind == "json_object" or output.schema is None:
        return
    for name, value in (("name", output.name), ("description", output.description), ("strict", output.strict)):
        if value:
            losses.add(f"response_format.json_schema.{name}", "unsupported")
    if dialect.json_schema:
        config["responseJsonSchema"] = output.schema
    else:
        config["responseSchema"] = _subset(output.schema, "response_format.json_schema.schema", losses)


def _may_call(request: GenerateRequest) -> bool:
    """Whether functions are declared that the model may call."""
    off = request.tool_choice is not None and request.tool_choice.mode == "none"
    return not off and any(isinstance(tool, FunctionTool | CustomTool) for tool in request.tools)


def _subset(schema: msgspec.Raw, path: str, losses: Losses) -> object:
    try:
        written, lost = to_openapi(schema)
    except UNREADABLE:
        losses.add(path, "unsupported")
        return {"type": "OBJECT"}
    for where in lost:
        losses.add(f"{path}.{where}", "unsupported")
    return written


def _encode_modalities(request: GenerateRequest, config: Body, losses: Losses) -> None:
    if request.modalities and request.modalities != ("text",):
        config["responseModalities"] = [word.upper() for word in request.modalities]
    audio = request.audio
    if audio is None:
        return
    if audio.voice is not None:
        try:
            name = msgspec.json.decode(audio.voice, type=str)
        except UNREADABLE:
            losses.add("audio.voice", "unsupported")
        else:
            config["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": name}}}
    if audio.format is not None:
        losses.add("audio.format", "unsupported")


# --- thinking

BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
"""The budget that stands for an effort (https://ai.google.dev/gemini-api/docs/openai#thinking)."""
LEVELS = {"minimal": "minimal", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
LEVEL_BOUNDS = ((1024, "low"), (8192, "medium"))
"""(budget up to, level)."""


def _encode_reasoning(
    reasoning: ReasoningSettings, model: str, dialect: GeminiDialect, config: Body, losses: Losses
) -> None:
    effort, budget = reasoning.effort, reasoning.budget_tokens
    by_level = thinks_by_level(model, dialect)
    off = reasoning.mode == "disabled" or effort == "none" or budget == 0
    if never_thinks(model):
        if not off:
            losses.add("reasoning", "unsupported")
        return
    if off:
        config["thinkingConfig"] = _switched_off(model, losses, by_level=by_level)
        return
    wire: Body = {}
    if by_level:
        level = _level(effort, budget, losses)
        if level is not None:
            wire["thinkingLevel"] = level
    elif budget is not None:
        wire["thinkingBudget"] = budget
    elif effort is not None:
        wire["thinkingBudget"] = BUDGETS.get(effort, BUDGETS["medium"])
        losses.add("reasoning.effort", "approximated")
    if reasoning.summary != "omitted" and (reasoning.mode is not None or reasoning.summary is not None):
        wire["includeThoughts"] = True
    if wire:
        config["thinkingConfig"] = wire


def _switched_off(model: str, losses: Losses, *, by_level: bool) -> Body:
    """As little thinking as the model allows."""
    if not by_level and not always_thinks(model):
        return {"thinkingBudget": 0}
    losses.add("reasoning", "approximated")
    if not by_level:
        return {"thinkingBudget": LEAST_BUDGET}
    return {"thinkingLevel": "low" if "-pro" in model else "minimal"}  # minimal is Flash's alone


def _level(effort: str | None, budget: int | None, losses: Losses) -> str | None:
    if effort is not None:
        level = LEVELS.get(effort, "high")
        if level != effort:
            losses.add("reasoning.effort", "clamped")
        return level
    if budget is None:
        return None
    losses.add("reasoning.budget_tokens", "approximated")
    return next((level for bound, level in LEVEL_BOUNDS if budget <= bound), "high")


# --- tools

FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
"""The schema that stands for a tool of free text."""


def _encode_tools(request: GenerateRequest, dialect: GeminiDialect, body: Body, losses: Losses) -> None:
    declarations = [
        written
        for index, tool in enumerate(request.tools)
        if (written := _encode_tool(tool, f"tools[{index}]", dialect, losses)) is not None
    ]
    if not declarations:
        return
    body["tools"] = [{"functionDeclarations": declarations}]
    choice = request.tool_choice
    if choice is None:
        return
    names = [declaration["name"] for declaration in declarations]
    wanted = [name for name in choice.names if name in names]
    mode = choice.allowed_mode if choice.mode == "allowed" else choice.mode
    calling: Body = {"mode": {"auto": "AUTO", "required": "ANY", "none": "NONE", "named": "ANY"}[mode]}
    if choice.mode in ("named", "allowed"):
        if not wanted:
            losses.add("tool_choice", "unsupported")
            return
        if len(wanted) < len(choice.names):
            losses.add("tool_choice", "approximated")
        if calling["mode"] == "AUTO":
            # allowedFunctionNames goes with ANY and VALIDATED alone; the others are simply not declared
            body["tools"] = [{"functionDeclarations": [each for each in declarations if each["name"] in wanted]}]
        else:
            calling["allowedFunctionNames"] = wanted
    body["toolConfig"] = {"functionCallingConfig": calling}


def _encode_tool(tool: Tool, path: str, dialect: GeminiDialect, losses: Losses) -> Body | None:
    if not isinstance(tool, FunctionTool | CustomTool):
        losses.add(path, "unsupported")
        return None
    wire: Body = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    if isinstance(tool, CustomTool):
        losses.add(path, "approximated")
        schema: msgspec.Raw | None = raw_json(FREE_TEXT)
    else:
        schema = tool.parameters
        if tool.strict:
            losses.add(f"{path}.strict", "unsupported")
        if tool.cache is not None:
            losses.add(f"{path}.cache_control", "unsupported")
    if tool.extras is not None:
        for name in tool.extras.members:
            losses.add(f"{path}.{name}", "foreign")
    if schema is not None and dialect.json_schema:
        wire["parametersJsonSchema"] = schema
    elif schema is not None:
        wire["parameters"] = _subset(schema, f"{path}.parameters", losses)
    return wire
