"""Words in place of blocks that only the client's protocol knows, for a provider that speaks another one."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Block, Opaque, Text, ToolResult
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest


def put_stand_ins(request: GenerateRequest, protocol: str, losses: Losses) -> GenerateRequest:
    """``request`` as ``protocol`` can say it: opaque blocks of another protocol become their words, each a loss. Blocks
    without words stay, and the codec refuses them."""
    changed = False
    messages = []
    for index, message in enumerate(request.messages):
        content = _replace(message.content, protocol, f"messages[{index}]", losses)
        if content is not message.content:
            changed = True
            messages.append(msgspec.structs.replace(message, content=content))
        else:
            messages.append(message)
    return msgspec.structs.replace(request, messages=tuple(messages)) if changed else request


def _replace(blocks: tuple[Block, ...], protocol: str, path: str, losses: Losses) -> tuple[Block, ...]:
    """The very same tuple where nothing is to be replaced."""
    replaced: list[Block] | None = None
    for index, block in enumerate(blocks):
        new: Block = block
        if isinstance(block, Opaque):
            if block.origin != protocol and block.stand_in is not None:
                losses.add(f"{path}.content[{index}]", "approximated")
                new = Text(text=block.stand_in)
        elif isinstance(block, ToolResult):
            inner = _replace(block.content, protocol, f"{path}.content[{index}]", losses)
            if inner is not block.content:
                new = msgspec.structs.replace(block, content=inner)
        if new is not block:
            replaced = replaced if replaced is not None else list(blocks)
            replaced[index] = new
    return blocks if replaced is None else tuple(replaced)
