"""The settings of a request, written for Ollama. What it cannot say is a loss."""

from __future__ import annotations

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, OutputFormat, ReasoningSettings
from plexus.protocols.efforts import effort_of_budget, nearest
from plexus.protocols.functions import offer
from plexus.protocols.members import Object, decode_as
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.unsupported import note_extras, note_settings

UNSUPPORTED = (
    "parallel_tool_calls", "logit_bias", "verbosity", "prediction", "metadata", "store", "service_tier", "user",
    "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "moderation", "cache",
)  # fmt: skip
"""Settings of others that Ollama has no word for."""

OPTIONS = {
    "num_predict": "max_output_tokens", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "seed": "seed",
    "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty",
}  # fmt: skip
"""``options`` -> the canonical setting (https://docs.ollama.com/modelfile#valid-parameters-and-values)."""
OWN_OPTIONS = frozenset({
    "num_ctx", "num_keep", "min_p", "typical_p", "repeat_last_n", "repeat_penalty", "num_batch", "num_gpu", "num_thread",
})  # fmt: skip
"""Options of Ollama that no protocol of a client has: they go up where a client writes them beside its own members."""
OWN_MEMBERS = frozenset({"keep_alive", "truncate", "shift"})
"""The same for top-level members; ``options`` is one too."""

Body = dict[str, object]


def encode_settings(request: GenerateRequest, dialect: OllamaDialect, body: Body, losses: Losses) -> None:
    """Add the settings of ``request``, and the operator's, to ``body``."""
    note_settings(request, UNSUPPORTED, losses)
    own = request.extras.members if request.extras is not None else {}
    body.update({
        name: value
        for name, value in (("truncate", dialect.truncate), ("keep_alive", dialect.keep_alive))
        if value is not None
    })  # fmt: skip
    for name, value in own.items():
        if name in OWN_MEMBERS:
            body[name] = value
        elif name not in OWN_OPTIONS and name != "options":
            losses.add(name, "foreign")
    if options := _options(request, dialect, own):
        body["options"] = options
    _encode_tools(request, body, losses)
    if request.output is not None:
        _encode_output(request.output, body, losses)
    if request.reasoning is not None:
        _encode_reasoning(request.reasoning, dialect, body, losses)
    if request.logprobs:
        body["logprobs"] = True
        if request.top_logprobs is not None:
            body["top_logprobs"] = request.top_logprobs


def _options(request: GenerateRequest, dialect: OllamaDialect, own: Object) -> Body:
    """``options``: the operator's, then the client's in Ollama's words, then the client's in its protocol's."""
    options: Body = {} if dialect.num_ctx is None else {"num_ctx": dialect.num_ctx}
    options.update(_given_options(own))
    values = {wire: getattr(request, name) for wire, name in OPTIONS.items()}
    options.update({name: value for name, value in values.items() if value is not None})
    if request.stop:
        options["stop"] = list(request.stop)
    return options


def _given_options(own: Object) -> Body:
    """Ollama's own options, as a client of another protocol writes them. Raises ClientError for ``options`` that are none."""
    given = decode_as(own["options"], Object, "options") if "options" in own else {}
    return {**given, **{name: value for name, value in own.items() if name in OWN_OPTIONS}}


def _encode_tools(request: GenerateRequest, body: Body, losses: Losses) -> None:
    """Ollama knows no tool_choice. Not to call any is said by offering none; to have to call one cannot be said."""
    offered = offer(request, losses)
    if not offered.tools:
        return
    if offered.choice == "none":
        losses.add("tool_choice", "approximated")
        return
    body["tools"] = offered.tools
    if offered.choice == "required":
        losses.add("tool_choice", "unsupported")
    if any(offered.strict):
        losses.add("tools.strict", "unsupported")


def _encode_output(output: OutputFormat, body: Body, losses: Losses) -> None:
    if output.kind == "text":
        return
    for name, value in (("name", output.name), ("description", output.description), ("strict", output.strict)):
        if value:
            losses.add(f"response_format.json_schema.{name}", "unsupported")
    note_extras(output.extras, "response_format", losses)
    body["format"] = "json" if output.schema is None else output.schema


def _encode_reasoning(reasoning: ReasoningSettings, dialect: OllamaDialect, body: Body, losses: Losses) -> None:
    """``think``: a switch, or a level for models that take one and always think (https://docs.ollama.com/capabilities/thinking).
    Thoughts are always shown."""
    if reasoning.summary not in (None, "auto"):
        losses.add("reasoning.summary", "unsupported")
    note_extras(reasoning.extras, "reasoning", losses)
    effort, budget = reasoning.effort, reasoning.budget_tokens
    off = reasoning.mode == "disabled" or effort == "none" or budget == 0
    levels = dialect.think_levels
    if off and levels:
        losses.add("reasoning", "approximated")
        body["think"] = levels[0]
    elif off:
        body["think"] = False
    elif effort is not None or budget is not None or reasoning.mode is not None:
        if budget is not None:
            losses.add("reasoning.budget_tokens", "approximated")
            effort = effort or effort_of_budget(budget)
        elif effort is not None and effort not in levels:
            losses.add("reasoning.effort", "clamped" if levels else "approximated")
        body["think"] = nearest(effort, levels) if levels and effort is not None else True
