"""Routes, secrets, counting, and which step a call gets; without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, COUNT, MESSAGES

from plexus.mock_provider import Html, Raw, Redirect, Reply, Status, Stream, UsageNumbers
from plexus.mock_provider.script import Abort, End, Start, Write
from plexus.mock_provider.stage import Stage


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_secret_is_asked_for_in_the_vendors_header(path: str) -> None:
    stage = Stage(issuer="mock", key="right")
    body = support.body_for(path)
    assert support.whole_of(path, body, stage=stage).status == 401
    assert support.whole_of(path, body, stage=stage, authorization="Bearer wrong").status == 401
    given = {"authorization": "Bearer right"} if path == CHAT else {"x_api_key": "right"}
    assert support.whole_of(path, body, stage=stage, **given).status == 200


def test_unknown_paths_are_404_in_the_callers_protocol() -> None:
    chat = support.whole_of("/v1/nothing", {})
    assert (chat.status, json.loads(chat.body)["error"]["message"]) == (404, "Invalid URL (POST /v1/nothing)")
    messages = support.whole_of("/v1/messages/nothing", {})
    assert (messages.status, json.loads(messages.body)["error"]["type"]) == (404, "not_found_error")


def test_count_tokens_is_what_the_message_then_costs() -> None:
    body = support.messages("How many tokens are these?")
    del body["max_tokens"]
    counted = support.reply_of(COUNT, body)
    assert counted == {"input_tokens": 14}
    assert support.reply_of(MESSAGES, body | {"max_tokens": 5})["usage"]["input_tokens"] == 14
    assert support.reply_of(CHAT, support.chat("How many tokens are these?"))["usage"]["prompt_tokens"] == 14


def test_the_cache_counts_inside_the_input() -> None:
    stage = Stage(issuer="mock")
    block = {"type": "text", "text": "A long and steady prompt.", "cache_control": {"type": "ephemeral"}}
    body = support.messages(system=[block])
    first, second = (support.reply_of(MESSAGES, body, stage=stage)["usage"] for _ in range(2))
    assert (first["cache_creation_input_tokens"], first["cache_read_input_tokens"]) == (7, 0)
    assert (second["cache_creation_input_tokens"], second["cache_read_input_tokens"]) == (0, 7)
    assert first["input_tokens"] == second["input_tokens"] == 10

    asked = support.chat(prompt_cache_key="mine")
    first, second = (support.reply_of(CHAT, asked, stage=stage)["usage"] for _ in range(2))
    assert first["prompt_tokens_details"]["cached_tokens"] == 0
    assert second["prompt_tokens_details"]["cached_tokens"] == 7
    assert first["prompt_tokens"] == second["prompt_tokens"] == 10
    other = support.reply_of(CHAT, support.chat(prompt_cache_key="another"), stage=stage)
    assert other["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


def test_stated_usage_wins() -> None:
    step = Reply("hi", usage=UsageNumbers(input=100, output=7, cached=40, reasoning=3))
    usage = support.reply_of(CHAT, support.chat(), step=step)["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (100, 7, 107)
    usage = support.reply_of(MESSAGES, support.messages(), step=step)["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (60, 40, 7)
    usage = support.reply_of(CHAT, support.chat(), x_mock_input_tokens="9", x_mock_output_tokens="1")["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (9, 1)


@pytest.mark.parametrize(
    ("step", "status", "content_type", "start"),
    [
        (Html(), 200, b"text/html; charset=utf-8", b"<!DOCTYPE html>"),
        (Html(404), 404, b"text/html; charset=utf-8", b"<!DOCTYPE html>"),
        (Redirect("https://example.com/x"), 307, b"text/plain", b""),
        (Raw(b"OK", "text/plain"), 200, b"text/plain", b"OK"),
        (Status(502, body=b"bad gateway", content_type="text/plain"), 502, b"text/plain", b"bad gateway"),
    ],
)
def test_answers_that_are_no_api_replies(step: Any, status: int, content_type: bytes, start: bytes) -> None:
    whole = support.whole_of(CHAT, support.chat(), step=step)
    assert (whole.status, dict(whole.fields)[b"content-type"]) == (status, content_type)
    assert whole.body.startswith(start)
    if isinstance(step, Redirect):
        assert dict(whole.fields)[b"location"] == b"https://example.com/x"


def test_a_cut_json_body_is_shorter_than_it_says() -> None:
    script = support.script_of(CHAT, support.chat(), step=Stream(cut_after=1))
    start, half, last = script
    assert isinstance(start, Start)
    assert isinstance(half, Write)
    assert int(dict(start.fields)[b"content-length"]) > len(half.data) > 0
    assert isinstance(last, Abort)


def test_an_error_or_garbage_in_a_json_body() -> None:
    broken = support.whole_of(CHAT, support.chat(), step=Stream(error_after=1, error=Status(429)))
    assert (broken.status, json.loads(broken.body)["error"]["type"]) == (200, "rate_limit_error")
    garbled = support.whole_of(MESSAGES, support.messages(), step=Stream(garbage_after=1))
    with pytest.raises(json.JSONDecodeError):
        json.loads(garbled.body)


def test_a_refused_request_takes_no_step_unless_validation_is_off() -> None:
    nonsense = {"model": "m"}
    assert support.whole_of(CHAT, nonsense, step=Status(503)).status == 400
    lax = Stage(issuer="mock", validate=False)
    assert support.whole_of(CHAT, nonsense, step=Status(503), stage=lax).status == 503
    assert support.whole_of(CHAT, nonsense, step=Reply("hi"), stage=lax).status == 400


def test_a_stream_ends_properly() -> None:
    script = support.script_of(CHAT, support.chat(stream=True))
    assert isinstance(script[0], Start)
    assert isinstance(script[-1], End)
    assert sum(action.events for action in script if isinstance(action, Write)) == len(
        support.events_of(CHAT, support.chat())
    )
