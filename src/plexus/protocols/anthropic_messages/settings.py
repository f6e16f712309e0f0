"""The settings of a request, written for Messages. What it cannot say is a loss."""

from __future__ import annotations

from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, ReasoningSettings, Tool
from plexus.protocols.anthropic_messages.content import PROTOCOL, encode_cache
from plexus.protocols.anthropic_messages.dialect import (
    MessagesDialect,
    default_max_tokens,
    hides_thoughts,
    thinks_adaptively,
)
from plexus.protocols.members import own_members

UNSUPPORTED = (
    "frequency_penalty", "presence_penalty", "seed", "logit_bias", "logprobs", "top_logprobs", "verbosity", "prediction",
    "metadata", "store", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "moderation",
)  # fmt: skip
"""Settings of others that Messages has no word for."""

Body = dict[str, object]


def encode_settings(request: GenerateRequest, dialect: MessagesDialect, body: Body, losses: Losses) -> None:
    """Add the settings of ``request`` to ``body``. Raises ClientError for an answer that Messages cannot give."""
    own = own_members(request.extras, PROTOCOL)
    body["max_tokens"] = request.max_output_tokens or default_max_tokens(request.model, dialect)
    for name in UNSUPPORTED:
        value = getattr(request, name)
        if value is not None and value is not False:
            losses.add(name, "unsupported")
    _refuse_impossible(request)
    if request.stream:
        body["stream"] = True
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if request.cache is not None:
        body["cache_control"] = encode_cache(request.cache)
    _encode_tools(request, body, losses)
    if request.origin == PROTOCOL:
        if request.service_tier is not None:
            body["service_tier"] = request.service_tier
    else:
        _encode_foreign(request, dialect, body, losses)
    _encode_sampling(request, body, losses)
    body.update(own)
    if request.extras is not None and not own:
        for name in request.extras.members:
            losses.add(name, "foreign")


def _refuse_impossible(request: GenerateRequest) -> None:
    if (request.candidates or 1) > 1:
        raise bad_request(
            "n: a model that speaks Messages gives one answer. Leave n out, or ask several times.", param="n"
        )
    if "audio" in request.modalities or request.audio is not None:
        raise bad_request("modalities: a model that speaks Messages does not speak aloud.", param="modalities")
    if "image" in request.modalities:
        raise bad_request("modalities: a model that speaks Messages answers in words alone.", param="modalities")


TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}


def _encode_foreign(request: GenerateRequest, dialect: MessagesDialect, body: Body, losses: Losses) -> None:
    """Settings of another protocol that have a word here."""
    if request.reasoning is not None:
        _encode_reasoning(request.reasoning, request, dialect, body, losses)
    if request.output is not None:
        _encode_output(request, dialect, body, losses)
    if request.service_tier is not None:
        tier = TIERS.get(request.service_tier)
        if tier is None:
            losses.add("service_tier", "unsupported")
        else:
            body["service_tier"] = tier
    user = request.user or request.safety_identifier
    if request.user is not None and request.safety_identifier not in (None, request.user):
        losses.add("safety_identifier", "unsupported")
    if user is not None:
        body["metadata"] = {"user_id": user}


def _encode_output(request: GenerateRequest, dialect: MessagesDialect, body: Body, losses: Losses) -> None:
    output = request.output
    if output is None or output.kind == "text":
        return
    if output.kind == "json_object" or not dialect.structured_output:
        losses.add("response_format", "unsupported")
        return
    for name, value in (("name", output.name), ("description", output.description), ("strict", output.strict)):
        if value:
            losses.add(f"response_format.json_schema.{name}", "unsupported")
    config = body.setdefault("output_config", {})
    assert isinstance(config, dict)
    config["format"] = {"type": "json_schema", "schema": output.schema}


# --- tools

ANY_INPUT = {"type": "object", "properties": {}}
FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
"""The schema that stands for a tool of free text."""


def _encode_tools(request: GenerateRequest, body: Body, losses: Losses) -> None:
    choice = request.tool_choice
    tools = [
        written
        for index, tool in enumerate(request.tools)
        if (written := _encode_tool(tool, f"tools[{index}]", losses)) is not None
        and not (choice is not None and choice.mode == "allowed" and getattr(tool, "name", None) not in choice.names)
    ]
    if tools:
        body["tools"] = tools
    elif request.origin != PROTOCOL:
        return
    wire: dict[str, object] = {}
    if choice is not None:
        mode = choice.allowed_mode if choice.mode == "allowed" else choice.mode
        wire = {"type": {"auto": "auto", "required": "any", "none": "none", "named": "tool"}[mode]}
        if choice.mode == "named" and request.origin != PROTOCOL and not _has_tool(request, choice.names[0]):
            losses.add("tool_choice", "unsupported")  # a tool of the other service, which is not sent
            wire = {}
        elif choice.mode == "named":
            wire["name"] = choice.names[0]
    parallel = request.parallel_tool_calls
    said = parallel is not None and (request.origin == PROTOCOL or not parallel)
    if said and wire.get("type") != "none":
        wire.setdefault("type", "auto")
        wire["disable_parallel_tool_use"] = not parallel
    if wire:
        body["tool_choice"] = wire


def _has_tool(request: GenerateRequest, name: str) -> bool:
    return any(isinstance(tool, FunctionTool | CustomTool) and tool.name == name for tool in request.tools)


def _encode_tool(tool: Tool, path: str, losses: Losses) -> object | None:
    match tool:
        case FunctionTool():
            members = {"name": tool.name, "description": tool.description, "strict": tool.strict}
            wire: dict[str, object] = {name: value for name, value in members.items() if value is not None}
            wire["input_schema"] = tool.parameters if tool.parameters is not None else ANY_INPUT
            if tool.cache is not None:
                wire["cache_control"] = encode_cache(tool.cache)
            own = own_members(tool.extras, PROTOCOL)
            if tool.extras is not None and not own:
                for name in tool.extras.members:
                    losses.add(f"{path}.{name}", "foreign")
            return {**wire, **own}
        case CustomTool():
            losses.add(path, "approximated")
            members = {"name": tool.name, "description": tool.description}
            return {**{name: value for name, value in members.items() if value is not None}, "input_schema": FREE_TEXT}
        case _:
            if tool.origin == PROTOCOL:
                return tool.raw
            losses.add(path, "unsupported")
            return None


# --- thinking

EFFORTS = ("low", "medium", "high", "xhigh", "max")
BUDGETS = {"minimal": 1024, "low": 4096, "medium": 12288, "high": 24576, "xhigh": 32768, "max": 32768}
"""The budget of thoughts that stands for an effort."""
MIN_BUDGET = 1024
SIZED = frozenset({"concise", "detailed"})
"""Wishes for the size of a summary; that there is one goes without saying."""
ROOM = 4096
"""Tokens that the answer keeps beside the thoughts, where the client named no bound."""


def _encode_reasoning(
    reasoning: ReasoningSettings, request: GenerateRequest, dialect: MessagesDialect, body: Body, losses: Losses
) -> None:
    effort, budget = reasoning.effort, reasoning.budget_tokens
    if reasoning.summary in SIZED:
        losses.add("reasoning.summary", "approximated")
    if reasoning.mode == "disabled" or effort == "none" or budget == 0:
        body["thinking"] = {"type": "disabled"}
        return
    if effort is None and budget is None and reasoning.mode is None:
        return
    if budget is None and thinks_adaptively(request.model, dialect):
        thinking: Body = {"type": "enabled" if dialect.thinking == "enabled" else "adaptive"}
        if reasoning.summary is not None and hides_thoughts(request.model):
            thinking["display"] = "summarized"
        body["thinking"] = thinking
        if effort is not None:
            if effort not in EFFORTS:
                effort = "low" if effort == "minimal" else "high"
                losses.add("reasoning.effort", "clamped")
            body["output_config"] = {"effort": effort}
        return
    if budget is None:
        budget = BUDGETS.get(effort or "medium", BUDGETS["medium"])
        losses.add("reasoning.effort", "approximated")
    budget = max(budget, MIN_BUDGET)
    body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    room = request.max_output_tokens or ROOM
    body["max_tokens"] = max(int(str(body["max_tokens"])) if request.max_output_tokens is None else 0, budget + room)


def _encode_sampling(request: GenerateRequest, body: Body, losses: Losses) -> None:
    """Temperature ends at 1 here; beside thinking it must be 1, and top_k and a low top_p are refused."""
    temperature = request.temperature
    if request.origin == PROTOCOL:
        for name in ("temperature", "top_p", "top_k"):
            value = getattr(request, name)
            if value is not None:
                body[name] = value
        return
    if temperature is not None and temperature > 1:
        temperature = 1.0
        losses.add("temperature", "clamped")
    thinking = body.get("thinking")
    thinks = isinstance(thinking, dict) and thinking["type"] != "disabled"
    wishes = {"temperature": (temperature, 1.0), "top_p": (request.top_p, None), "top_k": (request.top_k, None)}
    for name, (value, allowed) in wishes.items():
        if value is None:
            continue
        if thinks and value != allowed:
            losses.add(name, "unsupported")
        else:
            body[name] = value


def check_thinking(body: Body, losses: Losses) -> None:
    """Where thinking is on and the turn goes on from a tool's answer, Anthropic insists on the thought before the call.

    If nothing of it came back (another provider thought it), thinking is switched off for this turn: a loss.
    """
    thinking = body.get("thinking")
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return
    messages = body["messages"]
    assert isinstance(messages, list)
    last = next((turn for turn in reversed(messages) if turn["role"] == "assistant"), None)
    if last is None or not isinstance(last["content"], list) or last is messages[-1]:
        return
    kinds = [block.get("type") for block in last["content"] if isinstance(block, dict)]
    if "tool_use" in kinds and kinds[0] not in ("thinking", "redacted_thinking"):
        body["thinking"] = {"type": "disabled"}
        losses.add("reasoning", "other_provider")
