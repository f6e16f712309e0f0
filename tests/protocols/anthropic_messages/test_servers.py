"""What real Messages servers do beyond the specification."""

from __future__ import annotations

import json
from typing import Any

from tests.protocols.properties import decode_stream, meaning
from tests.recordings import recordings

from plexus.canonical.events import Failure, FinishSeen, ReplyEnd, TextDelta, fold
from plexus.canonical.response import FinishReason
from plexus.exchange.carrier import PassCarrier
from plexus.protocols.anthropic_messages import CODEC


def frame(padding: int = 0, **data: Any) -> bytes:
    """One event; Anthropic pads its JSON with spaces, before the last brace and behind it."""
    text = json.dumps(data)
    return f"event: {data['type']}\ndata: {text[:-1]}{' ' * padding}{text[-1]}{' ' * padding}\n\n".encode()


def reply(padding: int) -> list[bytes]:
    usage = {"input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 1}
    message = {"id": "msg_1", "role": "assistant", "model": "m", "content": [], "usage": usage}
    return [
        frame(padding, type="message_start", message=message),
        frame(padding, type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
        frame(padding, type="content_block_delta", index=0, delta={"type": "text_delta", "text": "Hello"}),
        frame(padding, type="content_block_stop", index=0),
        frame(padding, type="message_delta", delta={"stop_reason": "end_turn"}, usage={**usage, "output_tokens": 9}),
        frame(padding, type="message_stop"),
    ]


def test_padding_changes_nothing_and_repeated_counts_are_not_added_up() -> None:
    for padding in (0, 11):
        frames = reply(padding)
        response = fold(decode_stream(CODEC, frames), "anthropic_messages")
        assert meaning(response)[1:] == ["Hello", [], FinishReason.STOP, (120, 100, 9)]
        carrier = PassCarrier(CODEC, CODEC.default_dialect, withholds=False)
        assert b"".join([*(carrier.take(each) for each in frames), carrier.close()]) == b"".join(frames)
        assert carrier.usage is not None
        assert (carrier.usage.input, carrier.usage.cached_input, carrier.usage.output) == (120, 100, 9)


def test_an_error_in_mid_stream_is_never_a_finish() -> None:
    (recorded,) = [each for each in recordings("anthropic.messages") if each.id.startswith("quirk.")]
    assert recorded.sse is not None
    events = decode_stream(CODEC, [recorded.sse])
    assert any(isinstance(event, TextDelta) for event in events)
    assert isinstance(events[-1], Failure)
    assert not any(isinstance(event, FinishSeen | ReplyEnd) for event in events)
    carrier = PassCarrier(CODEC, CODEC.default_dialect, withholds=False)
    carrier.take(recorded.sse)
    assert carrier.failure is not None
    assert (carrier.failure.status, carrier.ended) == (529, False)
