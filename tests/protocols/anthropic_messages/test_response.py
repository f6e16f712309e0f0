from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema
from tests.protocols.making import raw, wish

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Extras,
    Image,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    Url,
)
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.canonical.usage import usage
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.anthropic_messages.response import FINISHES, finish_of, word_of

OWN, OTHER = "anthropic_messages", "openai_chat"


def encoded(*blocks: Block, **members: Any) -> tuple[dict[str, Any], list[str]]:
    finish = members.pop("finish", Finish(reason=FinishReason.STOP))
    candidate = Candidate(blocks=blocks, finish=finish, **members.pop("candidate", {}))
    members.setdefault("candidates", (candidate,))
    response = GenerateResponse(origin=members.pop("origin", OTHER), id="r1", model="m", **members)
    body, losses = CODEC.encode_response(response, wish(OWN))
    return json.loads(body), [f"{loss.path} {loss.reason}" for loss in losses]


def test_a_whole_reply_is_a_message_of_anthropics() -> None:
    body, losses = encoded(
        Reasoning(text="hm", state=ReasoningState(OWN, "plx1.x")),
        Text(text="a"),
        ToolCall(id="call:1", name="f", arguments='{"x":1}'),
        usage=usage(input=10, cached_input=4, output=3),
        finish=Finish(reason=FinishReason.TOOL_CALLS),
    )
    specs_schema.anthropic("Message").validate(body)
    assert losses == []
    assert [block["type"] for block in body["content"]] == ["thinking", "text", "tool_use"]
    assert (body["id"], body["model"], body["stop_reason"]) == ("r1", "m", "tool_use")
    assert body["content"][2]["id"] == "call_1"
    assert (body["usage"]["input_tokens"], body["usage"]["cache_read_input_tokens"]) == (6, 4)


def test_nothing_at_all_is_still_a_message() -> None:
    body, losses = encoded(candidates=())
    assert (body["content"], body["stop_reason"], body["usage"]["output_tokens"]) == ([], "end_turn", 0)
    assert losses == []


@pytest.mark.parametrize(
    ("block", "wire", "losses"),
    [
        (Text(text=""), [], []),
        (Refusal(text="no"), [{"type": "text", "text": "no"}], []),
        (Audio(transcript="Hi"), [{"type": "text", "text": "Hi"}], ["content[0] approximated"]),
        (Audio(id="au"), [], ["content[0] unsupported"]),
        (Image(source=Url("https://a")), [], ["content[0] unsupported"]),
        (Opaque(origin=OTHER, kind="odd", raw=raw({})), [], ["content[0] unsupported"]),
        (Opaque(origin=OWN, kind="odd", raw=raw({"type": "odd"})), [{"type": "odd"}], []),
        (
            Text(text="a", citations=(Citation(origin=OTHER, kind="url_citation", url="u"),)),
            [{"type": "text", "text": "a"}],
            ["content[0].citations unsupported"],
        ),
        (
            ToolCall(id="a", name="f", arguments="{}", state=ReasoningState(OTHER, "S")),
            [{"type": "tool_use", "id": "a", "name": "f", "input": {}}],
            ["content[0].signature unsupported"],
        ),
        (
            ToolCall(id="a", name="f", arguments="{}", state=ReasoningState(OWN, "sealed")),
            [
                {"type": "redacted_thinking", "data": "sealed"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            ],
            [],
        ),
        (Reasoning(text="hm"), [{"type": "thinking", "thinking": "hm", "signature": ""}], []),
    ],
)
def test_every_block_that_a_reply_may_hold(block: Block, wire: list[Any], losses: list[str]) -> None:
    body, lost = encoded(block)
    assert body["content"] == wire
    assert lost == losses


def test_what_there_is_no_place_for() -> None:
    more = (Candidate(index=0), Candidate(index=1, blocks=(Text(text="b"),)))
    assert encoded(candidates=more)[1] == ["choices[1] unsupported"]
    assert encoded(candidate={"logprobs": raw({})})[1] == ["logprobs unsupported"]
    assert encoded(extras=Extras(OTHER, {"system_fingerprint": raw("x")}))[1] == ["system_fingerprint foreign"]


def test_the_providers_own_usage_goes_on_where_it_spoke_messages() -> None:
    counts = usage(input=1, output=2, raw='{"input_tokens":1,"output_tokens":2,"later":true}')
    assert encoded(origin=OWN, usage=counts)[0]["usage"] == {"input_tokens": 1, "output_tokens": 2, "later": True}
    assert "later" not in encoded(origin=OTHER, usage=counts)[0]["usage"]


@pytest.mark.parametrize(("word", "reason"), FINISHES.items())
def test_words_for_a_finish_go_both_ways(word: str, reason: FinishReason) -> None:
    assert finish_of(word).reason is reason
    assert word_of(finish_of(word)) == word
    assert word_of(Finish(reason=reason)) == word


@pytest.mark.parametrize(
    ("finish", "refused", "word"),
    [
        (None, False, "end_turn"),
        (None, True, "refusal"),
        (Finish(reason=FinishReason.STOP, origin=OTHER, raw="stop"), True, "refusal"),
        (Finish(reason=FinishReason.LENGTH, origin=OTHER, raw="length"), True, "max_tokens"),
        (Finish(reason=FinishReason.CONTENT_FILTER, origin=OTHER, raw="content_filter"), False, "refusal"),
        (Finish(reason=FinishReason.OTHER, origin=OTHER, raw="eos"), False, "end_turn"),
        (Finish(reason=FinishReason.OTHER, origin=OWN, raw="from_the_future"), False, "from_the_future"),
        (Finish(reason=FinishReason.STOP, origin=OWN, raw="end_turn"), True, "end_turn"),
    ],
)
def test_the_word_for_any_finish(finish: Finish | None, refused: bool, word: str) -> None:
    assert word_of(finish, refused=refused) == word


def test_the_stop_sequence_that_was_met() -> None:
    finish = Finish(reason=FinishReason.STOP_SEQUENCE, origin=OWN, raw="stop_sequence", stop_sequence="END")
    body, _ = encoded(Text(text="a"), finish=finish)
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "END")


# --- reading


def decoded(**members: Any) -> GenerateResponse:
    document = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": "end_turn",
    }
    return CODEC.decode_response(json.dumps({**document, **members}).encode(), CODEC.default_dialect)


def test_a_reply_is_read() -> None:
    response = decoded(
        content=[{"type": "text", "text": "a"}],
        stop_reason="stop_sequence",
        stop_sequence="END",
        usage={"input_tokens": 1, "output_tokens": 2},
        container={"id": "c"},
    )
    (candidate,) = response.candidates
    assert candidate.blocks == (Text(text="a"),)
    assert candidate.finish is not None
    assert (candidate.finish.reason, candidate.finish.stop_sequence) == (FinishReason.STOP_SEQUENCE, "END")
    assert response.usage is not None
    assert response.usage.total == 3
    assert response.extras is not None
    assert set(response.extras.members) == {"container"}


def test_content_as_a_bare_string_and_no_finish() -> None:
    (candidate,) = decoded(content="a", stop_reason=None, usage=None).candidates
    assert candidate.blocks == (Text(text="a"),)
    assert candidate.finish is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', ErrorKind.OVERLOADED),
        (b'{"content":[],"error":"m"}', ErrorKind.UPSTREAM_ERROR),
        (b'{"id":"x"}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"content":5}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"content":[{"type":"text"}]}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"content":[{}]}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"content":[],"stop_reason":5}', ErrorKind.UPSTREAM_MALFORMED),
        (b"[]", ErrorKind.UPSTREAM_MALFORMED),
        (b"<html>", ErrorKind.UPSTREAM_MALFORMED),
        (b"\xff", ErrorKind.UPSTREAM_MALFORMED),
        (b"", ErrorKind.UPSTREAM_MALFORMED),
    ],
)
def test_a_200_that_is_no_reply(body: bytes, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as failed:
        CODEC.decode_response(body, CODEC.default_dialect)
    assert failed.value.kind is kind
