"""Pages of lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.exchange.turns.making import raw

from plexus.canonical.errors import ClientError
from plexus.exchange.turns.paging import list_of, page_of

ITEMS = [raw(id=str(number)) for number in range(30)]


def page(**query: str) -> tuple[list[str], Any]:
    found = json.loads(bytes(page_of(ITEMS, query)))
    names = [item["id"] for item in found.pop("data")]
    assert found.pop("object") == "list"
    assert (found.pop("first_id"), found.pop("last_id")) == ((names[0], names[-1]) if names else (None, None))
    return names, found


def test_the_newest_come_first() -> None:
    assert page() == ([str(number) for number in range(29, 9, -1)], {"has_more": True})
    assert page(order="asc", limit="2") == (["0", "1"], {"has_more": True})


def test_pages_follow_each_other() -> None:
    assert page(order="asc", after="27", limit="2") == (["28", "29"], {"has_more": False})
    assert page(after="1") == (["0"], {"has_more": False})
    assert page(after="0") == ([], {"has_more": False})
    assert page(order="asc", limit="100")[0] == [str(number) for number in range(30)]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": ""}, {"order": "up"}, {"after": "99"}]
)
def test_wrong_parameters_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(ClientError):
        page_of(ITEMS, query)


def test_an_empty_list_names_nothing() -> None:
    assert json.loads(bytes(list_of([])))["first_id"] is None
