"""An answer as events, in the order in which Anthropic sends them."""

from __future__ import annotations

from collections.abc import Iterator

from plexus.mock_provider.answer import Json, Part, Thinking, ToolCall
from plexus.mock_provider.frame import Frame, FrameKind
from plexus.mock_provider.messages.reply import FINISHES, block, opening, shown, signature_of, tool_use, usage_object
from plexus.mock_provider.saying import Saying, grouped
from plexus.mock_provider.tokens import compact, count, split_tokens

_PADDING = 7
"""Anthropic pads the JSON of deltas with spaces of no fixed number; ours go from none to this many less one."""


def events(saying: Saying) -> list[Frame]:
    """All events, the ping behind the first block's start included."""
    writer = _Writer(saying)
    frames = [writer.start()]
    answer = saying.answers[0]
    for index, part in enumerate(answer.parts):
        begun, *rest = writer.block(index, part)
        frames.append(begun)
        if index == 0:
            frames.append(ping())
        frames += rest
    delta: Json = {"stop_reason": FINISHES[answer.finish], "stop_sequence": answer.stop_sequence, "stop_details": None}
    frames.append(writer.frame("finish", "message_delta", delta=delta, usage=usage_object(saying.usage)))
    frames.append(writer.frame("done", "message_stop"))
    return frames


def ping() -> Frame:
    """A sign of life."""
    return Frame("opening", {"type": "ping"}, "ping")


class _Writer:
    """Counts the output while it writes."""

    def __init__(self, saying: Saying) -> None:
        self.saying = saying
        self.output = 0

    def frame(self, kind: FrameKind, name: str, **members: object) -> Frame:
        padding = (self.output * 3) % _PADDING if name == "content_block_delta" else 0
        return Frame(kind, {"type": name, **members}, name, output=self.output, padding=padding)

    def start(self) -> Frame:
        body = opening(self.saying, self.saying.ids.make("msg_01", 22))
        body["usage"] = usage_object(self.saying.usage, output=1)
        return self.frame("opening", "message_start", message=body)

    def block(self, index: int, part: Part) -> Iterator[Frame]:
        """Start, deltas and stop of one block."""
        yield self.frame("block", "content_block_start", index=index, content_block=self._opening(part))
        for delta, tokens in self._deltas(part):
            self.output += tokens
            yield self.frame("delta", "content_block_delta", index=index, delta=delta)
        yield self.frame("block", "content_block_stop", index=index)

    def _opening(self, part: Part) -> Json:
        if isinstance(part, ToolCall):
            return tool_use(part, self.saying.ids, {})
        whole = block(part, self.saying)
        if whole["type"] == "redacted_thinking":
            self.output += count(part.text)
            return whole
        return {name: value if name == "type" else "" for name, value in whole.items()}

    def _deltas(self, part: Part) -> Iterator[tuple[Json, int]]:
        size = self.saying.chunk
        if isinstance(part, ToolCall):
            yield {"type": "input_json_delta", "partial_json": ""}, count(part.name)
            for tokens in grouped(split_tokens(compact(part.arguments)), size):
                yield {"type": "input_json_delta", "partial_json": "".join(tokens)}, len(tokens)
        elif isinstance(part, Thinking):
            if part.redacted:
                return
            for tokens in grouped(split_tokens(shown(part, self.saying)), size):
                yield {"type": "thinking_delta", "thinking": "".join(tokens)}, len(tokens)
            yield {"type": "signature_delta", "signature": signature_of(part, self.saying)}, 0
        else:
            for tokens in grouped(split_tokens(part.text), size):
                yield {"type": "text_delta", "text": "".join(tokens)}, len(tokens)
