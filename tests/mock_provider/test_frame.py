"""Events as bytes."""

from __future__ import annotations

from plexus.mock_provider.frame import Frame


def test_an_event_is_its_name_and_its_data() -> None:
    assert Frame("delta", {"a": 1}).encode() == b'data: {"a":1}\n\n'
    assert Frame("delta", {"a": 1}, "x").encode() == b'event: x\ndata: {"a":1}\n\n'
    assert Frame("done", "[DONE]").encode() == b"data: [DONE]\n\n"


def test_padding_stands_before_the_last_brace() -> None:
    assert Frame("delta", {"a": {}}, padding=2).encode() == b'data: {"a":{}  }\n\n'
    assert Frame("done", "[DONE]", padding=2).encode() == b"data: [DONE]\n\n"


def test_members_are_changed_in_a_copy() -> None:
    frame = Frame("delta", {"a": 1, "b": 2}, "x", 3, 4)
    assert frame.changed(b=5) == Frame("delta", {"a": 1, "b": 5}, "x", 3, 4)
    assert frame.data == {"a": 1, "b": 2}
    assert Frame("done", "[DONE]").changed(b=5) == Frame("done", "[DONE]")
