"""Anthropic's refusals: each row breaks one rule, and is told so in the vendor's shape. What was recorded is accepted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import COUNT, MESSAGES, MESSAGES_TOOLS, WEATHER
from tests.recordings import Recording, recordings

from plexus.canonical.headers import Headers
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.messages.request import read, read_count
from plexus.mock_provider.signature import hide, sign

_USER = {"role": "user", "content": "hi"}
_CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
_RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}
_THINKING = {"type": "thinking", "thinking": "Hm.", "signature": sign("mock", "Hm.")}
_BUDGET = {"type": "enabled", "budget_tokens": 1024}
_MARK = {"type": "ephemeral"}


def _turns(*contents: Any) -> dict[str, Any]:
    """A conversation, the user first."""
    roles = ("user", "assistant")
    return support.messages(messages=[{"role": roles[at % 2], "content": one} for at, one in enumerate(contents)])


def _image(**source: Any) -> dict[str, Any]:
    return _turns([{"type": "image", "source": source}])


def _thinking(**members: Any) -> dict[str, Any]:
    return support.messages() | {"thinking": _BUDGET, "max_tokens": 2000} | members


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no max_tokens": ({"model": "m", "messages": [_USER]}, "max_tokens: Field required"),
    "no messages": (support.messages(messages=[]), "messages: "),
    "unknown member": (support.messages(n=2), "n: Extra inputs are not permitted"),
    "unknown nested member": (
        support.messages(messages=[{**_USER, "name": "me"}]),
        "messages.0.name: Extra inputs are not permitted",
    ),
    "wrong type": (support.messages(max_tokens="x"), "max_tokens: "),
    "out of range": (support.messages(temperature=1.5), "temperature: "),
    "tool role": (support.messages(messages=[{"role": "tool", "content": "x"}]), "messages.0.role: "),
    "system first": (support.messages(messages=[{"role": "system", "content": "x"}]), 'Unexpected role "system"'),
    "assistant first": (support.messages(messages=[{"role": "assistant", "content": "x"}]), 'must use the "user" role'),
    "empty content": (_turns("", "x"), "messages.0: all messages must have non-empty content"),
    "empty text": (_turns([{"type": "text", "text": ""}]), "text content blocks must be non-empty"),
    "blank text": (_turns(" \n"), "must contain non-whitespace text"),
    "empty system": (support.messages(system=[{"type": "text", "text": ""}]), "system: text content blocks"),
    "blank system": (support.messages(system=[{"type": "text", "text": " "}]), "system: text content blocks"),
    "untyped block": (_turns([{"text": "x"}]), "messages.0.content.0.type: Field required"),
    "another protocol's block": (_turns([{"type": "image_url"}]), "Input tag 'image_url'"),
    "member of a block": (
        _turns([{"type": "text", "text": "x", "refusal": 1}]),
        "messages.0.content.0.text.refusal: Extra",
    ),
    "call by the user": (_turns([_CALL]), "`tool_use` blocks can only be in `assistant` messages"),
    "result by the model": (_turns("hi", [_RESULT]), "`tool_result` blocks can only be in `user` messages"),
    "result without call": (
        _turns("hi", "x", [_RESULT]),
        "unexpected `tool_use_id` found in `tool_result` blocks: toolu_1",
    ),
    "call without result": (_turns("hi", [_CALL], "x"), "without `tool_result` blocks immediately after: toolu_1"),
    "call at the end": (_turns("hi", [_CALL]), "without `tool_result` blocks immediately after: toolu_1"),
    "result after text": (
        _turns("hi", [_CALL], [{"type": "text", "text": "x"}, _RESULT]),
        "without `tool_result` blocks immediately after",
    ),
    "two results": (_turns("hi", [_CALL], [_RESULT, _RESULT]), "each tool_use must have a single result"),
    "id used twice": (_turns("hi", [_CALL], [_RESULT], [_CALL], [_RESULT]), "`tool_use` ids must be unique"),
    "call id": (_turns("hi", [{**_CALL, "id": "a.b"}]), "messages.1.content.0.tool_use.id: "),
    "call input": (_turns("hi", [{**_CALL, "input": "{}"}]), "messages.1.content.0.tool_use.input: "),
    "result's block": (
        _turns("hi", [_CALL], [{**_RESULT, "content": [{"type": "audio"}]}]),
        "messages.2.content.0.tool_result.content.0.type",
    ),
    "image type": (_image(type="base64", media_type="image/tiff", data="AAAA"), "image.source.base64.media_type: "),
    "image data": (_image(type="base64", media_type="image/png", data="?"), "image.source.base64.data: "),
    "image address": (_image(type="url", url="ftp://x"), "image.source.url: "),
    "image as text": (_image(type="text", media_type="text/plain", data="x"), "messages.0.content.0.image.source"),
    "prefill with thinking": (
        _thinking(messages=[_USER, {"role": "assistant", "content": "x"}]),
        "assistant message prefill",
    ),
    "prefill where refused": (
        support.messages(model="mock-no-prefill", messages=[_USER, {"role": "assistant", "content": "x"}]),
        "assistant message prefill",
    ),
    "prefill ending in a space": (_turns("hi", "x "), "cannot end with trailing whitespace"),
    "small budget": (support.messages(thinking={"type": "enabled", "budget_tokens": 1000}), "thinking.budget_tokens: "),
    "budget over the limit": (_thinking(max_tokens=1024), "must be greater than `thinking.budget_tokens`"),
    "temperature with thinking": (_thinking(temperature=0.5), "`temperature` may only be set to 1"),
    "top_k with thinking": (_thinking(top_k=5), "`top_k` must be unset"),
    "top_p with thinking": (_thinking(top_p=0.5), "`top_p`"),
    "forced tool with thinking": (
        _thinking(tools=MESSAGES_TOOLS, tool_choice={"type": "any"}),
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    "forged signature": (
        _turns("hi", [{**_THINKING, "signature": "forged"}, {"type": "text", "text": "x"}], "go on"),
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    "another provider's signature": (
        _turns("hi", [{**_THINKING, "signature": sign("other", "Hm.")}, _CALL], [_RESULT]),
        "Invalid `signature`",
    ),
    "changed thinking": (_turns("hi", [{**_THINKING, "thinking": "Ha."}, _CALL], [_RESULT]), "Invalid `signature`"),
    "no signature": (
        _turns("hi", [{"type": "thinking", "thinking": "Hm."}, _CALL], [_RESULT]),
        "messages.1.content.0.thinking.signature: Field required",
    ),
    "forged redacted thinking": (
        _turns("hi", [{"type": "redacted_thinking", "data": "AAAA"}, _CALL], [_RESULT]),
        "Invalid `data` in `redacted_thinking` block",
    ),
    "missing thinking": (
        _turns("hi", [_CALL], [_RESULT]) | {"thinking": _BUDGET, "max_tokens": 2000},
        "Expected `thinking` or `redacted_thinking`, but found `tool_use`",
    ),
    "choice without tools": (support.messages(tool_choice={"type": "auto"}), "only be specified while providing tools"),
    "another protocol's choice": (support.messages(tools=MESSAGES_TOOLS, tool_choice="required"), "tool_choice: "),
    "unknown named tool": (
        support.messages(tools=MESSAGES_TOOLS, tool_choice={"type": "tool", "name": "x"}),
        "Tool 'x' not found in provided tools",
    ),
    "another protocol's tool": (support.messages(tools=support.CHAT_TOOLS), "tools.0: Input tag 'function'"),
    "tool name": (support.messages(tools=[{"name": "a b", "input_schema": WEATHER}]), "tools.0.custom.name: "),
    "tool without schema": (support.messages(tools=[{"name": "a"}]), "tools.0.custom.input_schema: Field required"),
    "tool schema": (support.messages(tools=[{"name": "a", "input_schema": {}}]), "input_schema.type: Field required"),
    "tool twice": (support.messages(tools=[*MESSAGES_TOOLS, MESSAGES_TOOLS[0]]), "Tool names must be unique"),
    "strict tool": (
        support.messages(tools=[{"name": "a", "strict": True, "input_schema": {"type": "object"}}]),
        "'additionalProperties' must be explicitly set to false",
    ),
    "open format": (
        support.messages(output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}}),
        "'additionalProperties' must be explicitly set to false",
    ),
    "blank stop sequence": (support.messages(stop_sequences=["\n"]), "each stop sequence must contain non-whitespace"),
    "too many markers": (
        _turns([{"type": "text", "text": "x", "cache_control": _MARK}] * 5),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_it_is_refused(case: str) -> None:
    body, message = REFUSALS[case]
    error = support.refusal_of(MESSAGES, body)
    assert message in error["message"]
    assert error["type"] == "invalid_request_error"


def test_the_version_is_required() -> None:
    with pytest.raises(Refused, match="anthropic-version"):
        read(b"{}", Headers(), "mock")


def test_no_json_at_all() -> None:
    assert "not valid JSON" in support.refusal_of(MESSAGES, b"{")["message"]


def test_counting_needs_no_limit_and_takes_none() -> None:
    assert "max_tokens: Extra" in support.refusal_of(COUNT, support.messages())["message"]
    assert "role: " in support.refusal_of(COUNT, {"model": "m", "messages": [{"role": "x", "content": "x"}]})["message"]


ACCEPTED: dict[str, dict[str, Any]] = {
    "prefill": _turns("hi", "I say"),
    "empty prefill": _turns("hi", ""),
    "turns of one role": support.messages(messages=[_USER, _USER, {"role": "assistant", "content": "x"}, _USER]),
    "results in two messages": support.messages(
        messages=[
            _USER,
            {"role": "assistant", "content": [_CALL, {**_CALL, "id": "toolu_2"}]},
            {"role": "user", "content": [_RESULT]},
            {"role": "user", "content": [{**_RESULT, "tool_use_id": "toolu_2"}]},
        ]
    ),
    "thinking comes back": _turns("hi", [_THINKING, _CALL], [_RESULT]) | {"thinking": _BUDGET, "max_tokens": 2000},
    "redacted thinking comes back": _turns(
        "hi", [{"type": "redacted_thinking", "data": hide("mock", "secret")}, _CALL], [_RESULT]
    ),
    "adaptive thinking without any": _turns("hi", [_CALL], [_RESULT]) | {"thinking": {"type": "adaptive"}},
    "instructions in the middle": support.messages(
        messages=[_USER, {"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "x"}, _USER]
    ),
    "server tools": support.messages(tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}]),
    "blocks of server tools": _turns(
        "hi", [{"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}], "and?"
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_it_is_accepted(case: str) -> None:
    support.reply_of(MESSAGES, ACCEPTED[case])


def _accepted(protocol: str) -> list[Recording]:
    return [
        one
        for one in recordings(protocol)
        if one.provider == "anthropic" and one.request is not None and one.status == 200
    ]


@pytest.mark.parametrize("recording", _accepted("anthropic.messages"), ids=repr)
def test_what_anthropic_accepted_is_accepted(recording: Recording) -> None:
    """But for thinking that the mock has not signed: there, that is what is refused."""
    headers = Headers([(b"anthropic-version", b"2023-06-01")])
    signed = b'"signature": "' in recording.request_bytes
    if signed:
        with pytest.raises(Refused, match="Invalid `signature`"):
            read(recording.request_bytes, headers, "mock")
        return
    ask = read(recording.request_bytes, headers, "mock")
    assert ask.max_tokens == (recording.request or {})["max_tokens"]


@pytest.mark.parametrize("recording", _accepted("anthropic.count_tokens"), ids=repr)
def test_what_was_counted_is_counted(recording: Recording) -> None:
    assert read_count(recording.request_bytes, Headers([(b"anthropic-version", b"2023-06-01")]), "mock") > 0
