from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.accounting.estimate import (
    IMAGE,
    PER_TOOL,
    PER_TURN,
    estimate_input,
    estimate_output,
    estimate_text,
)
from plexus.canonical.content import (
    Audio,
    Block,
    Document,
    Image,
    InlineData,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from plexus.canonical.request import FunctionTool, GenerateRequest, Message
from plexus.canonical.response import Candidate, GenerateResponse


def request(*blocks: Block, **members: object) -> GenerateRequest:
    message = Message(role="user", content=blocks)
    base = GenerateRequest(origin="openai_chat", model="m", messages=(message,))
    return msgspec.structs.replace(base, **members)


def reply(*blocks: Block) -> GenerateResponse:
    return GenerateResponse(origin="openai_chat", id="r", model="m", candidates=(Candidate(blocks=blocks),))


EMPTY = estimate_input(request())


def cost(*blocks: Block) -> int:
    return estimate_input(request(*blocks)) - EMPTY


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_more_bytes_are_never_fewer_tokens(size: int, more: int) -> None:
    assert 0 <= estimate_text(size) <= estimate_text(size + more) <= size + more + 1


def test_text_is_counted_by_its_bytes_whoever_says_it() -> None:
    assert cost(Text(text="x" * 350)) == cost(Reasoning(text="x" * 350)) == cost(Refusal(text="x" * 350)) == 101
    assert cost(Text(text="ж" * 175)) == 101, "UTF-8, not characters"
    assert cost(Text(text="")) == 0


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (Image(source=Url("https://example.com/a.png")), IMAGE),
        (Image(source=InlineData("image/png", "A" * 40_000_000)), IMAGE),
        (Document(source=InlineData("application/pdf", "A" * 400)), IMAGE),
        (Document(source=InlineData("application/pdf", "A" * 400_000)), 15_000),
        (Document(source=PlainText(text="x" * 350)), 101),
        (Audio(source=InlineData("audio/wav", "A" * 4000)), 31),
        (ToolCall(id="call_1", name="read", arguments='{"path":1}'), PER_TURN + 5),
        (ToolResult(call_id="call_1", content=(Text(text="x" * 350),)), PER_TURN + 101),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_table_of_parts(block: Block, tokens: int) -> None:
    assert cost(block) == tokens


def test_system_and_tools_are_part_of_the_input() -> None:
    tool = FunctionTool(name="read", description="x" * 346, parameters=msgspec.Raw(b"{" + b" " * 348 + b"}"))
    assert estimate_input(request(tools=(tool,))) - EMPTY == PER_TOOL + estimate_text(700)
    assert estimate_input(request(system=(Text(text="x" * 350),))) - EMPTY == 101


def test_a_reply_is_all_that_its_candidates_say() -> None:
    assert estimate_output(reply(Text(text="x" * 350), Reasoning(text="x" * 350))) == 202
    assert estimate_output(reply()) == 0
