from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import raw

from plexus.canonical.content import CacheMark, Opaque, ReasoningState, ToolCall
from plexus.protocols.openai_chat.calls import (
    LegacyCalls,
    is_legacy,
    read_call,
    read_function_call,
    write_call,
    write_function_call,
)
from plexus.protocols.openai_chat.members import Misfit

FUNCTION = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("wire", "call"),
    [
        (FUNCTION, ToolCall(id="c", name="f", arguments="{}")),
        (
            {"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}},
            ToolCall(id="c", name="f", arguments="x", custom=True),
        ),
        (
            {**FUNCTION, "extra_content": {"google": {"thought_signature": "s"}}},
            ToolCall(id="c", name="f", arguments="{}", state=ReasoningState("openai_chat", "s")),
        ),
        (
            {**FUNCTION, "cache_control": {"type": "ephemeral"}},
            ToolCall(id="c", name="f", arguments="{}", cache=CacheMark()),
        ),
    ],
)
def test_calls_both_ways(wire: dict[str, Any], call: ToolCall) -> None:
    assert read_call(raw(wire), "at") == call
    assert write_call(call, call.id, cache=True) == wire


def test_unknown_members_and_kinds_stay() -> None:
    odd = {**FUNCTION, "function": {"name": "f", "arguments": "", "odd": 1}, "extra_content": {"other": 1}}
    call = read_call(raw(odd), "at")
    assert isinstance(call, ToolCall)
    assert raw(write_call(call, "c", cache=True)) == raw(odd)
    other = {"id": "c", "type": "mcp"}
    assert read_call(raw(other), "at") == Opaque(origin="openai_chat", kind="tool_calls/mcp", raw=raw(other))


def test_what_providers_leave_out_or_write_differently() -> None:
    assert read_call(raw({"function": {"name": "f", "arguments": {"a": 1}}}), "at", "call_x") == ToolCall(
        id="call_x", name="f", arguments='{"a":1}'
    )
    assert read_call(raw({"id": "c", "index": 3, "function": {"name": "f"}}), "at") == ToolCall(
        id="c", name="f", arguments=""
    )


@pytest.mark.parametrize("wire", [{"function": {"name": "f"}}, {"id": "c"}, {"id": "c", "function": {}}, 7])
def test_what_is_no_call(wire: Any) -> None:
    with pytest.raises(Misfit):
        read_call(raw(wire), "at")


def test_the_older_form() -> None:
    legacy = LegacyCalls()
    call = read_function_call(raw({"name": "get weather", "arguments": "{}"}), "at", legacy)
    assert call is not None
    assert call.id == "function_call_0_get_weather"
    assert is_legacy(call.id)
    assert legacy.result("get weather") == call.id
    assert legacy.result("unknown") == "function_call_1_unknown"
    assert write_function_call(call) == {"name": "get weather", "arguments": "{}"}
    assert read_function_call(raw({"name": "", "arguments": ""}), "at", legacy) is None
    assert not is_legacy("call_1")
