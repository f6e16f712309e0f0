from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import CLAUDE, OWN, bare, body_of, decode, encode
from tests.recordings import recordings

from plexus.canonical.content import CacheMark, Text
from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.request import OutputFormat, ReasoningSettings, ServerTool, ToolChoice
from plexus.protocols import envelope
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.codec import Inbound

SCHEMA = {"type": "object", "properties": {}}


def test_settings_have_their_fields() -> None:
    request = decode(
        body_of(
            system="Be brief.",
            stream=True,
            temperature=0.5,
            top_p=0.9,
            top_k=40,
            stop_sequences=["END"],
            metadata={"user_id": "u1"},
            service_tier="standard_only",
            cache_control={"type": "ephemeral"},
        )
    )
    assert (request.origin, request.model, request.stream, request.max_output_tokens) == (OWN, CLAUDE, True, 100)
    assert request.system == (Text(text="Be brief."),)
    assert request.system_plain
    assert request.messages[0].plain
    assert (request.temperature, request.top_p, request.top_k, request.stop) == (0.5, 0.9, 40, ("END",))
    assert (request.user, request.service_tier, request.cache) == ("u1", "standard_only", CacheMark())
    assert request.extras is None


@pytest.mark.parametrize(
    ("choice", "expected", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(mode="auto"), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice(mode="required"), False),
        ({"type": "none"}, ToolChoice(mode="none"), None),
        (
            {"type": "tool", "name": "f", "disable_parallel_tool_use": False},
            ToolChoice(mode="named", names=("f",)),
            True,
        ),
    ],
)
def test_tool_choices(choice: dict[str, Any], expected: ToolChoice, parallel: bool | None) -> None:
    body = body_of(tools=[{"name": "f", "input_schema": SCHEMA}], tool_choice=choice)
    request = decode(body)
    assert request.tool_choice == expected
    assert request.parallel_tool_calls is parallel
    assert encode(request)[0] == body


def test_a_choice_of_a_server_tool_keeps_its_words() -> None:
    choice = {"type": "tool", "name": "web_search"}
    body = body_of(tools=[{"type": "web_search_20250305", "name": "web_search"}], tool_choice=choice)
    request = decode(body)
    assert isinstance(request.tools[0], ServerTool)
    assert request.tool_choice is not None
    assert request.tool_choice.raw is not None
    assert encode(request)[0] == body


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}},
            ReasoningSettings(mode="enabled", budget_tokens=2000, summary="omitted"),
        ),
        ({"thinking": {"type": "disabled"}}, ReasoningSettings(mode="disabled")),
        (
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
            ReasoningSettings(mode="adaptive", effort="max"),
        ),
        ({"output_config": {"effort": "low"}}, ReasoningSettings(effort="low")),
    ],
)
def test_thinking(members: dict[str, Any], expected: ReasoningSettings) -> None:
    body = body_of(**members)
    request = decode(body)
    assert request.reasoning == expected
    assert encode(request)[0] == body


@pytest.mark.parametrize(
    "members",
    [
        {"thinking": {"type": "between_tools"}},
        {"thinking": {"type": "enabled", "budget_tokens": 2000, "pace": "slow"}, "output_config": {"effort": "low"}},
        {"output_config": {"effort": "low", "task_budget": {"tokens": 9}}},
        {"output_config": {"format": {"type": "grammar", "text": "x"}}},
        {"output_format": {"type": "json_schema", "schema": SCHEMA}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}, "effort": "high"}},
        {"metadata": {"user_id": "u", "team": "t"}},
        {"metadata": {"team": "t"}},
        {"container": "c1", "mcp_servers": [{"name": "x"}], "context_management": {"edits": []}, "speed": "fast"},
        {"tools": [{"name": "f", "input_schema": SCHEMA, "defer_loading": True, "strict": False, "description": "d"}]},
        {"messages": [{"role": "user", "content": "a", "id": "m1"}, {"role": "system", "content": "b"}]},
        {"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
    ],
)
def test_what_has_no_field_of_its_own_returns_all_the_same(members: dict[str, Any]) -> None:
    body = body_of(**members)
    written, losses = encode(decode(body))
    assert bare(written) == bare(body)
    assert not losses


def test_the_older_place_of_the_output_format_is_remembered() -> None:
    request = decode(body_of(output_format={"type": "json_schema", "schema": SCHEMA}))
    assert request.output is not None
    assert request.output.legacy
    assert msgspec.structs.replace(request.output, schema=None) == OutputFormat(kind="json_schema", legacy=True)


def test_the_path_may_name_the_model() -> None:
    members = envelope.read(b'{"max_tokens": 1, "messages": []}')
    assert CODEC.decode_request(Inbound(members, path={"model": "m"})).model == "m"


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"messages": {}}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [3]}, "messages.0"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 4}]}]}, "messages.0.content.0.text"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"system": 5}, "system"),
        ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"metadata": []}, "metadata"),
        ({"output_config": 1}, "output_config"),
    ],
)
def test_mistakes_are_a_400_that_names_the_place(members: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as refused:
        decode(body_of(**members))
    assert refused.value.kind is ErrorKind.BAD_REQUEST
    assert refused.value.param == param
    assert refused.value.message.startswith(param)


REQUESTS = [r.request_bytes for r in recordings("anthropic.messages") if r.request is not None]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_body_is_a_400_at_worst(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(REQUESTS)))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=3))
    try:
        request = CODEC.decode_request(Inbound(envelope.read(bytes(body))))
        written, _ = encode(request)
    except ClientError:
        return
    assert written["model"] == request.model


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "content"]), inner),
    max_leaves=6,
)
MEMBERS = [
    "system",
    "messages",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "stop_sequences",
    "stream",
]


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(MEMBERS), value=JSON)
def test_any_value_of_a_member_is_read_or_refused(name: str, value: object) -> None:
    body = json.dumps({**body_of(), name: value}).encode()
    try:
        request = CODEC.decode_request(Inbound(envelope.read(body)))
    except ClientError:
        return
    assert bare(encode(request)[0]) is not None
