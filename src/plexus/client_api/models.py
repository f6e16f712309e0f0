"""``GET /v1/models`` and ``/v1/models/{id}``: what the caller's key may use, in OpenAI's, Anthropic's or Gemini's shape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import unquote

import msgspec

from plexus.domain.key import Key
from plexus.domain.route import Route
from plexus.domain.snapshot import Snapshot
from plexus.routing.resolve import unknown_model, visible_models

OWNER = "plexus"


def list_models(key: Key, snapshot: Snapshot, *, protocol: str, query: dict[str, str]) -> bytes:
    """The whole list as JSON. Anthropic's shape is paged by ``limit``, ``after_id``, ``before_id``, Gemini's by ``pageSize``
    and ``pageToken`` (their API references)."""
    names = [
        name
        for route in visible_models(key, snapshot)
        for name in (route.name, *route.aliases)
        if key.allows(route.name)
    ]
    if protocol == "gemini":
        return _gemini_page(names, query)
    if protocol != "anthropic_messages":
        return msgspec.json.encode({"object": "list", "data": [_openai(name, snapshot) for name in names]})
    page, more = _page(names, query)
    return msgspec.json.encode(
        {
            "data": [_anthropic(name, snapshot) for name in page],
            "has_more": more,
            "first_id": page[0] if page else None,
            "last_id": page[-1] if page else None,
        }
    )


def get_model(encoded: str, key: Key, snapshot: Snapshot, *, protocol: str) -> bytes:
    """One model as JSON. Raises ClientError(MODEL_UNKNOWN), also for one that the key may not use."""
    name = unquote(encoded)
    route: Route | None = snapshot.routes.get(name)
    if route is None or not key.allows(route.name):
        raise unknown_model(name)
    if protocol == "gemini":
        return msgspec.json.encode(_gemini(name))
    return msgspec.json.encode(
        _anthropic(name, snapshot) if protocol == "anthropic_messages" else _openai(name, snapshot)
    )


def _number(text: str | None, default: int) -> int:
    """A decimal of a sane length, else ``default``."""
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else default


GEMINI_PAGE = 50
METHODS = ["generateContent", "streamGenerateContent", "countTokens"]


def _gemini_page(names: Sequence[str], query: dict[str, str]) -> bytes:
    """https://ai.google.dev/api/models#method:-models.list; the token is the place in the list."""
    size = min(_number(query.get("pageSize"), 0) or GEMINI_PAGE, 1000)
    start = _number(query.get("pageToken"), 0)
    body: dict[str, object] = {"models": [_gemini(name) for name in names[start : start + size]]}
    if start + size < len(names):
        body["nextPageToken"] = str(start + size)
    return msgspec.json.encode(body)


def _gemini(name: str) -> dict[str, object]:
    return {
        "name": f"models/{name}",
        "baseModelId": name,
        "version": "1",
        "displayName": name,
        "supportedGenerationMethods": METHODS,
    }


def _page(names: Sequence[str], query: dict[str, str]) -> tuple[Sequence[str], bool]:
    limit = min(max(_number(query.get("limit"), 20), 1), 1000)
    if query.get("before_id") in names:
        end = names.index(query["before_id"])
        return names[max(end - limit, 0) : end], end > limit
    start = names.index(query["after_id"]) + 1 if query.get("after_id") in names else 0
    return names[start : start + limit], start + limit < len(names)


def _openai(name: str, snapshot: Snapshot) -> dict[str, object]:
    return {"id": name, "object": "model", "created": snapshot.loaded_at, "owned_by": OWNER}


def _anthropic(name: str, snapshot: Snapshot) -> dict[str, object]:
    created = dt.datetime.fromtimestamp(snapshot.loaded_at, dt.UTC)
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": created.isoformat().replace("+00:00", "Z"),
    }
