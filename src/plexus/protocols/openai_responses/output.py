"""Output items of a reply, written from blocks: of a whole reply, and one by one for a stream."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence

import msgspec

from plexus.canonical.content import Audio, Block, Citation, Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.losses import Losses
from plexus.protocols.members import Object, own_members
from plexus.protocols.openai_responses.content import PROTOCOL, encode_annotation
from plexus.protocols.openai_responses.items import ITEM, RAW_THOUGHT, part_members
from plexus.protocols.openai_responses.names import KnownTool
from plexus.protocols.unreadable import UNREADABLE

_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
Item = dict[str, object]


def reply_id(given: str) -> str:
    """The reply's id for the client: its provider's own where it spoke Responses or gave one that can stand behind
    ``resp_``; else a new one."""
    if given.startswith("resp_"):
        return given
    return "resp_" + (_FORBIDDEN.sub("_", given) or uuid.uuid4().hex)


class ItemWriter:
    """Writes the items of one reply. Ids that the provider did not give are made from the reply's, by position."""

    def __init__(self, reply: str, known: Mapping[str, KnownTool], losses: Losses) -> None:
        self._tail = _FORBIDDEN.sub("_", reply.removeprefix("resp_"))
        self._known = known
        self._losses = losses
        self._made = 0

    def new_id(self, prefix: str) -> str:
        """An id that occurs once in the reply."""
        self._made += 1
        return f"{prefix}_{self._tail}_{self._made - 1}"

    def lose(self, path: str, reason: str) -> None:
        """Note a loss."""
        self._losses.add(path, reason)

    # --- empty forms, as ``response.output_item.added`` shows them

    def message(self, block: Block, status: str) -> Item:
        """A message that ``block`` opens, without its parts."""
        own = own_members(getattr(block, "extras", None), PROTOCOL)
        wire: Item = {"id": "", "type": "message", "status": status, "role": "assistant", "content": []}
        if ITEM in own:
            wrapper = {**msgspec.json.decode(own[ITEM], type=Object)}
            if status != "completed":
                wrapper.pop("status", None)
            wire.update(wrapper)
        wire["id"] = wire["id"] or self.new_id("msg")
        return wire

    def reasoning(self, block: Reasoning) -> Item:
        """A thought without its texts."""
        own = own_members(block.extras, PROTOCOL)
        kept = {name: value for name, value in own.items() if name != RAW_THOUGHT}
        return {"id": block.id or self.new_id("rs"), "type": "reasoning", "summary": [], **kept}

    def call(self, block: ToolCall, status: str) -> Item:
        """A call without its arguments."""
        known = self._known.get(block.name)
        custom = is_custom(block, self._known)
        own = dict(own_members(block.extras, PROTOCOL))
        if block.state is not None:
            self._losses.add("tool_calls.signature", "unsupported")
        wire: Item = {
            "id": "",
            "type": "custom_tool_call" if custom else "function_call",
            "status": status,
            "input" if custom else "arguments": "",
            "call_id": block.id,
            "name": known.name if known is not None else block.name,
        }
        if known is not None and known.namespace is not None:
            wire["namespace"] = known.namespace
        if status != "completed":
            own.pop("status", None)
        wire.update(own)
        wire["id"] = wire["id"] or self.new_id("ctc" if custom else "fc")
        return wire

    # --- parts

    def text_part(self, block: Text, annotations: Sequence[Citation], logprobs: Sequence[msgspec.Raw]) -> Item:
        """A part of a message."""
        found = [encode_annotation(citation) for citation in annotations]
        if None in found:
            self._losses.add("citations", "unsupported")
        if block.state is not None:
            self._losses.add("content.signature", "unsupported")
        return {
            "type": "output_text",
            "annotations": [annotation for annotation in found if annotation is not None],
            "logprobs": list(logprobs),
            "text": block.text,
            **part_members(block.extras),
        }

    def part(self, block: Block, logprobs: Sequence[msgspec.Raw] = ()) -> Item | None:
        """A whole part; None for a block that is none."""
        match block:
            case Text():
                return self.text_part(block, block.citations, logprobs)
            case Refusal(text=text):
                return {
                    "type": "refusal",
                    "refusal": text,
                    **part_members(block.extras),
                }
            case Audio(transcript=str() as transcript):
                self._losses.add("audio", "approximated")
                return self.text_part(Text(text=transcript), (), ())
            case _:
                return None

    # --- a whole reply

    def items(self, blocks: Sequence[Block], logprobs: msgspec.Raw | None) -> list[object]:
        """The output of a reply. Neighbouring parts share a message, unless they stood in several."""
        tokens = token_logprobs(logprobs)
        written: list[object] = []
        parts: list[object] | None = None
        for block in blocks:
            part = self.part(block, tokens if isinstance(block, Text) else ())
            if part is not None:
                tokens = tokens if isinstance(block, Refusal) else []
                if parts is None or ITEM in own_members(getattr(block, "extras", None), PROTOCOL):
                    item = self.message(block, "completed")
                    parts = []
                    item["content"] = parts
                    written.append(item)
                parts.append(part)
                continue
            parts = None
            self._whole(block, written)
        return written

    def _whole(self, block: Block, written: list[object]) -> None:
        match block:
            case Reasoning():
                self._think(block, written)
            case ToolCall():
                item = self.call(block, "completed")
                custom = "input" in item
                item["input" if custom else "arguments"] = call_text(block, custom=custom)
                written.append(item)
            case Opaque(origin=origin, raw=raw) if origin == PROTOCOL:
                written.append(raw)
            case Opaque(kind=kind):
                self._losses.add(kind, "unsupported")
            case _:
                self._losses.add(type(block).__name__.lower(), "unsupported")

    def _think(self, block: Reasoning, written: list[object]) -> None:
        last = written[-1] if written else None
        raw = is_raw_thought(block)
        if raw and block.id is not None and isinstance(last, dict) and last.get("id") == block.id:
            item = last
        else:
            item = self.reasoning(block)
            written.append(item)
        fill_thought(item, block, thought_texts(block))


def thought_texts(block: Reasoning) -> tuple[str, ...]:
    """The parts of a thought; a hidden one has none."""
    return block.parts or ((block.text,) if block.text or not block.redacted else ())


def fill_thought(item: Item, block: Reasoning, texts: Sequence[str]) -> None:
    """Put texts and state into a reasoning item. Thoughts of other protocols are written as summaries: clients show these,
    and send them back whole (some leave out plain ``content``)."""
    if is_raw_thought(block):
        item["content"] = [{"type": "reasoning_text", "text": text} for text in texts]
    else:
        item["summary"] = [{"type": "summary_text", "text": text} for text in texts]
    if block.state is not None and block.state.protocol == PROTOCOL:
        item["encrypted_content"] = block.state.value


def is_raw_thought(block: Reasoning) -> bool:
    """Whether a thought stood in ``content``."""
    return RAW_THOUGHT in own_members(block.extras, PROTOCOL)


def is_custom(block: ToolCall, known: Mapping[str, KnownTool]) -> bool:
    """Whether a call is one of a custom tool, also where the provider took it for a function."""
    tool = known.get(block.name)
    return block.custom or (tool is not None and tool.custom)


class _FreeText(msgspec.Struct, forbid_unknown_fields=True):
    input: str


def call_text(block: ToolCall, *, custom: bool) -> str:
    """The arguments of a call; the free text inside them where a custom tool was called as a function of one string."""
    if not custom:
        return block.arguments or "{}"
    if block.custom:
        return block.arguments
    try:
        return msgspec.json.decode(block.arguments, type=_FreeText).input
    except UNREADABLE:
        return block.arguments


class _Logprobs(msgspec.Struct):
    content: list[msgspec.Raw] | None = None


def token_logprobs(raw: msgspec.Raw | None) -> list[msgspec.Raw]:
    """The tokens of canonical log probabilities (Chat's ``{"content": [...]}``)."""
    if raw is None:
        return []
    try:
        return msgspec.json.decode(raw, type=_Logprobs).content or []
    except UNREADABLE:
        return []
