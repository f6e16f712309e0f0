from __future__ import annotations

import msgspec
import pytest

from plexus.canonical.content import Audio, Citation, InlineData, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    Failure,
    FinishSeen,
    Fold,
    LogprobsSeen,
    PartBreak,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
    fold,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import Usage

STATE = ReasoningState(protocol="p", value="sig")
CITATION = Citation(origin="p", kind="url_citation", url="u")


def test_every_kind_of_block_is_folded_from_its_deltas() -> None:
    events: list[StreamEvent] = [
        ReplyStart(id="r", model="m", created=1, usage=Usage(input=3)),
        BlockStart(0, Reasoning(summary=True)),
        TextDelta(0, "one"),
        PartBreak(0),
        TextDelta(0, "two"),
        StateDelta(0, STATE),
        BlockEnd(0),
        BlockStart(1, Text(text="")),
        TextDelta(1, "he"),
        BlockStart(2, ToolCall(id="c", name="f", arguments="")),
        ArgumentsDelta(2, '{"a"'),
        TextDelta(1, "llo"),
        CitationDelta(1, CITATION),
        BlockEnd(1),
        ArgumentsDelta(2, ":1}"),
        BlockEnd(2),
        BlockStart(3, Refusal(text="")),
        TextDelta(3, "no"),
        BlockEnd(3),
        BlockStart(4, Audio(source=InlineData("audio/mp3", ""))),
        AudioDelta(index=4, base64="QQ", id="a1", expires_at=9),
        AudioDelta(index=4, base64="==", transcript="A"),
        BlockEnd(4),
        UsageSeen(Usage(input=3, output=1)),
        UsageSeen(Usage(input=3, output=2)),
        FinishSeen(Finish(reason=FinishReason.STOP)),
        ReplyEnd(service_tier="flex"),
    ]
    reply = fold(events, "p")
    assert (reply.id, reply.model, reply.service_tier, reply.usage) == ("r", "m", "flex", Usage(input=3, output=2))
    (candidate,) = reply.candidates
    assert candidate.finish == Finish(reason=FinishReason.STOP)
    assert candidate.blocks == (
        Reasoning(text="onetwo", parts=("one", "two"), summary=True, state=STATE),
        Text(text="hello", citations=(CITATION,)),
        ToolCall(id="c", name="f", arguments='{"a":1}'),
        Refusal(text="no"),
        Audio(source=InlineData("audio/mp3", "QQ=="), id="a1", transcript="A", expires_at=9),
    )


def test_candidates_are_kept_apart() -> None:
    events: list[StreamEvent] = [
        ReplyStart(id="r", model="m"),
        BlockStart(0, Text(text=""), 1),
        BlockStart(0, Text(text=""), 0),
        TextDelta(0, "b", 1),
        TextDelta(0, "a", 0),
        FinishSeen(Finish(reason=FinishReason.LENGTH), 1),
    ]
    first, second = fold(events, "p").candidates
    assert (first.blocks, first.finish) == ((Text(text="a"),), None)
    assert second.blocks == (Text(text="b"),)
    assert second.finish is not None


def test_logprobs_of_chunks_are_joined() -> None:
    pieces = [b'{"content":[1],"refusal":null}', b'{"content":[2,3]}']
    reply = fold([LogprobsSeen(msgspec.Raw(piece)) for piece in pieces], "p")
    logprobs = reply.candidates[0].logprobs
    assert logprobs is not None
    assert msgspec.json.decode(logprobs) == {"content": [1, 2, 3], "refusal": None}


def test_a_failure_is_raised() -> None:
    with pytest.raises(ProviderError):
        fold([Failure(ProviderError(ErrorKind.OVERLOADED, "busy"))], "p")


def test_deltas_of_closed_and_unknown_blocks_are_refused() -> None:
    folded = Fold("p")
    folded.add(BlockStart(0, Text(text="")))
    folded.add(BlockEnd(0))
    for index in (0, 1):
        with pytest.raises(KeyError):
            folded.add(TextDelta(index, "x"))


def test_log_probabilities_of_another_form_are_passed_over() -> None:
    pieces = [b'{"content":[1]}', b'"x"', b'{"content":7}', b'{"content":[2],"refusal":null}', b"[" * 100_000]
    folded = Fold("x")
    for piece in pieces:
        folded.add(LogprobsSeen(msgspec.Raw(piece)))
    logprobs = folded.response().candidates[0].logprobs
    assert logprobs is not None
    assert bytes(logprobs) == b'{"content":[1,2],"refusal":null}'
