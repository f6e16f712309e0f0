"""Both spellings of a member, and one of them only."""

from __future__ import annotations

import msgspec
import pytest

from plexus.canonical.errors import ClientError
from plexus.protocols.gemini.names import camel, take_node, take_nodes
from plexus.protocols.members import Members, Object


def node(text: str) -> Members:
    return Members(msgspec.json.decode(text, type=Object))


def test_own_members_are_spelled_in_camel_case() -> None:
    found = camel(node('{"mime_type": 1, "fileUri": 2, "_responseJsonSchema": 3, "a_b_c": {"d_e": 4}}'))
    assert set(found.raw) == {"mimeType", "fileUri", "_responseJsonSchema", "aBC"}
    assert bytes(found.raw["aBC"]) == b'{"d_e": 4}'


def test_both_spellings_at_once_are_refused() -> None:
    with pytest.raises(ClientError, match="same member"):
        camel(node('{"system_instruction": 1, "systemInstruction": 2}'))


def test_a_lone_object_stands_for_a_list_of_one() -> None:
    assert [set(each.raw) for each in take_nodes(node('{"parts": {"inline_data": 1}}'), "parts")] == [{"inlineData"}]
    assert [set(each.raw) for each in take_nodes(node('{"parts": [{"a_b": 1}, {}]}'), "parts")] == [{"aB"}, set()]
    assert take_nodes(node("{}"), "parts") == []
    assert take_node(node('{"x": null}'), "x") is None
