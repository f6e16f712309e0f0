"""Writing a streamed reply for a client: events to chunks, exactly in OpenAI's shape."""

from __future__ import annotations

import time

import msgspec

from plexus.canonical.content import Audio, Block, Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    OpaqueEvent,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.usage import Usage
from plexus.protocols.openai_chat import tool_call_id
from plexus.protocols.openai_chat.content import encode_annotation, reasoning_details
from plexus.protocols.openai_chat.response import word_of
from plexus.protocols.openai_chat.usage import encode_usage

_encode = msgspec.json.Encoder().encode
END = b"data: [DONE]\n\n"
TEXT_END = b'},"logprobs":null,"finish_reason":null}]'
FIELDS: dict[type, str] = {Text: "content", Refusal: "refusal", Reasoning: "reasoning_content"}
"""The delta's member for each kind of text."""


def stream_encoder(request: GenerateRequest) -> ChatStreamEncoder:
    """An encoder for one reply to ``request``."""
    return ChatStreamEncoder(with_usage=request.stream_usage)


class ChatStreamEncoder:
    """See ``protocols.codec.StreamEncoder``. A text delta is two constant halves around its JSON string."""

    def __init__(self, *, with_usage: bool) -> None:
        self.losses = Losses()
        self._with_usage = with_usage
        self._head = b""
        self._tail = b""
        self._usage: Usage | None = None
        self._kinds: dict[tuple[int, int], bytes] = {}
        """(candidate, block) -> the delta's member for its text."""
        self._calls: dict[tuple[int, int], int] = {}
        """(candidate, block) -> the call's index on the wire."""
        self._counts: dict[int, int] = {}
        """Calls so far, by candidate."""
        self._states: dict[int, str] = {}
        """Sealed state of the latest thought, by candidate, for the id of the next call."""
        self._thoughts: dict[tuple[int, int], list[str]] = {}
        """(candidate, block) -> the text of a thought so far: its signature is told together with all of it."""
        self._customs: set[tuple[int, int]] = set()
        self._roles: set[int] = set()

    def encode(self, event: StreamEvent) -> bytes:
        """The chunk of one event; b"" where Chat says nothing."""
        if type(event) is TextDelta:
            member = self._kinds.get((event.candidate, event.index))
            if member is None:
                return b""
            if self._thoughts and (thought := self._thoughts.get((event.candidate, event.index))) is not None:
                thought.append(event.text)
            return b"%b%d%b%b%b%b" % (
                self._head, event.candidate, member, _encode(event.text), TEXT_END, self._tail,
            )  # fmt: skip
        return self._rare(event)

    def _rare(self, event: StreamEvent) -> bytes:  # noqa: C901 - one arm per kind of event
        match event:
            case ArgumentsDelta(index, text, candidate):
                return self._arguments(candidate, index, text)
            case BlockStart(index, block, candidate):
                return self._role(candidate) + self._start(candidate, index, block)
            case StateDelta(index, state, candidate):
                text = "".join(self._thoughts.get((candidate, index), ()))
                return self._state(candidate, Reasoning(text=text, state=state))
            case FinishSeen(finish, candidate):
                return self._role(candidate) + self._chunk(candidate, {}, finish=word_of(finish))
            case ReplyStart():
                return self._reply_start(event)
            case UsageSeen(usage):
                self._usage = usage
                return b""
            case ReplyEnd():
                return self._end()
            case CitationDelta(_, citation, candidate):
                annotation = encode_annotation(citation)
                if annotation is None:
                    self.losses.add("citations", "unsupported")
                    return b""
                return self._chunk(candidate, {"annotations": [annotation]})
            case AudioDelta():
                return self._audio(event)
            case LogprobsSeen(logprobs, candidate):
                return self._chunk(candidate, {}, logprobs=logprobs)
            case BlockEnd(block=Reasoning() as block, candidate=candidate):
                return self._state(candidate, block) if block.state is not None else b""
            case OpaqueEvent(kind=kind):
                self.losses.add(kind, "unsupported")
                return b""
            case _:
                return b""

    def _reply_start(self, event: ReplyStart) -> bytes:
        created = event.created if event.created is not None else int(time.time())
        head = {"id": event.id, "object": "chat.completion.chunk", "created": created, "model": event.model}
        if event.service_tier is not None:
            head["service_tier"] = event.service_tier
        self._head = b"data: " + _encode(head)[:-1] + b',"choices":[{"index":'
        self._tail = b',"usage":null}\n\n' if self._with_usage else b"}\n\n"
        self._usage = event.usage
        return self._role(0)

    def _role(self, candidate: int) -> bytes:
        """Each choice begins with a chunk that names its role."""
        if candidate in self._roles:
            return b""
        if not self._head:
            return self._reply_start(ReplyStart(id="", model="")) if candidate == 0 else b""
        self._roles.add(candidate)
        return self._chunk(candidate, {"role": "assistant", "content": "", "refusal": None})

    def _chunk(
        self,
        candidate: int,
        delta: dict[str, object],
        *,
        finish: str | None = None,
        logprobs: msgspec.Raw | None = None,
    ) -> bytes:
        return b"%b%d%b%b%b%b%b%b%b" % (
            self._head, candidate, b',"delta":', _encode(delta), b',"logprobs":', _encode(logprobs), b',"finish_reason":',
            _encode(finish), b"}]" + self._tail,
        )  # fmt: skip

    def _start(self, candidate: int, index: int, block: Block) -> bytes:
        field = FIELDS.get(type(block))
        if field is not None:
            self._kinds[candidate, index] = b',"delta":{"%b":' % field.encode()
        match block:
            case Text() | Refusal():
                out = self.encode(TextDelta(index, block.text, candidate)) if block.text else b""
                for citation in getattr(block, "citations", ()):
                    out += self.encode(CitationDelta(index, citation, candidate))
                return out
            case Reasoning():
                self._thoughts[candidate, index] = []
                out = self.encode(TextDelta(index, block.text, candidate)) if block.text else b""
                return out + (self._state(candidate, block) if block.state is not None else b"")
            case ToolCall():
                return self._call(candidate, index, block)
            case Audio():
                return b""
            case Opaque():
                self.losses.add(block.kind, "unsupported")
                return b""
            case _:
                self.losses.add(type(block).__name__.lower(), "unsupported")
                return b""

    def _state(self, candidate: int, block: Reasoning) -> bytes:
        """The state of a thought, in OpenRouter's shape. A client that sends back these details alone has all of it."""
        details = reasoning_details(block)
        if not details or block.state is None:
            return b""
        self._states[candidate] = block.state.value
        return self._chunk(candidate, {"reasoning_details": details})

    def _call(self, candidate: int, index: int, block: ToolCall) -> bytes:
        number = self._calls[candidate, index] = self._counts.get(candidate, 0)
        self._counts[candidate] = number + 1
        state = self._states.pop(candidate, None) or (block.state.value if block.state is not None else None)
        call_id = tool_call_id.attach(block.id, state)
        if block.custom:
            self._customs.add((candidate, index))
            body: dict[str, object] = {"type": "custom", "custom": {"name": block.name, "input": block.arguments}}
        else:
            body = {"type": "function", "function": {"name": block.name, "arguments": block.arguments}}
        return self._chunk(candidate, {"tool_calls": [{"index": number, "id": call_id, **body}]})

    def _arguments(self, candidate: int, index: int, text: str) -> bytes:
        number = self._calls.get((candidate, index))
        if number is None:
            return b""
        if (candidate, index) in self._customs:
            return self._chunk(candidate, {"tool_calls": [{"index": number, "custom": {"input": text}}]})
        return b"%b%d%b%d%b%b%b%b" % (
            self._head, candidate, b',"delta":{"tool_calls":[{"index":', number, b',"function":{"arguments":', _encode(text),
            b'}}]},"logprobs":null,"finish_reason":null}]', self._tail,
        )  # fmt: skip

    def _audio(self, event: AudioDelta) -> bytes:
        members = {
            "id": event.id,
            "data": event.base64 or None,
            "transcript": event.transcript or None,
            "expires_at": event.expires_at,
        }
        return self._chunk(
            event.candidate, {"audio": {name: value for name, value in members.items() if value is not None}}
        )

    def _end(self) -> bytes:
        if not self._with_usage or not self._head:
            return END
        counts = encode_usage(self._usage) if self._usage is not None else None
        head = self._head.removesuffix(b'[{"index":')
        return head + b'[],"usage":' + _encode(counts) + b"}\n\n" + END
