from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.openai_chat.making import decode, encode
from tests.specs_schema import document

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound
from plexus.protocols.openai_chat import CODEC, ChatDialect

USER = {"role": "user", "content": "Hi"}

EVERYTHING: dict[str, Any] = {
    "model": "m",
    "messages": [USER],
    "audio": {"voice": "alloy", "format": "wav"},
    "frequency_penalty": 0.5,
    "function_call": {"name": "f"},
    "functions": [{"name": "f", "parameters": {"type": "object"}}],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "max_completion_tokens": 100,
    "max_tokens": 90,
    "metadata": {"a": "b"},
    "modalities": ["text", "audio"],
    "moderation": {"model": "omni-moderation-latest"},
    "n": 2,
    "parallel_tool_calls": False,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": -0.5,
    "prompt_cache_key": "k",
    "prompt_cache_options": {"ttl": "30m"},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "high",
    "response_format": {"type": "json_object"},
    "safety_identifier": "s",
    "seed": 7,
    "service_tier": "flex",
    "stop": ["a", "b"],
    "store": True,
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
    "temperature": 1.5,
    "tool_choice": "auto",
    "tools": [{"type": "function", "function": {"name": "g"}}],
    "top_logprobs": 3,
    "top_p": 0.9,
    "user": "u",
    "verbosity": "low",
    "web_search_options": {"search_context_size": "low"},
}


def members_of_the_spec() -> set[str]:
    schemas = document("openai-core.openapi")["components"]["schemas"]

    def members(name: str) -> set[str]:
        found = set(schemas[name].get("properties", {}))
        for part in schemas[name].get("allOf", ()):
            found |= members(part["$ref"].split("/")[-1]) if "$ref" in part else set(part.get("properties", {}))
        return found

    return members("CreateChatCompletionRequest")


def test_every_member_of_the_spec_comes_out_as_it_went_in() -> None:
    assert set(EVERYTHING) == members_of_the_spec()
    written, losses = encode(decode(EVERYTHING))
    wanted = {name: value for name, value in EVERYTHING.items() if name != "function_call"}  # tool_choice says it
    assert written == wanted
    assert losses == []


def test_unknown_members_are_kept() -> None:
    body = {"messages": [USER], "min_p": 0.1, "provider": {"order": ["x"]}, "top_k": 40, "random_seed": 3}
    written, losses = encode(decode(body))
    assert written == {"model": "m", **body}
    assert losses == []


def test_nulls_are_nothing() -> None:
    request = decode({"messages": [{**USER, "name": None}], "temperature": None, "stop": None, "odd": None})
    assert request.temperature is None
    assert request.extras is None
    assert request.stop == ()


@pytest.mark.parametrize(
    ("body", "wants"),
    [
        ({"stream": True}, False),
        ({"stream": True, "stream_options": {"include_usage": True}}, True),
        ({"stream": True, "stream_options": {"include_usage": False}}, False),
        ({"stream": True, "stream_options": None}, False),
    ],
)
def test_whether_the_client_wants_usage(body: dict[str, Any], wants: bool) -> None:
    assert decode({"messages": [USER], **body}).stream_usage is wants


def test_usage_is_asked_for_where_that_is_allowed() -> None:
    request = decode({"messages": [USER], "stream": True})
    assert encode(request)[0]["stream_options"] == {"include_usage": True}
    assert "stream_options" not in encode(request, ChatDialect(usage_in_stream="never"))[0]
    assert "stream_options" not in encode(request, ChatDialect(usage_in_stream="always"))[0]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [{"content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages[0].tool_calls[0].function"),
        ({"messages": [USER], "temperature": "hot"}, "temperature"),
        ({"messages": [USER], "stream": "yes"}, "stream"),
        ({"messages": [USER], "tools": [{"type": "function"}]}, "tools[0].function"),
        ({"messages": [USER], "tool_choice": "maybe"}, "tool_choice"),
        ({"messages": [USER], "response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
def test_what_chat_does_not_allow(body: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as caught:
        decode(body)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.param == param
    assert caught.value.message.startswith(param)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["user", "function", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "function", "tool_calls", "id", "name", "image_url", "url"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
MEMBERS = st.dictionaries(st.sampled_from(sorted(EVERYTHING)), JSON, max_size=5)


@given(members=MEMBERS, turn=st.dictionaries(st.sampled_from(["role", "content", "tool_calls", "audio"]), JSON))
def test_any_json_is_read_or_refused(members: dict[str, Any], turn: dict[str, Any]) -> None:
    body = {"messages": [turn], **members, "model": "m"}
    with contextlib.suppress(ClientError):  # anything else fails the test
        encode(CODEC.decode_request(Inbound(envelope.read(json.dumps(body).encode()))))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(ClientError):
        CODEC.decode_request(Inbound(envelope.read(body)))
