"""Tool calls of an assistant message, whole, both ways: functions, custom tools, and the older ``function_call``.

A ``function_call`` has no id. It gets one that says its number and its function, by which it is known when it comes back;
``LegacyCalls`` counts them over a conversation.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from plexus.canonical.content import Opaque, ReasoningState, ToolCall
from plexus.protocols.openai_chat.members import OBJECT, PROTOCOL, Members, Misfit, cache_control, own_members

OPAQUE_CALL = "tool_calls/"
"""Begins the kind of an Opaque that stands among the tool calls."""

_LEGACY = "function_call_"


class LegacyCalls:
    """Ids for the calls and results of a conversation that uses ``function_call``."""

    __slots__ = ("_count", "_last")

    def __init__(self) -> None:
        self._count = 0
        self._last: dict[str, str] = {}

    def call(self, name: str) -> str:
        """The id of the next call, of the function ``name``."""
        call_id = f"{_LEGACY}{self._count}_{re.sub(r'[^a-zA-Z0-9_-]', '_', name)}"
        self._count += 1
        self._last[name] = call_id
        return call_id

    def result(self, name: str) -> str:
        """The id of the call that a result of ``name`` answers: the last one."""
        return self._last.get(name) or self.call(name)


def is_legacy(call_id: str) -> bool:
    """Whether a call stood, or shall stand, in ``function_call``."""
    return call_id.startswith(_LEGACY)


class _Google(msgspec.Struct, forbid_unknown_fields=True):
    thought_signature: str


class ExtraContent(msgspec.Struct, forbid_unknown_fields=True):
    """Where Gemini's compatible endpoint puts the signature that must come back with a call."""

    google: _Google


def read_call(raw: msgspec.Raw, path: str, fallback_id: str | None = None) -> ToolCall | Opaque:
    """One entry of ``tool_calls``. ``fallback_id`` stands in where a provider gave none. Raises Misfit."""
    call = Members(raw, path)
    kind = call.take_text("type") or "function"
    if kind not in ("function", "custom") or kind not in call.values:
        if kind in ("function", "custom"):
            raise Misfit(call.at(kind), "the member is missing")
        return Opaque(origin=PROTOCOL, kind=OPAQUE_CALL + kind, raw=msgspec.Raw(bytes(raw)))
    call_id = call.take_text("id") or fallback_id
    if call_id is None:
        raise Misfit(call.at("id"), "the member is missing")
    call.values.pop("index", None)  # the place in the list says the same
    inner = Members(call.values.pop(kind), call.at(kind))
    name, arguments = inner.need("name", str), _arguments(inner, "arguments" if kind == "function" else "input")
    call.put_back(kind, inner)
    content = call.take_if("extra_content", ExtraContent)
    return ToolCall(
        id=call_id,
        name=name,
        arguments=arguments,
        custom=kind == "custom",
        cache=call.take_cache(),
        state=ReasoningState(PROTOCOL, content.google.thought_signature) if content is not None else None,
        extras=call.extras(),
    )


def _arguments(inner: Members, name: str) -> str:
    """The argument text. Some clients and providers send the object itself."""
    if name not in inner.values:
        return ""
    if inner.is_string(name):
        return inner.need(name, str)
    return bytes(inner.values.pop(name)).decode()


def read_function_call(raw: msgspec.Raw, path: str, legacy: LegacyCalls) -> ToolCall | None:
    """The older single call; None where name and arguments are empty, as Snowflake sends it always. Raises Misfit."""
    call = Members(raw, path)
    name, arguments = call.take("name", str) or "", _arguments(call, "arguments")
    if not name and not arguments:
        return None
    return ToolCall(id=legacy.call(name), name=name, arguments=arguments, extras=call.extras())


def write_call(call: ToolCall, call_id: str, *, cache: bool) -> dict[str, Any]:
    """One entry of ``tool_calls``. ``cache``: whether the receiver takes cache marks."""
    kind, arguments = ("custom", "input") if call.custom else ("function", "arguments")
    own = dict(own_members(call.extras))
    inner = own.pop(kind, None)
    written: dict[str, Any] = {
        "id": call_id,
        "type": kind,
        kind: {"name": call.name, arguments: call.arguments, **(OBJECT.decode(inner) if inner is not None else {})},
        **own,
    }
    if call.cache is not None and cache:
        written["cache_control"] = cache_control(call.cache)
    if call.state is not None:
        written["extra_content"] = {"google": {"thought_signature": call.state.value}}
    return written


def write_function_call(call: ToolCall) -> dict[str, Any]:
    """The older single call."""
    return {"name": call.name, "arguments": call.arguments, **own_members(call.extras)}
