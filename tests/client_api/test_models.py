from __future__ import annotations

import json
from typing import Any

import pytest
from tests.builders import key, route, snapshot

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.client_api.models import get_model, list_models

NOW = 1_770_000_000
MANY = snapshot(*(route(f"m{number:02}") for number in range(25)), loaded_at=NOW)
TWO = snapshot(route("chat", aliases=("gpt-4", "x/y")), route("secret"), loaded_at=NOW)


def listed(models: str | None = None, *, anthropic: bool = False, of: Any = TWO, **query: str) -> dict[str, Any]:
    protocol = "anthropic_messages" if anthropic else "openai_chat"
    document: dict[str, Any] = json.loads(list_models(key(models=models), of, protocol=protocol, query=query))
    return document


def test_openais_list() -> None:
    document = listed()
    assert document["object"] == "list"
    assert [each["id"] for each in document["data"]] == ["chat", "gpt-4", "x/y", "secret"]
    assert document["data"][0] == {"id": "chat", "object": "model", "created": NOW, "owned_by": "plexus"}


def test_a_key_sees_what_it_may_use() -> None:
    assert [each["id"] for each in listed("chat")["data"]] == ["chat", "gpt-4", "x/y"]
    assert listed("nothing")["data"] == []


def test_anthropics_list() -> None:
    document = listed(anthropic=True)
    assert document["data"][0] == {
        "type": "model", "id": "chat", "display_name": "chat", "created_at": "2026-02-02T02:40:00Z",
    }  # fmt: skip
    assert (document["first_id"], document["last_id"], document["has_more"]) == ("chat", "secret", False)
    empty = listed("nothing", anthropic=True)
    assert (empty["data"], empty["first_id"], empty["last_id"], empty["has_more"]) == ([], None, None, False)


@pytest.mark.parametrize(
    ("query", "first", "last", "more"),
    [
        ({}, "m00", "m19", True),
        ({"limit": "5"}, "m00", "m04", True),
        ({"limit": "1000"}, "m00", "m24", False),
        ({"limit": "0"}, "m00", "m00", True),
        ({"limit": "99999"}, "m00", "m24", False),
        ({"limit": "many"}, "m00", "m19", True),
        ({"limit": "-1"}, "m00", "m19", True),
        ({"after_id": "m04", "limit": "5"}, "m05", "m09", True),
        ({"after_id": "m19"}, "m20", "m24", False),
        ({"after_id": "unknown", "limit": "5"}, "m00", "m04", True),
        ({"before_id": "m10", "limit": "5"}, "m05", "m09", True),
        ({"before_id": "m03", "limit": "5"}, "m00", "m02", False),
        ({"before_id": "m05", "limit": "5"}, "m00", "m04", False),
    ],
)
def test_anthropics_pages(query: dict[str, str], first: str, last: str, more: bool) -> None:
    document = listed(anthropic=True, of=MANY, **query)
    assert (document["first_id"], document["last_id"], document["has_more"]) == (first, last, more)
    assert [document["data"][0]["id"], document["data"][-1]["id"]] == [first, last]


def test_pages_forward_hold_every_model_once() -> None:
    seen: list[str] = []
    query = {"limit": "7"}
    while True:
        page = listed(anthropic=True, of=MANY, **query)
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        query["after_id"] = page["last_id"]
    assert seen == [f"m{number:02}" for number in range(25)]


@pytest.mark.parametrize(("encoded", "name"), [("chat", "chat"), ("gpt-4", "gpt-4"), ("x%2Fy", "x/y"), ("x/y", "x/y")])
@pytest.mark.parametrize(
    ("protocol", "shape"),
    [("openai_chat", ("id", "owned_by")), ("anthropic_messages", ("id", "display_name")),
     ("gemini", ("baseModelId", "supportedGenerationMethods"))],
)  # fmt: skip
def test_one_model_by_any_of_its_names(encoded: str, name: str, protocol: str, shape: tuple[str, str]) -> None:
    document = json.loads(get_model(encoded, key(), TWO, protocol=protocol))
    assert document[shape[0]] == name
    assert shape[1] in document


def test_geminis_pages_are_the_whole_list() -> None:
    names: list[str] = []
    query = {"pageSize": "10"}
    for size in (10, 10, 5):
        page = json.loads(list_models(key(), MANY, protocol="gemini", query=query))
        names += [each["name"] for each in page["models"]]
        assert len(page["models"]) == size
        query["pageToken"] = page.get("nextPageToken", "")
    assert names == [f"models/m{number:02}" for number in range(25)]
    assert query["pageToken"] == ""


@pytest.mark.parametrize("name", ["nope", "secret", ""])
def test_a_model_that_is_not_there_and_one_that_is_forbidden_look_alike(name: str) -> None:
    with pytest.raises(ClientError) as refused:
        get_model(name, key(models="chat"), TWO, protocol="openai_chat")
    assert refused.value.kind is ErrorKind.MODEL_UNKNOWN
    assert "forbidden" not in refused.value.message.lower()
