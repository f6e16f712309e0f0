from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import DIALECT, FOREIGN, OWN, foreign, pairs, raw
from tests.recordings import recordings
from tests.specs_schema import anthropic

from plexus.canonical.content import Extras, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.losses import Losses
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.canonical.usage import usage
from plexus.protocols.anthropic_messages import CODEC


def encode(**members: Any) -> tuple[dict[str, Any], Losses]:
    members.setdefault("origin", FOREIGN)
    response = GenerateResponse(id="r1", model="m1", **members)
    body, losses = CODEC.encode_response(response, foreign())
    return json.loads(body), losses


def test_a_foreign_reply_is_a_valid_message() -> None:
    blocks = (
        Reasoning(text="hm", state=ReasoningState(OWN, "plx1.a")),
        Text(text="a"),
        ToolCall(id="t", name="f", arguments="{}"),
    )
    finish = Finish(reason=FinishReason.TOOL_CALLS, origin=FOREIGN, raw="tool_calls")
    message, losses = encode(
        candidates=(Candidate(blocks=blocks, finish=finish),),
        usage=usage(input=50, cached_input=20, cache_write_5m=10, output=9, reasoning=4, web_searches=1),
        service_tier="default",
    )
    anthropic("Message").validate(message)
    assert not losses
    assert message["stop_reason"] == "tool_use"
    assert [block["type"] for block in message["content"]] == ["thinking", "text", "tool_use"]
    assert message["usage"] == {
        "input_tokens": 20,
        "cache_creation_input_tokens": 10,
        "cache_read_input_tokens": 20,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 4},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
        "service_tier": "standard",
    }


def test_a_refusal_ends_as_one() -> None:
    message, _ = encode(candidates=(Candidate(blocks=(Refusal(text="no"),), finish=Finish(reason=FinishReason.STOP)),))
    assert (message["content"], message["stop_reason"]) == ([{"type": "text", "text": "no"}], "refusal")


def test_what_a_message_cannot_hold_is_lost() -> None:
    message, losses = encode(
        candidates=(
            Candidate(blocks=(Text(text="a"),), logprobs=raw({}), extras=Extras(FOREIGN, {"c": raw(1)})),
            Candidate(index=1, blocks=(Text(text="b"),)),
        ),
        extras=Extras(FOREIGN, {"system_fingerprint": raw("f")}),
        service_tier="flex",
    )
    anthropic("Message").validate(message)
    assert pairs(losses) == {
        ("candidates[1]", "unsupported"),
        ("logprobs", "unsupported"),
        ("c", "foreign"),
        ("system_fingerprint", "foreign"),
    }
    assert "service_tier" not in message["usage"]


def test_a_reply_without_candidates_is_still_a_message() -> None:
    message, _ = encode()
    anthropic("Message").validate(message)
    assert message["content"] == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ErrorKind.UPSTREAM_MALFORMED),
        (b"[]", ErrorKind.UPSTREAM_MALFORMED),
        (b"{}", ErrorKind.UPSTREAM_MALFORMED),
        (b'{"content": [{"type": "text"}]}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"content": [], "x": "\xff"}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"content": [], "usage": {"service_tier": 4}}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"type": "error", "error": {"type": "overloaded_error", "message": "x"}}', ErrorKind.OVERLOADED),
    ],
)
def test_what_is_no_message_is_an_error(body: bytes, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as failed:
        CODEC.decode_response(body, DIALECT)
    assert failed.value.kind is kind


def test_the_word_error_in_a_reply_is_none() -> None:
    body = {"id": "i", "model": "m", "content": [{"type": "text", "text": '"error"'}], "error": None}
    assert CODEC.decode_response(json.dumps(body).encode(), DIALECT).candidates[0].blocks == (Text(text='"error"'),)


BODIES = [r.body for r in recordings("anthropic.messages") if r.body is not None]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_reply_is_a_typed_error_at_worst(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(BODIES)))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=3))
    tap = CODEC.tap(DIALECT)
    tap.read(bytes(body))
    assert tap.failure is not None or tap.ended
    try:
        response = CODEC.decode_response(bytes(body), DIALECT)
    except GatewayError:
        return
    json.loads(CODEC.encode_response(response, foreign())[0])
