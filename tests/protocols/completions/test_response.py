from __future__ import annotations

import json

from plexus.canonical.content import Reasoning, Refusal, Text
from plexus.canonical.events import (
    BlockEnd,
    BlockStart,
    FinishSeen,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.canonical.usage import usage
from plexus.protocols.completions.response import encode_response, stream_encoder
from plexus.protocols.sse import split_events

STOP = Finish(reason=FinishReason.STOP)
COUNTS = usage(input=3, output=4)


def request(*, with_usage: bool) -> GenerateRequest:
    return GenerateRequest(origin="x", model="m", messages=(), stream_usage=with_usage)


def test_texts_are_joined_and_thoughts_are_lost() -> None:
    blocks = (Reasoning(text="Hm"), Text(text="Hello"), Text(text=" you"), Refusal(text="!"))
    candidates = (Candidate(index=0, blocks=blocks, finish=STOP), Candidate(index=1, blocks=(Text(text="Hi"),)))
    response = GenerateResponse(origin="x", id="i", model="r", created=7, candidates=candidates, usage=COUNTS)
    raw, losses = encode_response(response, request(with_usage=True))
    reply = json.loads(raw)
    assert {name: reply[name] for name in ("id", "object", "created", "model")} == {
        "id": "i", "object": "text_completion", "created": 7, "model": "r",
    }  # fmt: skip
    assert [(one["index"], one["text"]) for one in reply["choices"]] == [(0, "Hello you!"), (1, "Hi")]
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert (reply["usage"]["prompt_tokens"], reply["usage"]["completion_tokens"]) == (3, 4)
    assert [(loss.path, loss.reason) for loss in losses] == [("choices[0].reasoning", "unsupported")]


EVENTS: list[StreamEvent] = [
    ReplyStart(id="i", model="r", created=7),
    BlockStart(0, Reasoning()),
    TextDelta(0, "Hm"),
    BlockEnd(0),
    BlockStart(1, Text(text="He")),
    TextDelta(1, "llo"),
    BlockEnd(1),
    FinishSeen(STOP),
    UsageSeen(COUNTS),
    ReplyEnd(),
]


def test_a_stream_says_text_finish_usage_where_asked_for_and_the_end() -> None:
    for with_usage in (True, False):
        encoder = stream_encoder(request(with_usage=with_usage))
        frames = split_events(b"".join(encoder.encode(event) for event in EVENTS))
        assert frames[-1].data == b"[DONE]"
        chunks = [json.loads(frame.data) for frame in frames[:-1]]
        assert all((one["id"], one["object"], one["model"]) == ("i", "text_completion", "r") for one in chunks)
        said = [(one["choices"][0]["text"], one["choices"][0]["finish_reason"]) for one in chunks if one["choices"]]
        assert said == [("He", None), ("llo", None), ("", "stop")]
        counts = [one["usage"]["total_tokens"] for one in chunks if not one["choices"]]
        assert counts == ([7] if with_usage else [])
        assert [loss.path for loss in encoder.losses] == ["choices[0].reasoning"]
