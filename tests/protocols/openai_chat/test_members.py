from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.protocols.openai_chat.making import raw

from plexus.canonical.content import CacheMark, Extras
from plexus.canonical.errors import ErrorKind
from plexus.protocols.openai_chat.members import (
    ABSENT,
    Members,
    Misfit,
    cache_control,
    foreign_names,
    is_null,
    own_members,
)


def members(**values: Any) -> Members:
    return Members(raw(values), "at")


def test_what_is_taken_is_gone_and_the_rest_is_extras() -> None:
    one = members(a=1, b="x", c=None, d={"e": 1})
    assert one.take("a", int) == 1
    assert one.take("c", int) is None
    assert one.extras() == Extras("openai_chat", {"b": raw("x"), "d": raw({"e": 1})})
    assert members(c=None).extras() is None


def test_other_types_are_misfits_with_their_path() -> None:
    with pytest.raises(Misfit, match=r"at\.a") as caught:
        members(a="x").take("a", int)
    error = caught.value.for_client()
    assert (error.kind, error.param) == (ErrorKind.BAD_REQUEST, "at.a")
    for wrong in (
        lambda: members().need("a", int),
        lambda: members(a=1).take_list("a"),
        lambda: members(a=1).take_members("a"),
    ):
        with pytest.raises(Misfit):
            wrong()


@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b'{"a":\xff}', b'{"a":' * 5000])
def test_what_is_no_object_is_a_misfit(body: bytes) -> None:
    with pytest.raises(Misfit):
        Members(body)


def test_values_that_do_not_fit_may_stay() -> None:
    one = members(a="x", b=7)
    assert one.take_if("a", int) is None
    assert one.take_text("b") is None
    assert one.take_text("a") == "x"
    assert one.take_if("b", int) == 7
    assert one.extras() is None


def test_nested_rests_are_put_back() -> None:
    one = members(a={"b": 1, "c": 2})
    inner = one.take_members("a")
    assert inner is not None
    assert inner.path == "at.a"
    assert inner.take("b", int) == 1
    one.put_back("a", inner)
    assert one.extras() == Extras("openai_chat", {"a": raw({"c": 2})})


@pytest.mark.parametrize("mark", [CacheMark(), CacheMark("5m"), CacheMark("1h")])
def test_cache_marks(mark: CacheMark) -> None:
    assert members(cache_control=cache_control(mark)).take_cache() == mark


def test_unknown_cache_marks_stay() -> None:
    one = members(cache_control={"type": "eternal"})
    assert one.take_cache() is None
    assert "cache_control" in one.values


def test_kinds_of_values() -> None:
    one = members(a="x", b=[1])
    assert one.is_string("a")
    assert one.is_list("b")
    assert not one.is_list("a")
    assert not one.is_string("z")
    assert is_null(ABSENT)
    assert is_null(msgspec.Raw(b"null"))
    assert not is_null(msgspec.Raw(b"true"))


def test_own_and_foreign_members() -> None:
    own, foreign = Extras("openai_chat", {"a": raw(1)}), Extras("gemini", {"a": raw(1)})
    assert own_members(own) == {"a": raw(1)}
    assert own_members(foreign) == own_members(None) == {}
    assert foreign_names(foreign) == ("a",)
    assert foreign_names(own) == foreign_names(None) == ()
