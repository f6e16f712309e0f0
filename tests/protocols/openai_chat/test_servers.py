"""What real Chat Completions servers do beyond the specification, in bytes of our own after their traffic."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import decode_stream, meaning
from tests.recordings import recordings

from plexus.canonical.content import ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import Failure, FinishSeen, ReplyEnd, UsageSeen, fold
from plexus.canonical.response import FinishReason
from plexus.exchange.carrier import PassCarrier
from plexus.protocols.openai_chat import CODEC

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
DONE = b"data: [DONE]\n\n"


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    body = {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def read(*frames: bytes) -> list[Any]:
    return decode_stream(CODEC, [b"".join(frames)])


def relayed(*frames: bytes) -> bytes:
    """What a Chat client gets that did not ask for usage, while we did."""
    carrier = PassCarrier(CODEC, CODEC.default_dialect, withholds=True)
    return b"".join([*(carrier.take(frame) for frame in frames), carrier.close()])


LONG = "call__0_get_weather_cmpl-6a1a9a3e-0d6c-4d9e-9c41-52f1c55b8f6e"
NAMED = {"name": "get_weather", "arguments": '{"city":'}
REST = {"name": "get_weather", "arguments": '"Paris"}'}


def test_llama_cpp_python_streams_each_call_twice_and_no_usage() -> None:
    frames = [
        chunk({"role": "assistant", "content": None}),
        *(
            chunk(
                {
                    "function_call": piece,
                    "tool_calls": [{"index": 0, "id": LONG, "type": "function", "function": piece}],
                }
            )
            for piece in (NAMED, REST)
        ),
        chunk({}, "tool_calls"),
        DONE,
    ]
    events = read(*frames)
    (call,) = fold(events, "openai_chat").candidates[0].blocks
    assert isinstance(call, ToolCall)
    assert (call.id, json.loads(call.arguments)) == (LONG, {"city": "Paris"})
    assert not any(isinstance(event, UsageSeen) for event in events)
    assert relayed(*frames) == b"".join(frames)


def test_llama_cpp_python_says_the_first_call_twice_in_a_reply() -> None:
    function = {"name": "get_weather", "arguments": "{}"}
    message = {
        "role": "assistant",
        "content": None,
        "function_call": function,
        "tool_calls": [{"id": LONG, "type": "function", "function": function}],
    }
    body = json.dumps({**HEAD, "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).encode()
    blocks = CODEC.decode_response(body, CODEC.default_dialect).candidates[0].blocks
    assert [block.id for block in blocks if isinstance(block, ToolCall)] == [LONG]


def test_the_older_function_call_alone_is_a_call() -> None:
    events = read(chunk({"function_call": NAMED}), chunk({"function_call": REST}), chunk({}, "function_call"), DONE)
    (call,) = fold(events, "openai_chat").candidates[0].blocks
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"city": "Paris"}


OPENROUTER = [
    b": OPENROUTER PROCESSING\n\n",
    chunk({"role": "assistant", "content": "Hel"}),
    b": OPENROUTER PROCESSING\n\n",
    chunk({"role": "assistant", "content": "lo"}),
    chunk({"role": "assistant", "content": ""}, "stop"),
    chunk({"role": "assistant", "content": ""}, "stop", usage=USAGE),
    DONE,
]


def test_openrouter_sends_comments_two_finishes_and_usage_beside_a_choice() -> None:
    events = read(*OPENROUTER)
    _, text, _, finish, counts = meaning(fold(events, "openai_chat"))
    assert (text, finish, counts) == ("Hello", FinishReason.STOP, (5, 0, 2))
    assert sum(isinstance(event, FinishSeen) for event in events) == 1


def test_a_chunk_that_says_more_than_usage_is_not_withheld() -> None:
    assert relayed(*OPENROUTER) == b"".join(OPENROUTER)
    alone = b"data: " + json.dumps({**HEAD, "choices": [], "usage": USAGE}).encode() + b"\n\n"
    assert relayed(chunk({"content": "hi"}), chunk({}, "stop"), alone, DONE) == b"".join(
        [chunk({"content": "hi"}), chunk({}, "stop"), DONE]
    )


def test_perplexity_repeats_usage_and_ends_with_an_object_of_its_own() -> None:
    last = chunk({"role": "assistant", "content": ""}, "stop", usage=USAGE, object="chat.completion.done")
    frames = [
        chunk({"role": "assistant", "content": "San"}, usage={**USAGE, "completion_tokens": 1}),
        chunk({"role": "assistant", "content": " Francisco"}, usage=USAGE),
        last,
        DONE,
    ]
    _, text, _, finish, counts = meaning(fold(read(*frames), "openai_chat"))
    assert (text, finish, counts) == ("San Francisco", FinishReason.STOP, (5, 0, 2))
    assert relayed(*frames) == b"".join(frames)


@pytest.mark.parametrize("stop", [True, False], ids=["closed", "goes on"])
def test_groq_puts_an_error_event_into_a_200(stop: bool) -> None:
    failed = {"message": "Failed to call a function.", "type": "invalid_request_error", "code": "tool_use_failed"}
    error = b"event: error\ndata: " + json.dumps({"error": failed}).encode() + b"\n\n"
    frames = [chunk({"role": "assistant", "content": "Let me"}), error, *([] if stop else [chunk({}, "stop"), DONE])]
    events = read(*frames)
    assert isinstance(events[-1], Failure)
    assert "Failed to call" in events[-1].error.message
    assert not any(isinstance(event, FinishSeen | ReplyEnd) for event in events)
    carrier = PassCarrier(CODEC, CODEC.default_dialect, withholds=False)
    carrier.take(b"".join(frames))
    assert carrier.failure is not None
    assert (carrier.failure.status, carrier.ended) == (400, False)


def test_groqs_recorded_error_is_typed() -> None:
    wanted = "openai.chat.groq.test-tool-use-failed-error-streaming-with-text.1"
    (recorded,) = [each for each in recordings("openai.chat") if each.id == wanted]
    assert recorded.sse is not None
    events = decode_stream(CODEC, [recorded.sse])
    assert isinstance(events[-1], Failure)
    assert events[-1].error.kind is ErrorKind.BAD_REQUEST


def test_mistral_sends_whole_calls_without_an_index_and_thoughts_as_a_list() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}]
    calls = [
        {"id": "D681PevKs", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}},
        {"id": "yt9kPq2Zc", "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'}},
    ]
    frames = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": thinking}),
        chunk({"content": [{"type": "text", "text": "Both: "}]}),
        chunk({"tool_calls": calls}, "tool_calls", usage=USAGE),
        DONE,
    ]
    thoughts, text, found, finish, counts = meaning(fold(read(*frames), "openai_chat"))
    assert (thoughts, text, finish, counts) == ("Let me see.", "Both: ", FinishReason.TOOL_CALLS, (5, 0, 2))
    assert found == [("call", "get_weather", {"city": "Paris"}), ("call", "get_weather", {"city": "Rome"})]


def test_azure_begins_with_filters_and_no_choice() -> None:
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}
    frames = [b"data: " + json.dumps(first).encode() + b"\n\n", chunk({"content": "Hi"}), chunk({}, "stop"), DONE]
    response = fold(read(*frames), "openai_chat")
    assert (response.id, response.model) == ("chatcmpl-1", "m")


def test_dashscope_leaves_the_id_empty_on_what_follows() -> None:
    def piece(call_id: str, arguments: str, **named: str) -> bytes:
        function = {"arguments": arguments, **named}
        return chunk({"tool_calls": [{"index": 0, "id": call_id, "type": "function", "function": function}]})

    events = read(piece("call_a", "", name="look"), piece("", "{}", name=""), chunk({}, "tool_calls"), DONE)
    (call,) = fold(events, "openai_chat").candidates[0].blocks
    assert isinstance(call, ToolCall)
    assert (call.id, call.name, call.arguments) == ("call_a", "look", "{}")
