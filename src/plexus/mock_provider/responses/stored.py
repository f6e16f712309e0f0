"""What is kept of responses, and the operations on it; counting and compacting, which read the same input."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

import msgspec

from plexus.mock_provider.answer import Json, Usage
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.responses import schema as responses
from plexus.mock_provider.responses.items import Entry, seal
from plexus.mock_provider.responses.reply import usage_object
from plexus.mock_provider.responses.request import conversation, decoded, prompt_of, text_of
from plexus.mock_provider.responses.tools import check_format, tools_of
from plexus.mock_provider.saying import Ids
from plexus.mock_provider.shelf import Stored
from plexus.mock_provider.stage import Desk, Stage
from plexus.mock_provider.tokens import compact as compact_json
from plexus.mock_provider.tokens import count as count_text

_PAGE, _MOST_PAGE = 20, 100


def remember(stage: Stage, ask: Ask, last: Json) -> None:
    """Keep the response, if the call wants it: ``last`` is the response or its terminal event."""
    response = last.get("response", last)
    if isinstance(response, dict) and response.get("store"):
        ids = Ids(f"items/{response['id']}")
        given = tuple(_identified(item, ids) for item in ask.given)
        stage.shelf.add(str(response["id"]), Stored(response, given, ask.history))


def _identified(item: Json, ids: Ids) -> Json:
    """An item as it is kept: with an id, a type, a status, and its content as a list."""
    kind = str(item.get("type") or "message")
    prefix = {"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "custom_tool_call": "ctc_"}
    found: Json = {"id": ids.make(prefix.get(kind, "fco_"), 50).lower(), "type": kind, **item}
    content = item.get("content")
    if kind == "message":
        found["status"] = "completed"
        if isinstance(content, str):
            spoken = item.get("role") == "assistant"
            whole: Json = {"type": "output_text", "annotations": [], "logprobs": [], "text": content}
            found["content"] = [whole if spoken else {"type": "input_text", "text": content}]
    elif kind != "reasoning":
        found.setdefault("status", "completed")
    return found


def _kept(desk: Desk) -> Stored:
    ident = desk.match["id"]
    stored = desk.stage.shelf.get(ident)
    if stored is None:
        raise Refused(f"Response with id '{ident}' not found.", status=404)
    return stored


def get(desk: Desk) -> Callable[[], Json]:
    """``GET /v1/responses/{id}``."""
    stored = _kept(desk)
    return lambda: stored.response


def remove(desk: Desk) -> Callable[[], Json]:
    """``DELETE /v1/responses/{id}``."""
    _kept(desk)
    ident = desk.match["id"]

    def removed() -> Json:
        desk.stage.shelf.remove(ident)
        return {"id": ident, "object": "response", "deleted": True}

    return removed


def cancel(desk: Desk) -> Callable[[], Json]:
    """``POST /v1/responses/{id}/cancel``: only a background response, which here has always finished already."""
    stored = _kept(desk)
    if not stored.response["background"]:
        raise Refused("Only responses created in the background can be cancelled.")
    return lambda: stored.response


def list_items(desk: Desk) -> Callable[[], Json]:
    """``GET /v1/responses/{id}/input_items``: newest first unless ``order=asc``; ``limit`` and ``after`` page."""
    stored = _kept(desk)
    query = dict(parse_qsl(desk.call.query))
    try:
        size = int(query.get("limit", _PAGE))
    except ValueError:
        size = 0
    if not 1 <= size <= _MOST_PAGE:
        raise Refused(f"Invalid 'limit': expected a value between 1 and {_MOST_PAGE}.", param="limit")
    items = [*stored.before, *stored.given]
    if query.get("order") != "asc":
        items.reverse()
    names = [str(item.get("id")) for item in items]
    start = names.index(query["after"]) + 1 if query.get("after") in names else 0
    page = items[start : start + size]
    first, last = (str(page[0].get("id")), str(page[-1].get("id"))) if page else (None, None)
    more = start + size < len(items)
    return lambda: {"object": "list", "data": page, "first_id": first, "has_more": more, "last_id": last}


def count(desk: Desk) -> Callable[[], Json]:
    """``POST /v1/responses/input_tokens``."""
    request = decoded(responses.COUNT, desk.call.body)
    check_format(request)
    tools_of(request)
    before, own = conversation(request, desk.stage)
    tokens = prompt_of(request, [*before, *own], request.tools).tokens
    return lambda: {"object": "response.input_tokens", "input_tokens": desk.input_tokens(tokens)}


def compact(desk: Desk) -> Callable[[], Json]:
    """``POST /v1/responses/compact``: the user's messages stay, one sealed item stands for all the rest."""
    request = decoded(responses.COMPACT, desk.call.body)
    if request.model is None:
        raise Refused("Missing required parameter: 'model'.", param="model", code="missing_required_parameter")
    before, own = conversation(request, desk.stage)
    entries = [*before, *own]
    prompt = prompt_of(request, entries, None)
    told = compact_json([_summary(entry) for entry in entries])
    numbers = desk.numbers
    output = count_text(told) if numbers.output is None else numbers.output

    def compacted() -> Json:
        ids = desk.ids
        ident = ids.make("resp_", 50).lower()
        users = [entry.raw for entry in entries if entry.raw.get("role") == "user"]
        sealed: Json = {
            "id": ids.make("cmp_", 50).lower(),
            "type": "compaction",
            "encrypted_content": seal(desk.stage.issuer, told),
        }
        return {
            "id": ident,
            "object": "response.compaction",
            "created_at": desk.created,
            "output": [*(_identified(item, ids) for item in users), sealed],
            "usage": usage_object(Usage(input=desk.input_tokens(prompt.tokens), output=output)),
        }

    return compacted


def _summary(entry: Entry) -> object:
    item = entry.item
    if isinstance(item, responses.MessageItem):
        return f"{item.role}: {text_of(item.content)}"
    return msgspec.to_builtins(entry.raw)
