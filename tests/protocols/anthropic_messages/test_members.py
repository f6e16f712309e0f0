from __future__ import annotations

import msgspec
import pytest

from plexus.canonical.content import CacheMark, Extras
from plexus.protocols.anthropic_messages.members import PROTOCOL, Members, Misfit, cache_control


def test_what_is_taken_is_gone_and_the_rest_is_extras() -> None:
    members = Members(b'{"a": 1, "b": null, "c": "x", "d": [1, 2], "e": {"f": 0}}', "top")
    assert members.take("a", int) == 1
    assert members.take("missing", str) is None
    assert members.is_string("c")
    assert not members.is_string("d")
    assert not members.is_string("missing")
    assert [bytes(raw) for raw in members.take_list("d") or ()] == [b"1", b"2"]
    extras = members.extras()
    assert extras == Extras(PROTOCOL, {"c": msgspec.Raw(b'"x"'), "e": msgspec.Raw(b'{"f": 0}')})


def test_nulls_are_absent() -> None:
    members = Members(b'{"a": null, "b": null, "c": null}', "")
    assert members.take("a", int) is None
    assert members.take_raw("b") is None
    assert members.take_list("c") is None
    assert members.extras() is None


@pytest.mark.parametrize(
    ("body", "read", "path"),
    [
        (b"[]", lambda m: m, "top"),
        (b'{"a": "x"}', lambda m: m.take("a", int), "top.a"),
        (b'{"a": "\xff"}', lambda m: m.take("a", str), "top.a"),
        (b"{}", lambda m: m.need("a", str), "top.a"),
        (b'{"a": {}}', lambda m: m.take_list("a"), "top.a"),
        (b'{"a": ' + b"[" * 9000 + b"]" * 9000 + b"}", lambda m: m.take("a", list), "top"),
    ],
)
def test_a_misfit_names_its_place(body: bytes, read: object, path: str) -> None:
    assert callable(read)
    with pytest.raises(Misfit) as wrong:
        read(Members(body, "top"))
    assert wrong.value.path == path


@pytest.mark.parametrize("mark", [CacheMark(), CacheMark("5m"), CacheMark("1h")])
def test_cache_marks_survive(mark: CacheMark) -> None:
    members = Members(msgspec.json.encode({"cache_control": cache_control(mark)}), "")
    assert members.take_cache() == mark
    assert members.extras() is None


@pytest.mark.parametrize(
    "control", [{"type": "ephemeral", "ttl": "9h"}, {"type": "eternal"}, {"type": "ephemeral", "x": 1}]
)
def test_an_unknown_cache_control_stays_as_it_is(control: dict[str, object]) -> None:
    members = Members(msgspec.json.encode({"cache_control": control}), "")
    assert members.take_cache() is None
    extras = members.extras()
    assert extras is not None
    assert msgspec.json.decode(extras.members["cache_control"]) == control
