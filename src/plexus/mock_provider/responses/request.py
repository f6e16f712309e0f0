"""Reads a Responses request as OpenAI does: refuses what it refuses, in its words, and says what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.responses import schema as responses
from plexus.mock_provider.responses.items import Entry, check, entries_of, missing_item, refusal
from plexus.mock_provider.responses.tools import check_format, tools_of
from plexus.mock_provider.shelf import Stored
from plexus.mock_provider.stage import Stage
from plexus.mock_provider.tokens import PER_DOCUMENT, PER_IMAGE, PER_MESSAGE, count, count_json

LEAST_OUTPUT: Final = 16
"""The least ``max_output_tokens``."""

Body = TypeVar("Body", bound=responses.Prompted)


def read(call: MockCall, stage: Stage) -> Ask:
    """The ask in a call of ``/v1/responses``. Raises Refused."""
    request = decoded(responses.REQUEST, call.body)
    _check_options(request)
    before, own = conversation(request, stage)
    return _ask(request, before, own)


def decoded(decoder: msgspec.json.Decoder[Body], body: bytes) -> Body:
    """The body, if its types are right. Raises Refused."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("We could not parse the JSON body of your request.") from None


def previous(request: responses.Prompted, stage: Stage) -> Stored | None:
    """The kept response that the call goes on from. Raises Refused."""
    ident = request.previous_response_id
    if ident is None:
        return None
    stored = stage.shelf.get(ident)
    if stored is None:
        raise Refused(
            f"Previous response with id '{ident}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    return stored


def conversation(request: responses.Prompted, stage: Stage) -> tuple[list[Entry], list[Entry]]:
    """The items that were kept before, and the call's own with their references followed. Raises Refused."""
    stored = previous(request, stage)
    before = entries_of(stored.conversation) if stored is not None else []
    own = [_followed(entry, stage) for entry in entries_of(request.input)]
    prompted = isinstance(request, responses.Request) and request.prompt is not None
    if not (before or own or prompted):
        raise Refused(
            "Missing required parameter: 'input'." if request.input is None else "Invalid 'input': empty array.",
            param="input",
            code="missing_required_parameter",
        )
    elsewhere = isinstance(request, responses.Counted) and request.conversation is not None
    check([*before, *own], stage.shelf, stage.issuer, own=len(own), whole=not elsewhere)
    return before, own


def _followed(entry: Entry, stage: Stage) -> Entry:
    if not isinstance(entry.item, responses.ReferenceItem):
        return entry
    kept = stage.shelf.item(entry.item.id)
    if kept is None:
        raise missing_item(entry.item.id)
    return entries_of([kept])[0]


def _check_options(request: responses.Request) -> None:
    limit = request.max_output_tokens
    rules = (
        (
            not (request.model or request.prompt),
            "Missing required parameter: 'model'.",
            "model",
            "missing_required_parameter",
        ),
        (
            limit is not None and limit < LEAST_OUTPUT,
            f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {limit} instead.",
            "max_output_tokens",
            "integer_below_min_value",
        ),
        (
            request.previous_response_id is not None and request.conversation is not None,
            "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
            "previous_response_id",
            "mutually_exclusive_parameters",
        ),
        (
            request.stream_options is not None and not request.stream,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
            None,
        ),
        (
            bool(request.background) and request.store is False,
            "Background mode requires 'store' to be true.",
            "background",
            None,
        ),
    )
    for broken, message, param, code in rules:
        if broken:
            raise Refused(message, param=param, code=code)
    check_format(request)


def _ask(request: responses.Request, before: Sequence[Entry], own: Sequence[Entry]) -> Ask:
    entries = [*before, *own]
    tools = tools_of(request)
    choice, named = _choice(request.tool_choice, tools)
    tail = _tail(entries)
    options = request.stream_options or responses.StreamOptions()
    include = request.include or []
    return Ask(
        model=request.model or "",
        stream=bool(request.stream),
        prompt=prompt_of(request, entries, request.tools),
        text=_last_text(entries),
        results=tuple(_results(tail)),
        rounds=_rounds(tail),
        media=tuple(_media(entries)),
        tools=tuple(tools),
        choice=choice,
        named=named,
        parallel=request.parallel_tool_calls is not False,
        output_schema=_output_schema(request.text),
        thinking=_wish(request.reasoning),
        max_tokens=request.max_output_tokens,
        obfuscation=options.include_obfuscation is not False,
        logprobs="message.output_text.logprobs" in include,
        top_logprobs=request.top_logprobs or 0,
        cache_scope=request.prompt_cache_key,
        service_tier=request.service_tier,
        echo=msgspec.to_builtins(request),
        history=tuple(entry.raw for entry in before),
        given=tuple(entry.raw for entry in own),
    )


def _wish(reasoning: responses.Reasoning | None) -> ThinkingWish:
    if reasoning is None or (reasoning.effort is None and not (reasoning.summary or reasoning.generate_summary)):
        return "default"
    if reasoning.effort == "none":
        return "off"
    return "shown" if reasoning.summary or reasoning.generate_summary else "hidden"


def _choice(choice: str | Json | None, tools: Sequence[Tool]) -> tuple[Literal["auto", "none", "required"], str | None]:
    if choice is None or choice in ("auto", "none", "required"):
        return ("none" if choice == "none" else "required" if choice == "required" else "auto"), None
    if isinstance(choice, str):
        message = f"Invalid value: '{choice}'. Supported values are: 'none', 'auto', and 'required'."
        raise Refused(message, param="tool_choice", code="invalid_value")
    if choice.get("type") in ("function", "custom"):
        name = choice.get("name")
        if name not in {tool.name for tool in tools}:
            raise Refused(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
        return "required", str(name)
    return "required" if choice.get("mode") == "required" else "auto", None


def _output_schema(text: responses.TextOptions | None) -> Json | None:
    wanted = text.format if text is not None else None
    if isinstance(wanted, responses.SchemaFormat):
        return wanted.schema
    return {"type": "object"} if isinstance(wanted, responses.ObjectFormat) else None


def _tail(entries: Sequence[Entry]) -> Sequence[Entry]:
    """What follows the last message of the user."""
    last = max((index for index, entry in enumerate(entries) if _is_user(entry)), default=-1)
    return entries[last + 1 :]


def _is_user(entry: Entry) -> bool:
    return isinstance(entry.item, responses.MessageItem) and entry.item.role == "user"


def _rounds(tail: Sequence[Entry]) -> int:
    """How often tools were called: calls side by side are one round."""
    calls = [isinstance(entry.item, responses.CallItem | responses.CustomCallItem) for entry in tail]
    return sum(called and not before for before, called in zip([False, *calls], calls, strict=False))


def _results(tail: Sequence[Entry]) -> Iterable[Result]:
    names: dict[str, str] = {}
    for entry in tail:
        item = entry.item
        if isinstance(item, responses.CallItem | responses.CustomCallItem):
            names[item.call_id] = item.name
        elif isinstance(item, responses.CallOutputItem | responses.CustomOutputItem):
            yield Result(names.get(item.call_id, "tool"), text_of(item.output))


def _last_text(entries: Sequence[Entry]) -> str:
    said = [
        entry.item.content for entry in entries if isinstance(entry.item, responses.MessageItem) and _is_user(entry)
    ]
    return text_of(said[-1]) if said else ""


def text_of(content: str | Sequence[responses.Content]) -> str:
    """The words in a content."""
    if isinstance(content, str):
        return content
    return "".join(
        part.refusal if isinstance(part, responses.OutputRefusal) else part.text
        for part in content
        if isinstance(part, responses.InputText | responses.OutputText | responses.OutputRefusal)
    )


_MEDIA: Final = {responses.InputImage: ("image", PER_IMAGE), responses.InputFile: ("document", PER_DOCUMENT)}


def _contents(entry: Entry) -> Sequence[responses.Content]:
    item = entry.item
    if isinstance(item, responses.MessageItem) and isinstance(item.content, list):
        return item.content
    if isinstance(item, responses.CallOutputItem | responses.CustomOutputItem) and isinstance(item.output, list):
        return item.output
    return ()


def _media(entries: Sequence[Entry]) -> Iterable[str]:
    for entry in entries:
        if isinstance(entry.item, responses.MessageItem):
            yield from (_MEDIA[type(part)][0] for part in _contents(entry) if type(part) in _MEDIA)


def prompt_of(request: responses.Prompted, entries: Sequence[Entry], tools: Sequence[Json] | None) -> Prompt:
    """The input in pieces: tools, instructions, items."""
    marked = isinstance(request, responses.Request) and request.prompt_cache_key is not None
    prompt = Prompt()
    for tool in tools or ():
        prompt.add(tool, count_json(tool))
    if request.instructions:
        prompt.add(request.instructions, PER_MESSAGE + count(request.instructions), mark=marked)
    for entry in entries:
        prompt.add(entry.raw, _weight(entry), mark=marked)
    return prompt


def _weight(entry: Entry) -> int:
    item = entry.item
    media = sum(_MEDIA[type(part)][1] for part in _contents(entry) if type(part) in _MEDIA)
    if isinstance(item, responses.MessageItem):
        return PER_MESSAGE + count(text_of(item.content)) + media
    if isinstance(item, responses.CallOutputItem | responses.CustomOutputItem):
        return PER_MESSAGE + count(text_of(item.output)) + media
    if isinstance(item, responses.CallItem):
        return count(item.name) + count(item.arguments)
    if isinstance(item, responses.CustomCallItem):
        return count(item.name) + count(item.input)
    if isinstance(item, responses.ReasoningItem):
        return sum(count(part.text) for part in item.summary)
    return count_json(entry.raw)
