from __future__ import annotations

import json

import pytest
from tests.protocols.anthropic_messages.making import OWN, raw

from plexus.canonical.content import Block, Citation, Opaque, Text, ToolCall
from plexus.canonical.events import ArgumentsDelta, BlockEnd, CitationDelta
from plexus.protocols.anthropic_messages.stream.open_block import OpenBlock

SERVER = Opaque(origin=OWN, kind="server_tool_use", raw=raw({"type": "server_tool_use", "input": {}}))
CITED = raw({"type": "page_location", "cited_text": "x"})


def test_a_tools_input_is_told_once_by_deltas_or_at_the_end() -> None:
    opened = OpenBlock(0, ToolCall(id="t", name="f", arguments='{"a": 1}'), 0)
    assert opened.first_form() == ToolCall(id="t", name="f", arguments="")
    assert opened.close(0) == [ArgumentsDelta(0, '{"a": 1}'), BlockEnd(0)]
    opened.pending = None  # a delta has come
    assert opened.close(0) == [BlockEnd(0)]


def test_citations_wait_for_the_end_of_their_text() -> None:
    early = Citation(origin=OWN, kind="page_location", cited_text="x", raw=CITED)
    opened = OpenBlock(2, Text(text="ab", citations=(early,)), 10)
    assert opened.first_form() == Text(text="ab")
    opened.citations += [CITED, raw("rubbish")]
    *cited, end = opened.close(15)
    assert end == BlockEnd(2)
    assert [(event.citation.start, event.citation.end) for event in cited if isinstance(event, CitationDelta)] == [
        (10, 15),
        (10, 15),
    ]


@pytest.mark.parametrize(("pieces", "found"), [(['{"q"', ': "x"}'], {"q": "x"}), (['{"q'], '{"q')])
def test_an_opaque_block_takes_its_deltas_in(pieces: list[str], found: object) -> None:
    opened = OpenBlock(0, SERVER, 0)
    opened.input += pieces
    opened.patches.append({"type": raw("x_delta"), "note": raw("n")})
    [end] = opened.close(0)
    assert isinstance(end, BlockEnd)
    assert isinstance(end.block, Opaque)
    assert json.loads(bytes(end.block.raw)) == {"type": "server_tool_use", "input": found, "note": "n"}


@pytest.mark.parametrize("block", [SERVER, Text(text="a")])
def test_a_block_that_its_start_said_whole_ends_plainly(block: Block) -> None:
    opened = OpenBlock(0, block, 0)
    assert opened.first_form() is block
    assert opened.close(1) == [BlockEnd(0)]
