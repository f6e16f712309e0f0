"""Replies as one JSON body, both ways."""

from __future__ import annotations

import time

import msgspec

from plexus.canonical.content import Audio, Block, Extras, InlineData, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.protocols.members import Members, Object, own_members
from plexus.protocols.openai_chat import tool_call_id
from plexus.protocols.openai_chat.content import (
    PROTOCOL,
    THINKING_PART,
    THOUGHT_MEMBERS,
    decode_assistant,
    encode_annotation,
    reasoning_details,
)
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.errors import decode_error_body
from plexus.protocols.openai_chat.usage import decode_usage, encode_usage
from plexus.protocols.unreadable import UNREADABLE, as_utf8

F = FinishReason
FINISHES: dict[str, FinishReason] = {
    "stop": F.STOP,
    "length": F.LENGTH,
    "tool_calls": F.TOOL_CALLS,
    "function_call": F.TOOL_CALLS,
    "content_filter": F.CONTENT_FILTER,
    "eos": F.STOP,
    "end_turn": F.STOP,
    "max_tokens": F.LENGTH,
    "tool_use": F.TOOL_CALLS,
    "refusal": F.REFUSAL,
    "model_length": F.CONTEXT_LENGTH,
    "model_context_window_exceeded": F.CONTEXT_LENGTH,
}
WORDS: dict[FinishReason, str] = {
    F.STOP: "stop",
    F.STOP_SEQUENCE: "stop",
    F.LENGTH: "length",
    F.CONTEXT_LENGTH: "length",
    F.TOOL_CALLS: "tool_calls",
    F.CONTENT_FILTER: "content_filter",
    F.REFUSAL: "content_filter",
    F.PAUSE: "stop",
    F.OTHER: "stop",
}


OWN_WORDS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""OpenAI's own. Another provider's word for the same is written as OpenAI's."""


def finish_of(word: str, *, called: bool) -> Finish:
    """The canonical finish for a wire word. A ``stop`` behind tool calls is one of tool calls (Ollama and others)."""
    reason = FINISHES.get(word.lower(), F.OTHER)
    if reason is F.STOP and called:
        reason = F.TOOL_CALLS
    return Finish(reason=reason, origin=PROTOCOL, raw=word)


def word_of(finish: Finish | None) -> str:
    """The wire's word for a finish."""
    if finish is None:
        return "stop"
    own = finish.origin == PROTOCOL and finish.raw in OWN_WORDS
    corrected = finish.raw == "stop" and WORDS[finish.reason] != "stop"  # behind tool calls: clients would not run them
    if own and not corrected and finish.raw is not None:
        return finish.raw
    return WORDS[finish.reason]


# --- reading


def decode_response(body: bytes, dialect: ChatDialect) -> GenerateResponse:
    """A provider's reply. Raises ProviderError for an error inside a 200, and for what is no reply."""
    del dialect
    try:
        reply = Members(msgspec.json.decode(as_utf8(body), type=Object))
        error = reply.peek("error")
        if error is not None and bytes(error) != b"null":
            raise decode_error_body(bytes(error))
        raw_usage = reply.take_raw("usage")
        choices = reply.take_list("choices")
        if not choices:
            raise malformed("The provider's reply has no choices.")
        reply.raw.pop("object", None)
        return GenerateResponse(
            origin=PROTOCOL,
            id=reply.take("id", str) or "",
            model=reply.take("model", str) or "",
            created=int(reply.take("created", float) or 0) or None,
            candidates=tuple(_decode_choice(choice, index) for index, choice in enumerate(choices)),
            usage=decode_usage(raw_usage) if raw_usage is not None else None,
            service_tier=reply.take("service_tier", str),
            extras=reply.rest(PROTOCOL),
        )
    except (ClientError, *UNREADABLE) as wrong:
        raise malformed(f"The provider's reply cannot be read: {wrong}") from None


def malformed(message: str) -> ProviderError:
    """A 200 that is no reply."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200)


def _decode_choice(choice: Members, position: int) -> Candidate:
    message = choice.take_members("message") or Members({}, choice.path)
    message.raw.pop("role", None)
    _unwrap_object_content(message)
    blocks, _, kept = decode_assistant(message)
    blocks = tuple(
        block for block in blocks if not (isinstance(block, Text) and not block.text and not block.citations)
    )
    word = choice.take("finish_reason", str)
    called = any(isinstance(block, ToolCall) for block in blocks)
    index = choice.take("index", int)
    return Candidate(
        index=position if index is None else index,
        blocks=blocks,
        finish=finish_of(word, called=called) if word else inferred_finish(called=called),
        logprobs=choice.take_raw("logprobs"),
        extras=_choice_extras(choice, message, kept),
    )


def inferred_finish(*, called: bool) -> Finish:
    """What a reply that ended properly, without saying why, must have ended for."""
    return Finish(reason=F.TOOL_CALLS if called else F.STOP, inferred=True)


def _unwrap_object_content(message: Members) -> None:
    """Some servers put a structured answer as an object into ``content``: it is the JSON text of the answer."""
    content = message.peek("content")
    if content is not None and bytes(content).startswith(b"{"):
        message.raw["content"] = msgspec.Raw(msgspec.json.encode(bytes(content).decode()))


MESSAGE = "message"


def _choice_extras(choice: Members, message: Members, kept: Object) -> Extras | None:
    rest = message.rest(PROTOCOL)
    whole = {**(rest.members if rest is not None else {}), **kept}
    if not whole:
        return choice.rest(PROTOCOL)
    written = {MESSAGE: msgspec.Raw(msgspec.json.encode(whole))}
    unknown = choice.rest(PROTOCOL)
    members = unknown.members if unknown is not None else {}
    return Extras(PROTOCOL, {**members, **written}) if rest is not None else Extras(PROTOCOL, members, written)


# --- writing


def encode_response(response: GenerateResponse, request: GenerateRequest) -> tuple[bytes, Losses]:
    """The client's reply."""
    del request
    losses = Losses()
    body: dict[str, object] = {
        "id": response.id,
        "object": "chat.completion",
        "created": response.created if response.created is not None else int(time.time()),
        "model": response.model,
        "choices": [_encode_choice(candidate, losses) for candidate in response.candidates],
    }
    if response.usage is not None:
        raw = response.usage.raw if response.origin == PROTOCOL else None
        body["usage"] = msgspec.Raw(raw.encode()) if raw is not None else encode_usage(response.usage)
    if response.service_tier is not None:
        body["service_tier"] = response.service_tier
    own = own_members(response.extras, PROTOCOL)
    if response.extras is not None and not own:
        for name in response.extras.members:
            losses.add(name, "foreign")
    return msgspec.json.encode({**body, **own}), losses


def _encode_choice(candidate: Candidate, losses: Losses) -> dict[str, object]:
    own = dict(own_members(candidate.extras, PROTOCOL))
    raw_message = own.pop(MESSAGE, None)
    kept = msgspec.json.decode(raw_message, type=Object) if raw_message is not None else {}
    return {
        "index": candidate.index,
        "message": encode_message(candidate.blocks, kept, losses, f"choices[{candidate.index}].message"),
        "logprobs": candidate.logprobs,
        "finish_reason": word_of(candidate.finish),
        **own,
    }


def encode_message(blocks: tuple[Block, ...], kept: Object, losses: Losses, path: str) -> dict[str, object]:
    """An assistant message. ``kept`` are members that are written back as they came."""
    writer = _MessageWriter(losses)
    for index, block in enumerate(blocks):
        writer.add(block, f"{path}.content[{index}]")
    return {**writer.message(kept), **kept}


class _MessageWriter:
    """Collects the blocks of one assistant message."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._refusals: list[str] = []
        self._lists: dict[str, list[object]] = {"reasoning_details": [], "annotations": [], "tool_calls": []}
        self._parts: list[object] = []
        self._audio: dict[str, object] | None = None
        self._state: str | None = None
        """Sealed state of the latest thought, for the id of the call that follows it."""

    def add(self, block: Block, path: str) -> None:
        match block:
            case Text():
                self._texts.append(block.text)
                self._cite(block, path)
            case Reasoning():
                self._think(block)
            case ToolCall():
                self._lists["tool_calls"].append(_encode_call(block, self._state))
                self._state = None
            case Refusal():
                self._refusals.append(block.text)
            case Audio():
                self._audio = _encode_audio(block)
            case _:
                self._losses.add(path, "unsupported")

    def _cite(self, block: Text, path: str) -> None:
        for citation in block.citations:
            annotation = encode_annotation(citation)
            if annotation is None:
                self._losses.add(f"{path}.citations", "unsupported")
            else:
                self._lists["annotations"].append(annotation)

    def _think(self, block: Reasoning) -> None:
        part = own_members(block.extras, PROTOCOL).get(THINKING_PART)
        if part is not None:
            self._parts.append(part)
            return
        self._thoughts.append(block.text)
        self._lists["reasoning_details"] += reasoning_details(block)
        if block.state is not None and block.state.protocol == PROTOCOL:
            self._state = block.state.value

    def message(self, kept: Object) -> dict[str, object]:
        text = "".join(self._texts)
        content: object = text if self._texts else None
        if self._parts:
            content = [*self._parts, *({"type": "text", "text": text} for text in self._texts)]
        message: dict[str, object] = {
            "role": "assistant",
            "content": content,
            "refusal": "".join(self._refusals) if self._refusals else None,
        }
        thoughts = "".join(self._thoughts)
        if thoughts and not any(name in kept for name in THOUGHT_MEMBERS):
            message["reasoning_content"] = thoughts
        if self._audio is not None:
            message["audio"] = self._audio
        skipped = "tool_calls" if "function_call" in kept else ""
        message.update({name: values for name, values in self._lists.items() if values and name != skipped})
        return message


def _encode_call(block: ToolCall, state: str | None) -> dict[str, object]:
    call_id = tool_call_id.attach(block.id, state or (block.state.value if block.state is not None else None))
    own = own_members(block.extras, PROTOCOL)
    if block.custom:
        return {"id": call_id, "type": "custom", "custom": {"name": block.name, "input": block.arguments}, **own}
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": block.name, "arguments": block.arguments or "{}"},
        **own,
    }


def _encode_audio(block: Audio) -> dict[str, object]:
    return {
        "id": block.id or "",
        "data": block.source.base64 if isinstance(block.source, InlineData) else "",
        "expires_at": block.expires_at or 0,
        "transcript": block.transcript or "",
        **own_members(block.extras, PROTOCOL),
    }
