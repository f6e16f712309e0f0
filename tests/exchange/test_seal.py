from __future__ import annotations

import msgspec

from plexus.canonical.content import Reasoning, ReasoningState, Text, ToolCall, ToolResult
from plexus.canonical.events import BlockEnd, BlockStart, StateDelta, TextDelta
from plexus.canonical.request import GenerateRequest, Message
from plexus.canonical.response import Candidate, GenerateResponse
from plexus.exchange.seal import Seal, is_sealed, unseal
from plexus.protocols.reasoning_state import PREFIX

KEY = b"k" * 32
SIGNED = ReasoningState(protocol="anthropic_messages", value="sig")
SEAL = Seal("acme", "openai_chat", KEY)


def request(*blocks: Reasoning | Text | ToolCall | ToolResult) -> GenerateRequest:
    return GenerateRequest(origin="openai_chat", model="m", messages=(Message(role="assistant", content=blocks),))


def sealed(state: ReasoningState) -> ReasoningState:
    event = SEAL.event(StateDelta(0, state))
    assert isinstance(event, StateDelta)
    return event.state


def test_foreign_state_is_sealed_for_the_client_and_opens_for_its_provider() -> None:
    state = sealed(SIGNED)
    assert (state.protocol, state.value.startswith(PREFIX)) == ("openai_chat", True)
    assert is_sealed(state.value.encode(), "openai_chat")
    opened, losses = unseal(request(Reasoning(text="t", state=state)), "acme", KEY)
    (block,) = opened.messages[0].content
    assert block == Reasoning(text="t", state=msgspec.structs.replace(SIGNED, provider="acme"))
    assert losses == []


def test_another_provider_does_not_get_it() -> None:
    state = sealed(SIGNED)
    opened, losses = unseal(request(Reasoning(text="t", state=state), Text(text="x", state=state)), "other", KEY)
    assert opened.messages[0].content == (Reasoning(text="t"), Text(text="x"))
    assert [loss.reason for loss in losses] == ["other_provider"]


def test_a_redacted_thought_without_its_state_is_left_out() -> None:
    opened, _ = unseal(request(Reasoning(redacted=True, state=sealed(SIGNED)), Text(text="x")), "other", KEY)
    assert opened.messages[0].content == (Text(text="x"),)


def test_a_forged_envelope_is_a_loss() -> None:
    forged = ReasoningState(protocol="openai_chat", value=PREFIX + "AAAA")
    opened, losses = unseal(request(ToolCall(id="c", name="f", arguments="{}", state=forged)), "acme", KEY)
    assert opened.messages[0].content == (ToolCall(id="c", name="f", arguments="{}"),)
    assert len(losses) == 1


def test_the_clients_own_state_is_left_alone() -> None:
    own = ReasoningState(protocol="openai_chat", value="enc")
    assert sealed(own) is own
    opened, losses = unseal(request(Reasoning(text="t", state=own)), "acme", KEY)
    assert opened.messages[0].content == (Reasoning(text="t", state=own),)
    assert losses == []


def test_states_inside_blocks_and_whole_replies_are_sealed() -> None:
    block = Reasoning(redacted=True, state=SIGNED)
    start, end = SEAL.event(BlockStart(0, block)), SEAL.event(BlockEnd(0, block=block))
    assert isinstance(start, BlockStart)
    assert isinstance(end, BlockEnd)
    for found in (start.block, end.block):
        assert isinstance(found, Reasoning)
        assert found.state is not None
        assert found.state.protocol == "openai_chat"
    text = TextDelta(0, "x")
    assert SEAL.event(text) is text
    reply = GenerateResponse(origin="a", id="r", model="m", candidates=(Candidate(blocks=(block,)),))
    (first,) = SEAL.response(reply).candidates[0].blocks
    assert isinstance(first, Reasoning)
    assert first.state is not None
    assert first.state.value.startswith(PREFIX)
