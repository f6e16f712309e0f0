"""What a client has been sent of one choice, and of one block of it: the frames of their pieces.

A frame is built from bytes that are known beforehand; only the text itself is encoded per chunk.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    Url,
)
from plexus.canonical.events import AudioDelta
from plexus.canonical.losses import Losses
from plexus.protocols.openai_chat.citations import write_citation
from plexus.protocols.openai_chat.members import PROTOCOL
from plexus.protocols.openai_chat.reasoning import DETAIL, DETAILS, ON_CONTENT, STRINGS, state_entry, write_detail
from plexus.protocols.openai_chat.reply import (
    THOUGHTS,
    IdWriter,
    is_sealed,
    note_foreign,
    write_audio,
    write_image,
    write_reply_call,
)

_ENCODE = msgspec.json.Encoder().encode


class WrittenChoice:
    """One choice. ``head`` and ``tail`` are the bytes of a chunk around its choices."""

    __slots__ = (
        "_after",
        "_before",
        "_details",
        "_role",
        "called",
        "calls",
        "finished",
        "ids",
        "images",
        "legacy",
        "losses",
        "said",
    )  # fmt: skip

    def __init__(self, index: int, head: bytes, tail: bytes, losses: Losses, *, legacy: bool) -> None:
        self._before = b'data: %b{"index":%d,"delta":' % (head, index)
        self._after = tail
        self._role = True
        self._details = 0
        self.ids = IdWriter()
        self.losses = losses
        self.legacy = legacy
        """The next call goes out as ``function_call``."""
        self.said = 0
        """Characters of text so far: where citations stand."""
        self.calls = 0
        self.called = False
        self.images = 0
        self.finished = False

    def take_role(self, extras: bytes = b"") -> bytes:
        """The first chunk, once. ``extras`` are further members of the chunk, as JSON without braces."""
        if not self._role:
            return b""
        self._role = False
        frame = self.delta(b'{"role":"assistant","content":"","refusal":null}')
        return frame[:-3] + b"," + extras + frame[-3:] if extras else frame

    def delta(self, delta: bytes) -> bytes:
        """One chunk."""
        return self._before + delta + b',"logprobs":null,"finish_reason":null}' + self._after

    def around(self, opening: bytes, closing: bytes) -> tuple[bytes, bytes]:
        """The bytes before and after a text within a delta."""
        return (
            self._before + opening,
            closing + b',"logprobs":null,"finish_reason":null}' + self._after,
        )

    def detail(self, entry: dict[str, object]) -> bytes:
        """One entry of ``reasoning_details``, numbered."""
        entry["index"] = self._details
        self._details += 1
        return self.delta(_ENCODE({DETAILS: [entry]}))

    def logprobs(self, raw: msgspec.Raw) -> bytes:
        """Log probabilities of what was said."""
        return self._before + b'{},"logprobs":' + bytes(raw) + b',"finish_reason":null}' + self._after

    def finish(self, word: str) -> bytes:
        """The last chunk, once."""
        if self.finished:
            return b""
        self.finished = True
        return self._before + b'{},"logprobs":null,"finish_reason":' + _ENCODE(word) + b"}" + self._after


class WrittenBlock:
    """One open block of a choice."""

    __slots__ = ("_after", "_before", "_block", "_choice", "_since", "_texts", "cited", "state")

    def __init__(self, choice: WrittenChoice, block: Block) -> None:
        self._choice = choice
        self._block = block
        self._before: bytes | None = None
        self._after = b""
        self._texts: list[str] | None = None
        """The thoughts so far: an entry with their signature repeats them."""
        self._since = choice.said
        self.cited = 0
        self.state: ReasoningState | None = getattr(block, "state", None)

    def start(self, path: str) -> bytes:
        """The frames with which the block begins."""
        block, choice = self._block, self._choice
        match block:
            case Text():
                note_foreign(block, path, choice.losses)
                self._before, self._after = choice.around(b'{"content":', b"}")
                first = self.more(block.text) if block.text else b""
                return first + b"".join(self.cite(citation) for citation in block.citations)
            case Refusal():
                self._before, self._after = choice.around(b'{"refusal":', b"}")
                return self.more(block.text) if block.text else b""
            case Reasoning():
                return self._think(block, path)
            case ToolCall():
                note_foreign(block, path, choice.losses)
                return self._call(block)
            case Audio():
                return choice.delta(_ENCODE({"audio": write_audio(block)})) if block.source or block.transcript else b""
            case Image(source=InlineData() | Url() as source):
                choice.images += 1
                return choice.delta(_ENCODE({"images": [write_image(source, choice.images - 1)]}))
            case Opaque(origin=origin, kind=kind, raw=raw) if origin == PROTOCOL and kind.startswith(DETAIL):
                return choice.delta(_ENCODE({DETAILS: [raw]}))
            case _:
                choice.losses.add(path, "unsupported")
                return b""

    def _think(self, block: Reasoning, path: str) -> bytes:
        note_foreign(block, path, self._choice.losses)
        self._texts = []
        slots = block.slot.split() if block.slot else []
        field = next((slot for slot in slots if slot in STRINGS), THOUGHTS)
        self._before, self._after = self._choice.around(b'{"%b":' % field.encode(), b"}")
        return self.more(block.text) if block.text else b""

    def _call(self, block: ToolCall) -> bytes:
        choice = self._choice
        choice.called = True
        if choice.legacy:
            choice.legacy = False
            self._before, self._after = choice.around(b'{"function_call":{"arguments":', b"}}")
            return choice.delta(_ENCODE({"function_call": {"name": block.name, "arguments": block.arguments}}))
        number = choice.calls
        choice.calls += 1
        kind, field = (b"custom", b"input") if block.custom else (b"function", b"arguments")
        self._before, self._after = choice.around(
            b'{"tool_calls":[{"index":%d,"%b":{"%b":' % (number, kind, field), b"}}]}"
        )
        call = write_reply_call(block, choice.ids.call(block))
        return choice.delta(_ENCODE({"tool_calls": [{"index": number, **call}]}))

    def more(self, text: str) -> bytes:
        """One more piece of text or arguments."""
        if self._before is None:
            return b""
        if self._texts is not None:
            self._texts.append(text)
        elif type(self._block) is Text:
            self._choice.said += len(text)
        return self._before + _ENCODE(text) + self._after

    def cite(self, citation: Citation) -> bytes:
        """One annotation."""
        self.cited += 1
        annotation = write_citation(citation, self._since, self._choice.said)
        if annotation is None:
            self._choice.losses.add("content.citations", "unsupported")
            return b""
        return self._choice.delta(_ENCODE({"annotations": [annotation]}))

    def sound(self, event: AudioDelta) -> bytes:
        """A piece of sound or transcript."""
        members = {
            "id": event.id,
            "data": event.base64 or None,
            "transcript": event.transcript or None,
            "expires_at": event.expires_at,
        }
        audio = {name: value for name, value in members.items() if value is not None}
        return self._choice.delta(_ENCODE({"audio": audio})) if audio else b""

    def end(self, whole: Block | None) -> bytes:
        """The block is complete: its state follows. ``whole`` is what the provider repeated, where it did."""
        state = self.state or getattr(whole, "state", None)
        block, choice = self._block, self._choice
        if state is None:
            return b""
        if isinstance(block, Reasoning):
            thought = msgspec.structs.replace(block, text="".join(self._texts or ()), state=state)
            choice.ids.thought(thought)
            return choice.detail(write_detail(thought, 0))
        if not is_sealed(state):
            return b""
        owner = block.id if isinstance(block, ToolCall) else ON_CONTENT
        return choice.detail(state_entry(owner, state.value, 0))
