"""Paths of kept responses and conversations."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway import gateway
from tests.kept import kept

from plexus.client_api.state import (
    ALL_CONVERSATIONS,
    BELOW_RESPONSE,
    CONVERSATION,
    ITEM,
    ITEMS,
    RESPONSE,
    Place,
    find_kept,
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/v1/responses/resp_1", Place(RESPONSE, "resp_1")),
        ("/v1/responses/a%2Fb", Place(RESPONSE, "a/b")),
        ("/v1/responses/resp_1/input_items", Place(BELOW_RESPONSE[b"input_items"], "resp_1")),
        ("/v1/responses/resp_1/cancel", Place(BELOW_RESPONSE[b"cancel"], "resp_1")),
        ("/v1/conversations", Place(ALL_CONVERSATIONS)),
        ("/v1/conversations/conv_1", Place(CONVERSATION, "conv_1")),
        ("/v1/conversations/conv_1/items", Place(ITEMS, "conv_1")),
        ("/v1/conversations/conv_1/items/msg_1", Place(ITEM, "conv_1", "msg_1")),
    ],
)
def test_a_path_names_its_place(path: str, place: Place) -> None:
    assert find_kept(path.encode()) == place


@pytest.mark.parametrize(
    "path",
    [
        "/v1/responses/",
        "/v1/responses/resp_1/",
        "/v1/responses/resp_1/else",
        "/v1/responses/resp_1/cancel/x",
        "/v1/conversations/",
        "/v1/conversations/conv_1/else",
        "/v1/conversations/conv_1/items/",
        "/v1/conversations/conv_1/items/a/b",
        "/v1/conversationsx",
        "/v1/files",
    ],
)
def test_any_other_path_is_none(path: str) -> None:
    assert find_kept(path.encode()) is None


async def test_keys_methods_and_unknown_paths(tmp_path: Path) -> None:
    async with kept(tmp_path) as keeper, gateway(state=keeper.state) as bench:
        ask = bench.client
        assert (await ask.get("/v1/responses/x", headers={"authorization": "Bearer wrong"})).status_code == 401
        missing = await ask.get("/v1/responses/x")
        assert missing.status_code == 404
        assert missing.json()["error"]["message"] == "Response with id 'x' not found."
        assert missing.headers["x-request-id"].startswith("req_")
        wrong = await ask.put("/v1/responses/x")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, DELETE")
        assert (await ask.post("/v1/conversations", content=b"{")).status_code == 400
        assert (await ask.get("/v1/responses/x/else")).json()["error"]["code"] == "unknown_url"


async def test_without_a_store_there_is_no_such_path() -> None:
    async with gateway() as bench:
        assert (await bench.client.get("/v1/responses/x")).json()["error"]["code"] == "unknown_url"
