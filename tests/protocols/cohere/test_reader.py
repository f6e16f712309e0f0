from __future__ import annotations

import pytest
from tests.protocols.making import raw, value

from plexus.canonical.content import Reasoning, Text, ToolCall
from plexus.canonical.events import StreamEvent, fold
from plexus.canonical.response import FinishReason, GenerateResponse
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.cohere.reader import Reader, finish_of
from plexus.protocols.cohere.wire import Call, Content, Function, Logprob
from plexus.protocols.members import ABSENT

F = FinishReason


@pytest.mark.parametrize(("word", "called", "reason"), [
    ("COMPLETE", False, F.STOP), ("COMPLETE", True, F.TOOL_CALLS), ("STOP_SEQUENCE", False, F.STOP_SEQUENCE),
    ("MAX_TOKENS", True, F.LENGTH), ("TOOL_CALL", False, F.TOOL_CALLS), ("USER_CANCEL", False, F.OTHER), (None, False, F.STOP),
    (None, True, F.TOOL_CALLS),
])  # fmt: skip
def test_why_it_ended(word: str | None, called: bool, reason: FinishReason) -> None:
    finish = finish_of(word, called=called)
    assert (finish.reason, finish.raw, finish.inferred) == (reason, word, word is None)


class Reading:
    """A reader and what it has said."""

    def __init__(self) -> None:
        self.reader = Reader(CohereDialect())
        self.out: list[StreamEvent] = []
        self.reader.start("r", self.out)

    def call(self, index: int, name: str, *arguments: str, call_id: str | None = None) -> None:
        self.reader.call(index, Call(id=call_id, function=Function(name=name)), self.out)
        for text in arguments:
            self.reader.arguments(index, Call(function=Function(arguments=text)), self.out)

    def end(self) -> GenerateResponse:
        self.reader.end("COMPLETE", ABSENT, self.out)
        return fold(self.out, "cohere")


def test_a_plan_a_thought_and_a_text_are_three_blocks() -> None:
    reading = Reading()
    reading.reader.plan("a", reading.out)
    reading.reader.plan("b", reading.out)
    for index, piece in (
        (0, Content(thinking="c")),
        (1, Content(text="d")),
        (1, Content(text="e")),
        (2, Content(text="f")),
    ):
        reading.reader.content(index, piece, reading.out)
    reading.reader.content(3, Content(text=""), reading.out)
    blocks = reading.end().candidates[0].blocks
    assert [(type(block), block.text) for block in blocks if isinstance(block, Reasoning | Text)] == [
        (Reasoning, "ab"), (Reasoning, "c"), (Text, "de"), (Text, "f"),
    ]  # fmt: skip


@pytest.mark.parametrize(("arguments", "found"), [
    (("null",), ""), ((), ""), (('{"a"', ":1}"), '{"a":1}'), (("null", "x"), "nullx"), (("{", "null"), "{null"),
])  # fmt: skip
def test_arguments(arguments: tuple[str, ...], found: str) -> None:
    reading = Reading()
    reading.call(0, "f", *arguments)
    (call,) = reading.end().candidates[0].blocks
    assert isinstance(call, ToolCall)
    assert call.arguments == found


def test_calls_lie_beside_each_other_and_have_an_id_each() -> None:
    reading = Reading()
    reading.call(0, "f")
    reading.call(1, "g", "{}")
    reading.reader.arguments(0, Call(function=Function(arguments="[]")), reading.out)
    reading.reader.end_call(0, reading.out)
    reading.reader.arguments(0, Call(function=Function(arguments="late")), reading.out)
    reading.call(1, "h", call_id="own")
    response = reading.end()
    calls = [block for block in response.candidates[0].blocks if isinstance(block, ToolCall)]
    assert [(call.id, call.name, call.arguments) for call in calls] == [
        ("call_r_0", "f", "[]"), ("call_r_1", "g", "{}"), ("own", "h", ""),
    ]  # fmt: skip
    assert response.candidates[0].finish is not None
    assert response.candidates[0].finish.reason is F.TOOL_CALLS


def test_a_citation_of_what_is_over_is_kept_beside_the_reply() -> None:
    reading = Reading()
    cited = raw({"start": 0, "end": 1})
    reading.reader.cite(cited, reading.out)
    reading.reader.content(0, Content(text="d"), reading.out)
    reading.reader.cite(cited, reading.out)
    reading.reader.cite(raw({"type": "PLAN"}), reading.out)
    reading.call(0, "f")
    reading.reader.cite(cited, reading.out)
    response = reading.end()
    text = response.candidates[0].blocks[0]
    assert isinstance(text, Text)
    assert len(text.citations) == 1
    assert response.extras is not None
    assert value(response.extras.members["message.citations"]) == [value(cited), {"type": "PLAN"}, value(cited)]


def test_log_probabilities_are_said_for_pieces_of_text() -> None:
    reading = Reading()
    reading.reader.logprobs([Logprob(text="ä", logprobs=[-0.5, -0.25]), Logprob(logprobs=[1])], reading.out)
    reading.reader.logprobs([Logprob(text="b")], reading.out)
    reading.reader.logprobs([], reading.out)
    assert value(reading.end().candidates[0].logprobs) == {
        "content": [
            {"token": "ä", "logprob": -0.75, "bytes": [195, 164], "top_logprobs": []},
            {"token": "b", "logprob": 0, "bytes": [98], "top_logprobs": []},
        ]
    }
