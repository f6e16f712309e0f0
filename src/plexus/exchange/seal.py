"""Reasoning state between protocols: sealed on the way to a client of another one, unsealed on the way back.

See ``protocols.reasoning_state`` for the envelope, DESIGN section 4 for why.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from plexus.canonical.content import Block, Reasoning, ReasoningState, Text, ToolCall, ToolResult
from plexus.canonical.events import BlockEnd, BlockStart, StateDelta, StreamEvent
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols import reasoning_state

# Patterns, not `in`: this looks through every body that passes, and the pattern's search takes half the time.
MARK = re.compile(rb"plx1")
"""What every sealed state has in it, wherever a client sends it back …"""
MARKS = {"gemini": re.compile(rb'"cGx4MS')}
"""… but for Gemini's thoughtSignature, which is base64 (``protocols.gemini.signature``)."""

Change = Callable[[ReasoningState], ReasoningState | None]


def is_sealed(body: bytes, protocol: str) -> bool:
    """Whether a client's body in ``protocol`` may hold state that we sealed."""
    return MARKS.get(protocol, MARK).search(body) is not None


class Seal:
    """Seals what ``provider`` says for a client that speaks ``protocol``."""

    __slots__ = ("_key", "_protocol", "_provider")

    def __init__(self, provider: str, protocol: str, key: bytes) -> None:
        self._provider = provider
        self._protocol = protocol
        self._key = key

    def event(self, event: StreamEvent) -> StreamEvent:
        """The event with its state sealed; most events have none and come back as they are."""
        match event:
            case StateDelta():
                return msgspec.structs.replace(event, state=self._seal(event.state))
            case BlockStart(block=block) if (sealed := _change_block(block, self._seal)) is not block and sealed:
                return msgspec.structs.replace(event, block=sealed)
            case BlockEnd(block=block) if block and (sealed := _change_block(block, self._seal)) is not block:
                return msgspec.structs.replace(event, block=sealed)
            case _:
                return event

    def response(self, response: GenerateResponse) -> GenerateResponse:
        """The whole reply with its states sealed."""
        candidates = tuple(
            msgspec.structs.replace(candidate, blocks=_change_blocks(candidate.blocks, self._seal))
            for candidate in response.candidates
        )
        return msgspec.structs.replace(response, candidates=candidates)

    def _seal(self, state: ReasoningState) -> ReasoningState:
        if state.protocol == self._protocol:
            return state
        owned = msgspec.structs.replace(state, provider=self._provider)
        return ReasoningState(protocol=self._protocol, value=reasoning_state.seal(owned, self._key))


def unseal(request: GenerateRequest, provider: str, key: bytes) -> tuple[GenerateRequest, Losses]:
    """The request with sealed states opened for ``provider``, and left out (a loss) where another one issued them."""
    losses = Losses()

    def open_for(path: str) -> Change:
        def change(state: ReasoningState) -> ReasoningState | None:
            if not state.value.startswith(reasoning_state.PREFIX):
                return state
            opened = reasoning_state.unseal(state.value, key)
            if opened is None or opened.provider != provider:
                losses.add(path, "other_provider")
                return None
            return opened

        return change

    messages = tuple(
        msgspec.structs.replace(
            message, content=_change_blocks(message.content, open_for(f"messages[{index}].content.signature"))
        )
        for index, message in enumerate(request.messages)
    )
    return msgspec.structs.replace(request, messages=messages), losses


def _change_blocks(blocks: tuple[Block, ...], change: Change) -> tuple[Block, ...]:
    changed = (_change_block(block, change) for block in blocks)
    return tuple(block for block in changed if block is not None)


def _change_block(block: Block, change: Change) -> Block | None:
    """The block with its state changed; None for a redacted thought whose state is gone: nothing is left of it."""
    match block:
        case Reasoning(state=ReasoningState() as state):
            new = change(state)
            if new is None and not block.text:
                return None
            return block if new is state else msgspec.structs.replace(block, state=new)
        case Text(state=ReasoningState() as state) | ToolCall(state=ReasoningState() as state):
            new = change(state)
            return block if new is state else msgspec.structs.replace(block, state=new)
        case ToolResult():
            return msgspec.structs.replace(block, content=_change_blocks(block.content, change))
        case _:
            return block
