"""The items of a model's turn and of tools' answers, read: what requests and replies share.

A turn is several items here (a thought, a message, calls), one after the other. Each block remembers the item that it stood
in: ``ITEM`` keeps a message's own members on its first block, calls and thoughts keep theirs beside them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.content import Block, Extras, Opaque, Reasoning, ReasoningState, Text, ToolCall, ToolResult
from plexus.protocols.members import Array, Members, Object, decode_as, own_members, raw_json, with_twins
from plexus.protocols.openai_responses.content import PROTOCOL, decode_content
from plexus.protocols.openai_responses.names import flat_name

ITEM = "item"
"""The twin that opens a message: its members but for the content."""
PLAIN = "plain"
"""The twin of a message whose content stood as a bare string."""
RAW_THOUGHT = "reasoning_text"
"""The twin of a thought in the model's own words; others are summaries."""
ITEM_MEMBERS = ("id", "status")
YES = raw_json(True)


def decode_turn_item(item: Members, kind: str) -> tuple[Block, ...]:
    """The blocks of an item that the model made. What only Responses understands stays whole."""
    decode = DECODERS.get(kind)
    return decode(item) if decode is not None else (opaque(item, kind),)


def opaque(item: Members, kind: str) -> Opaque:
    """An item that travels whole."""
    item.raw["type"] = raw_json(kind)
    return Opaque(origin=PROTOCOL, kind=kind, raw=item.whole())


def message_blocks(item: Members) -> tuple[Block, ...]:
    """An assistant message. Its ``phase`` is a loss elsewhere; its id and status mean nothing there."""
    content, plain = decode_content(item, "content", "output_text")
    if not content:
        return ()
    wrapper = raw_json({name: value for name, value in item.raw.items() if bytes(value) != b"null"})
    twins = {ITEM: wrapper, PLAIN: YES} if plain else {ITEM: wrapper}
    for name in ("type", "role", *ITEM_MEMBERS):
        item.raw.pop(name, None)
    rest = item.rest(PROTOCOL)
    first = content[0]
    if isinstance(first, Opaque):
        return (Text(text="", extras=with_twins(rest, PROTOCOL, twins)), *content)
    own = first.extras
    members = {**(rest.members if rest else {}), **(own.members if own else {})}
    extras = with_twins(None, PROTOCOL, {**(own.twins if own else {}), **twins})
    assert extras is not None
    return (msgspec.structs.replace(first, extras=msgspec.structs.replace(extras, members=members)), *content[1:])


def take_members(item: Members) -> Object:
    """The id and the status of an item, which only its own protocol knows."""
    return {name: raw for name in ITEM_MEMBERS if (raw := item.take_raw(name)) is not None}


def _reasoning(item: Members) -> tuple[Block, ...]:
    """One thought, two where the item holds summaries and raw text. The state is the last one's."""
    item_id, sealed = item.take("id", str), item.take("encrypted_content", str)
    state = ReasoningState(PROTOCOL, sealed) if sealed else None
    summaries, texts = _texts(item, "summary"), _texts(item, "content")
    rest = item.rest(PROTOCOL)
    twins = dict(rest.members) if rest is not None else {}
    blocks: list[Reasoning] = []
    if summaries:
        blocks.append(Reasoning(text="".join(summaries), parts=_several(summaries), summary=True, id=item_id))
    if texts:
        raw = with_twins(None, PROTOCOL, {RAW_THOUGHT: YES})
        blocks.append(Reasoning(text="".join(texts), parts=_several(texts), id=item_id, extras=raw))
    if not blocks:
        blocks.append(Reasoning(redacted=True, id=item_id))
    if twins:
        own = blocks[0].extras
        blocks[0] = msgspec.structs.replace(
            blocks[0], extras=with_twins(None, PROTOCOL, {**(own.twins if own else {}), **twins})
        )
    blocks[-1] = msgspec.structs.replace(blocks[-1], state=state)
    return tuple(blocks)


def _texts(item: Members, name: str) -> list[str]:
    parts = item.take(name, Array)
    where = item.where(name)
    return [Members(decode_as(raw, Object, where), where).take("text", str) or "" for raw in parts or ()]


def _several(parts: list[str]) -> tuple[str, ...]:
    return tuple(parts) if len(parts) > 1 else ()


def _function_call(item: Members) -> tuple[Block, ...]:
    return (_call(item, "arguments", custom=False),)


def _custom_call(item: Members) -> tuple[Block, ...]:
    return (_call(item, "input", custom=True),)


def _call(item: Members, text: str, *, custom: bool) -> ToolCall:
    twins = take_members(item)
    call_id, name, arguments = item.require("call_id", str), item.require("name", str), item.take(text, str) or ""
    namespace = item.peek("namespace")
    space = item.take("namespace", str)
    if space is not None and namespace is not None:
        twins |= {"namespace": namespace, "name": raw_json(name)}
        name = flat_name(space, name)
    return ToolCall(
        id=call_id,
        name=name,
        arguments=arguments,
        custom=custom,
        extras=with_twins(item.rest(PROTOCOL), PROTOCOL, twins),
    )


DECODERS: dict[str, Callable[[Members], tuple[Block, ...]]] = {
    "message": message_blocks,
    "reasoning": _reasoning,
    "function_call": _function_call,
    "custom_tool_call": _custom_call,
}


def tool_output(item: Members, kind: str) -> Block:
    """What a tool answered: a bare string, or a list of parts. One without ``call_id`` only Responses can match."""
    if item.peek("call_id") is None or bytes(item.raw["call_id"]) == b"null":
        return opaque(item, kind)
    twins = take_members(item)
    content, plain = decode_content(item, "output", "input_text")
    return ToolResult(
        call_id=item.require("call_id", str),
        content=content,
        name=item.take("name", str),
        custom=kind == "custom_tool_call_output",
        plain=plain,
        extras=with_twins(item.rest(PROTOCOL), PROTOCOL, twins),
    )


def read_turn_item(item: Members) -> tuple[Block, ...]:
    """An item of a reply's output."""
    kind = item.require("type", str)
    if kind == "message":
        item.raw["type"] = raw_json(kind)
    return decode_turn_item(item, kind)


def part_members(extras: Extras | None) -> Object:
    """A part's own extras, without those of the message that it opens."""
    own = own_members(extras, PROTOCOL)
    if ITEM not in own:
        return own
    message = {ITEM, PLAIN} | msgspec.json.decode(own[ITEM], type=Object).keys()
    return {name: value for name, value in own.items() if name not in message or name == "type"}
