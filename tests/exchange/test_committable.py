"""What of a reply can be committed, and what is a failure instead."""

from __future__ import annotations

import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import CHAT_REPLY, DONE, USAGE, ScriptedReply, chunk, json_reply, lab, stream_reply

from plexus.domain.provider import Timeouts
from plexus.domain.snapshot import Snapshot
from plexus.exchange.committable import upstream_fields

TWO = snapshot(route("chat", target(provider("one")), target(provider("two"))))
EMPTY = {**CHAT_REPLY, "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}}], "usage": None}


FIRST_EVENTS = [
    # the stream's pieces, what the client gets of the first target: "reply", or "" where the second one answers
    ([chunk("Hi"), chunk(finish="stop"), USAGE, DONE], "reply"),
    ([chunk(finish="stop"), DONE], ""),
    ([b": comment\n\n", chunk(""), b'data: {"error":{"message":"x","type":"server_error"}}\n\n'], ""),
    ([], ""),
    ([b": comment\n\n"], ""),
]


@pytest.mark.parametrize(("pieces", "expected"), FIRST_EVENTS)
async def test_a_stream_is_held_back_until_it_says_something(pieces: list[bytes], expected: str) -> None:
    second = (chunk("Second"), chunk(finish="stop"), DONE)
    bench = lab(stream_reply(*pieces), stream_reply(*(pieces or ())), stream_reply(*second), of=TWO)
    if expected:
        bench.upstream.script = [stream_reply(*pieces)]
    await bench.ask({"stream": True, "stream_options": {"include_usage": True}})
    assert bench.sink.body == b"".join(pieces if expected else second), "no byte of a failed attempt"


async def test_what_is_empty_everywhere_is_delivered_as_it_is() -> None:
    bench = lab(*[json_reply(EMPTY) for _ in range(4)], of=TWO)
    record = await bench.ask()
    assert (bench.sink.status, record.error) == (200, None)
    assert bench.said == EMPTY
    assert len(record.attempts) == 4, "each target twice"
    assert [attempt.usage for attempt in record.attempts[:-1]] == [None] * 3


@pytest.mark.parametrize("stream", [False, True])
async def test_html_is_never_shown(stream: bool) -> None:
    page = ScriptedReply(200, [(b"content-type", b"text/html")], [b"  <html>login</html>"])
    bench = lab(page, page)
    record = await bench.ask({"stream": stream})
    assert (record.status, record.error) == (502, "upstream_foreign")
    assert b"html" not in bench.sink.body
    assert record.attempts[0].hint is not None


async def test_a_json_error_in_place_of_a_stream_is_read() -> None:
    error = {"error": {"message": "too fast", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}
    bench = lab(*[json_reply(error) for _ in range(3)])
    assert (await bench.ask({"stream": True})).error == "rate_limit"


async def test_silence_before_the_first_event_moves_on() -> None:
    quick = Timeouts(first_token=0.01)
    of: Snapshot = snapshot(route("chat", target(provider("one", timeouts=quick)), target(provider("two"))))
    silent, second = stream_reply(chunk(""), end=None), stream_reply(chunk("Hi"), chunk(finish="stop"), DONE)
    bench = lab(silent, second, of=of)
    record = await bench.ask({"stream": True})
    assert [attempt.error for attempt in record.attempts] == ["first_token_timeout", None]
    assert silent.cancelled


def test_only_a_few_of_the_provider_s_headers_reach_the_client() -> None:
    reply = json_reply(
        None, 200, Retry_After="1", X_RateLimit_Remaining="5", anthropic_ratelimit_x="6", request_id="up", set_cookie="no",
        server="no", x_api_key="no",
    )  # fmt: skip
    assert upstream_fields(reply) == [
        (b"retry-after", b"1"),
        (b"x-ratelimit-remaining", b"5"),
        (b"anthropic-ratelimit-x", b"6"),
        (b"x-upstream-request-id", b"up"),
    ]
