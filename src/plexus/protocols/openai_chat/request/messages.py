"""A client's turns."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from plexus.canonical.content import Block, Reasoning, ReasoningState, ToolCall, ToolResult
from plexus.canonical.request import Message, Role
from plexus.protocols.openai_chat import tool_call_id
from plexus.protocols.openai_chat.assistant import Said, read_assistant
from plexus.protocols.openai_chat.calls import LegacyCalls
from plexus.protocols.openai_chat.content import read_content
from plexus.protocols.openai_chat.members import PROTOCOL, Members, Misfit

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


def read_messages(raws: Sequence[msgspec.Raw]) -> tuple[Message, ...]:
    """The turns. Raises Misfit for what is none."""
    legacy = LegacyCalls()
    return tuple(_message(Members(raw, f"messages[{index}]"), legacy) for index, raw in enumerate(raws))


def _message(members: Members, legacy: LegacyCalls) -> Message:
    written = members.need("role", str)
    role = _ROLES.get(written)
    if role is None:
        raise Misfit(members.at("role"), f"{written!r} is none of {', '.join(_ROLES)}")
    if role == "assistant":
        said = read_assistant(members, legacy)
        blocks = _restore(said)
        return Message(
            role=role, content=blocks, plain=said.plain, name=members.take("name", str), extras=members.extras()
        )
    if "content" not in members.values:
        raise Misfit(members.at("content"), "the member is missing")
    if role == "tool":
        return _tool(members, None if written == "tool" else legacy)
    content, plain = read_content(members)
    return Message(role=role, content=content, plain=plain, name=members.take("name", str), extras=members.extras())


def _tool(members: Members, legacy: LegacyCalls | None) -> Message:
    """A result; ``legacy`` for one that says only its function's name."""
    name = members.take("name", str)
    if legacy is None:
        call_id, _ = tool_call_id.split(members.need("tool_call_id", str))
    elif name is None:
        raise Misfit(members.at("name"), "the member is missing")
    else:
        call_id = legacy.result(name)
    content, plain = read_content(members)
    result = ToolResult(call_id=call_id, content=content, name=name, plain=plain)
    return Message(role="tool", content=(result,), extras=members.extras())


def _restore(said: Said) -> tuple[Block, ...]:
    """The blocks, the calls under their own ids, with the sealed state that came back beside or within the ids."""
    thoughts = list(said.thoughts.blocks)
    calls: list[Block] = []
    for block in said.calls:
        if not isinstance(block, ToolCall):
            calls.append(block)
            continue
        own, carried = tool_call_id.split(block.id)
        value = said.thoughts.states.get(block.id) or said.thoughts.states.get(own)
        if not said.thoughts.have_state:
            for state in carried:
                if state.owner == "call":
                    value = state.value
                else:
                    _think(thoughts, state)
        changed = msgspec.structs.replace(block, id=own) if own != block.id else block
        if value is not None:
            changed = msgspec.structs.replace(changed, state=ReasoningState(PROTOCOL, value))
        calls.append(changed)
    return (*thoughts, *said.content, *calls)


def _think(thoughts: list[Block], carried: tool_call_id.CarriedState) -> None:
    """The state of a thought joins the text that came back without one; else it is a thought without text."""
    state = ReasoningState(PROTOCOL, carried.value)
    if carried.owner == "redacted":
        thoughts.append(Reasoning(redacted=True, state=state))
        return
    for index, block in enumerate(thoughts):
        if isinstance(block, Reasoning) and block.state is None and not block.redacted:
            thoughts[index] = msgspec.structs.replace(block, state=state)
            return
    thoughts.append(Reasoning(state=state))
