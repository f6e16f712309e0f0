from __future__ import annotations

import pytest
from tests.protocols.anthropic_messages.making import raw

from plexus.canonical.content import Refusal, Text, ToolCall
from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.anthropic_messages.finish import decode_finish, encode_finish, holds_call, holds_refusal
from plexus.protocols.anthropic_messages.members import Members

WORDS = {
    "end_turn": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "stop_sequence": FinishReason.STOP_SEQUENCE,
    "tool_use": FinishReason.TOOL_CALLS,
    "pause_turn": FinishReason.PAUSE,
    "refusal": FinishReason.REFUSAL,
    "model_context_window_exceeded": FinishReason.CONTEXT_LENGTH,
    "a_new_word": FinishReason.OTHER,
}


@pytest.mark.parametrize(("word", "reason"), WORDS.items())
def test_every_word_survives_its_own_protocol(word: str, reason: FinishReason) -> None:
    wire = {"stop_reason": word, "stop_sequence": "END", "stop_details": {"type": "refusal", "category": "cyber"}}
    finish = decode_finish(Members(raw(wire), ""))
    assert finish is not None
    assert finish.reason is reason
    written = encode_finish(finish, called=True, refused=True)
    assert written["stop_reason"] == word
    assert written["stop_sequence"] == "END"
    assert written["stop_details"] == raw(wire["stop_details"])


def test_no_reason_is_no_finish() -> None:
    assert decode_finish(Members(raw({"stop_reason": None, "stop_sequence": None}), "")) is None


@pytest.mark.parametrize("reason", FinishReason)
def test_every_reason_of_others_has_a_word(reason: FinishReason) -> None:
    written = encode_finish(Finish(reason=reason, origin="openai_chat", raw="x"), called=False, refused=False)
    assert written["stop_reason"] in WORDS
    assert written["stop_sequence"] is None


@pytest.mark.parametrize(
    ("finish", "called", "refused", "word"),
    [
        (None, False, False, "end_turn"),
        (None, True, False, "tool_use"),
        (Finish(reason=FinishReason.STOP), True, False, "tool_use"),
        (Finish(reason=FinishReason.STOP), False, True, "refusal"),
        (Finish(reason=FinishReason.CONTENT_FILTER), False, False, "refusal"),
        (Finish(reason=FinishReason.LENGTH), True, False, "max_tokens"),
    ],
)
def test_a_plain_stop_behind_a_call_or_a_refusal_says_so(
    finish: Finish | None, called: bool, refused: bool, word: str
) -> None:
    assert encode_finish(finish, called=called, refused=refused)["stop_reason"] == word


def test_calls_and_refusals_are_seen() -> None:
    call = ToolCall(id="a", name="b", arguments="{}")
    assert holds_call([Text(text="x"), call])
    assert not holds_call([Text(text="x")])
    assert holds_refusal([Refusal(text="no")])
    assert not holds_refusal([call])
