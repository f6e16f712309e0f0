from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.properties import inbound

from plexus.protocols.openai_responses import CODEC
from plexus.protocols.openai_responses.names import LONGEST, KnownTool, flat_name, known_tools


def test_flat_names() -> None:
    assert flat_name("files", "read") == "files__read"
    assert flat_name("mcp__files__", "read") == "mcp__files__read"


@given(st.text("ab_", min_size=1, max_size=80), st.text("ab_", min_size=1, max_size=80))
def test_a_flat_name_is_never_too_long_and_always_the_same(namespace: str, name: str) -> None:
    flat = flat_name(namespace, name)
    assert len(flat) <= LONGEST
    assert flat == flat_name(namespace, name)
    if len(namespace) + len(name) > LONGEST:
        assert flat != flat_name(namespace, name + "a")


def test_tools_are_known_by_their_flat_names() -> None:
    tools = [
        {"type": "function", "name": "f"},
        {"type": "custom", "name": "c"},
        {"type": "web_search"},
        {
            "type": "namespace",
            "name": "n",
            "description": "d",
            "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}],
        },
    ]
    request = CODEC.decode_request(inbound({"model": "m", "input": "hi", "tools": tools}))
    assert known_tools(request) == {
        "f": KnownTool("f", None, custom=False),
        "c": KnownTool("c", None, custom=True),
        "n__f": KnownTool("f", "n", custom=False),
        "n__c": KnownTool("c", "n", custom=True),
    }
