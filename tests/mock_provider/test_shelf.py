"""What is kept, how long, and how it is found."""

from __future__ import annotations

from plexus.mock_provider.shelf import Shelf, Stored


def _stored(name: str) -> Stored:
    return Stored({"output": [{"id": f"out-{name}"}]}, ({"id": f"in-{name}"},), ({"id": f"before-{name}"},))


def test_the_conversation_is_in_order() -> None:
    assert [item["id"] for item in _stored("a").conversation] == ["before-a", "in-a", "out-a"]


def test_items_are_found_by_id() -> None:
    shelf = Shelf()
    shelf.add("a", _stored("a"))
    assert shelf.get("a") == _stored("a")
    assert [shelf.item(f"{place}-a") for place in ("before", "in", "out")] == list(_stored("a").conversation)
    assert (shelf.item("x"), shelf.get("x")) == (None, None)


def test_what_is_removed_is_gone() -> None:
    shelf = Shelf()
    shelf.add("a", _stored("a"))
    assert [shelf.remove("a"), shelf.remove("a")] == [True, False]
    assert (shelf.get("a"), shelf.item("out-a")) == (None, None)


def test_the_oldest_makes_room() -> None:
    shelf = Shelf(size=2)
    for name in "abc":
        shelf.add(name, _stored(name))
    assert [shelf.get(name) is not None for name in "abc"] == [False, True, True]
