"""What may be said in a step."""

from __future__ import annotations

import pytest

from plexus.mock_provider.answer import Part, Text, ToolCall
from plexus.mock_provider.steps import Content, parts_of


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("hi", (Text("hi"),)),
        ("", ()),
        ((), ()),
        (ToolCall("f"), (ToolCall("f"),)),
        (["a", ToolCall("f"), ""], (Text("a"), ToolCall("f"))),
    ],
)
def test_content_as_parts(content: Content, parts: tuple[Part, ...]) -> None:
    assert content is not None
    assert parts_of(content) == parts
