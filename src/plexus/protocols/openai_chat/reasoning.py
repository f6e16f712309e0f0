"""A model's thoughts on a Chat message, which OpenAI has no place for and others put into three.

``reasoning_content`` (DeepSeek and most) or ``reasoning`` (OpenRouter, Groq, vLLM …) hold text; ``reasoning_details``
(OpenRouter) holds entries of text, summary or encrypted data with their signatures. ``Reasoning.slot`` remembers the
places, separated by spaces, so that thoughts go back where they stood. Mistral puts them among the parts of the content
(slot ``content``, see ``content``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from plexus.canonical.content import Block, Opaque, Reasoning, ReasoningState
from plexus.protocols.openai_chat.members import PROTOCOL, Members, own_members
from plexus.protocols.reasoning_state import PREFIX

DETAILS = "reasoning_details"
STRINGS = ("reasoning_content", "reasoning")
IN_CONTENT = "content"
DETAIL = "reasoning_details/"
"""Begins the kind of an Opaque that is an entry of a type that we do not know."""
ON_CONTENT = "content"
"""The ``id`` of an entry of ours that holds the state of the text; other ids are those of tool calls."""

_TEXT, _SUMMARY, _ENCRYPTED = "reasoning.text", "reasoning.summary", "reasoning.encrypted"


class Thoughts(msgspec.Struct):
    """What a message says of its thoughts. ``states`` are sealed states of its text and calls, by id."""

    blocks: list[Block]
    states: dict[str, str]

    @property
    def have_state(self) -> bool:
        """Whether sealed state came back, so that copies of it elsewhere are not needed."""
        return bool(self.states) or any(isinstance(b, Reasoning) and b.state is not None for b in self.blocks)


def read_thoughts(members: Members) -> Thoughts:
    """Takes the three places off a message. Raises Misfit for entries that are no objects."""
    thoughts = Thoughts([], {})
    if members.is_list(DETAILS):
        for index, raw in enumerate(members.take_list(DETAILS) or ()):
            _read_entry(Members(raw, f"{members.path}.{DETAILS}[{index}]"), index, thoughts)
    for name in STRINGS:
        text = members.take_text(name)
        if text and not _is_said(thoughts, name, text):
            if any(_text_of(block) for block in thoughts.blocks):  # two places that contradict each other
                members.values[name] = msgspec.Raw(msgspec.json.encode(text))
            else:
                thoughts.blocks.insert(0, Reasoning(text=text, slot=name))
    return thoughts


def _read_entry(entry: Members, index: int, thoughts: Thoughts) -> None:
    kind = entry.take_text("type") or ""
    if entry.take_if("index", int) not in (None, index):
        kind = ""
    block = read_detail(kind, entry)
    if block is None:
        thoughts.blocks.append(Opaque(origin=PROTOCOL, kind=DETAIL + kind, raw=msgspec.Raw(bytes(entry.raw))))
    elif block.state is not None and block.state.value.startswith(PREFIX):
        if block.redacted and block.id is not None:
            thoughts.states[block.id] = block.state.value
        else:  # an entry of ours: no provider gets it as such
            thoughts.blocks.append(msgspec.structs.replace(block, slot=None))
    else:
        thoughts.blocks.append(block)


def read_detail(kind: str, entry: Members) -> Reasoning | None:
    """One entry, whole or as a piece of a stream; None for an unknown type."""
    if kind == _TEXT:
        text, signature = entry.take_text("text"), entry.take_text("signature")
        state = ReasoningState(PROTOCOL, signature) if signature else None
        return Reasoning(text=text or "", state=state, id=entry.take_text("id"), slot=DETAILS, extras=entry.extras())
    if kind == _SUMMARY:
        text = entry.take_text("summary") or ""
        return Reasoning(text=text, summary=True, id=entry.take_text("id"), slot=DETAILS, extras=entry.extras())
    if kind == _ENCRYPTED:
        data = entry.take_text("data")
        state = ReasoningState(PROTOCOL, data) if data else None
        return Reasoning(redacted=True, state=state, id=entry.take_text("id"), slot=DETAILS, extras=entry.extras())
    return None


def _is_said(thoughts: Thoughts, name: str, text: str) -> bool:
    """Whether ``text`` repeats what the blocks say already; then they are marked as standing there, too."""
    if "".join(_text_of(block) for block in thoughts.blocks) != text:
        return False
    thoughts.blocks = [
        msgspec.structs.replace(block, slot=f"{block.slot} {name}" if block.slot else name)
        if isinstance(block, Reasoning) and block.text
        else block
        for block in thoughts.blocks
    ]
    return True


def _text_of(block: Block) -> str:
    return block.text if isinstance(block, Reasoning) else ""


def write_thoughts(blocks: Sequence[Block], default: str | None, renamed: str | None = None) -> dict[str, Any]:
    """The members of a message that hold ``blocks``: those of this protocol where they stood, others at ``default``.

    ``renamed``: the one place for text that the receiver knows. Whatever has state gets a ``reasoning_details`` entry.
    """
    texts: dict[str, list[str]] = {}
    entries: list[Any] = []
    for block in blocks:
        if isinstance(block, Opaque) and block.kind.startswith(DETAIL):
            entries.append(block.raw)
        elif isinstance(block, Reasoning) and block.slot != IN_CONTENT:
            slots = block.slot.split() if block.slot else [default] if default else []
            names = dict.fromkeys(renamed or slot for slot in slots if slot != DETAILS)
            for name in names if block.text else ():
                texts.setdefault(name, []).append(block.text)
            if DETAILS in slots or block.state is not None:
                entries.append(write_detail(block, len(entries)))
    members: dict[str, Any] = {name: "".join(pieces) for name, pieces in texts.items()}
    if entries:
        members[DETAILS] = entries
    return members


def write_detail(block: Reasoning, index: int) -> dict[str, Any]:
    """One entry of ``reasoning_details``."""
    value = block.state.value if block.state is not None else None
    if block.redacted:
        entry: dict[str, Any] = {"type": _ENCRYPTED, "data": value or ""}
    elif block.summary and value is None:
        entry = {"type": _SUMMARY, "summary": block.text}
    else:
        entry = {"type": _TEXT, "text": block.text, **({} if value is None else {"signature": value})}
    if block.id is not None and block.slot is not None:  # ids of other protocols mean nothing here
        entry["id"] = block.id
    return {**entry, "index": index, **own_members(block.extras)}


def state_entry(owner: str, value: str, index: int) -> dict[str, Any]:
    """An entry that holds the sealed state of a tool call (its id) or of the text (``ON_CONTENT``)."""
    return {"type": _ENCRYPTED, "data": value, "id": owner, "index": index}
