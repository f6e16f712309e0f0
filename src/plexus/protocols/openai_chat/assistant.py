"""Reading what the assistant said: a turn of a request, or the message of a reply."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Audio, Block, Citation, InlineData, ReasoningState, Refusal, Text
from plexus.protocols.openai_chat.calls import LegacyCalls, read_call, read_function_call
from plexus.protocols.openai_chat.citations import read_citation
from plexus.protocols.openai_chat.content import read_content, read_part
from plexus.protocols.openai_chat.members import PROTOCOL, Members, as_raw, read_as
from plexus.protocols.openai_chat.reasoning import ON_CONTENT, Thoughts, read_thoughts

DEFAULT_AUDIO = "audio/wav"
"""Replies do not say what their sound is; the request did."""


class Said(msgspec.Struct):
    """The blocks in order: thoughts, content, refusal, pictures, sound, calls. ``plain``: the content was a bare string."""

    thoughts: Thoughts
    content: list[Block]
    calls: list[Block]
    plain: bool

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All of them."""
        return (*self.thoughts.blocks, *self.content, *self.calls)


def read_assistant(message: Members, legacy: LegacyCalls, fallback_id: str | None = None) -> Said:
    """Takes what it knows off ``message``. ``fallback_id`` begins the ids of calls that have none. Raises Misfit."""
    thoughts = read_thoughts(message)
    _stringify(message)
    blocks, plain = read_content(message)
    content = [block for block in blocks if not (isinstance(block, Text) and plain and not block.text)]
    _cite(message, content)
    _sign(message, content, thoughts)
    refusal = message.take_text("refusal")
    if refusal:
        content.append(Refusal(text=refusal))
    content += [read_part(raw, f"{message.path}.images") for raw in message.take_if("images", list[msgspec.Raw]) or ()]
    audio = _audio(message)
    if audio is not None:
        content.append(audio)
    return Said(thoughts, content, _calls(message, legacy, fallback_id), plain)


def _stringify(message: Members) -> None:
    """Cloudflare gives structured output as the object itself."""
    content = message.values.get("content", b"")
    if bytes(content).startswith(b"{"):
        message.values["content"] = as_raw(bytes(content).decode())


def _calls(message: Members, legacy: LegacyCalls, fallback_id: str | None) -> list[Block]:
    path = message.at("tool_calls")
    calls: list[Block] = [
        read_call(raw, f"{path}[{index}]", None if fallback_id is None else f"{fallback_id}_{index}")
        for index, raw in enumerate(message.take_list("tool_calls") or ())
    ]
    older = message.take_raw("function_call")
    if older is not None and not calls:
        call = read_function_call(older, message.at("function_call"), legacy)
        if call is not None:
            calls.append(call)
    return calls


def _cite(message: Members, content: list[Block]) -> None:
    """Annotations belong to the text; without one they stay among the extras."""
    place = next((index for index, block in enumerate(content) if isinstance(block, Text)), None)
    annotations = read_as(message.values.get("annotations", b"0"), list[msgspec.Raw])
    if annotations is None or (annotations and place is None):
        return
    del message.values["annotations"]
    if place is not None and annotations:
        citations: tuple[Citation, ...] = tuple(read_citation(raw) for raw in annotations)
        content[place] = msgspec.structs.replace(content[place], citations=citations)


class _Google(msgspec.Struct):
    thought_signature: str | None = None


class _ExtraContent(msgspec.Struct):
    google: _Google | None = None


def _sign(message: Members, content: list[Block], thoughts: Thoughts) -> None:
    """The state of the text: ours from ``reasoning_details``, or Gemini's signature, which stays among the extras, too."""
    place = next((index for index, block in enumerate(content) if isinstance(block, Text)), None)
    if place is None:
        return
    value = thoughts.states.get(ON_CONTENT)
    if value is None and "extra_content" in message.values:
        extra = read_as(message.values["extra_content"], _ExtraContent)
        value = extra.google.thought_signature if extra is not None and extra.google is not None else None
    if value:
        content[place] = msgspec.structs.replace(content[place], state=ReasoningState(PROTOCOL, value))


class WireAudio(msgspec.Struct):
    """Sound of a reply, or the id of one in a request."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


def _audio(message: Members) -> Audio | None:
    """Sound; None where all of it is empty, as Snowflake sends it always."""
    wire = message.take_if("audio", WireAudio)
    if wire is None or not (wire.id or wire.data or wire.transcript):
        return None
    return Audio(
        source=InlineData(DEFAULT_AUDIO, wire.data) if wire.data else None,
        id=wire.id,
        transcript=wire.transcript,
        expires_at=wire.expires_at,
    )
