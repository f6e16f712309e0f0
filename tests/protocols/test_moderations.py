from __future__ import annotations

import json

import pytest
from tests.gateway import CHAT, gateway
from tests.recordings import Recording, recordings

from plexus.protocols.moderations import MODERATION
from plexus.protocols.openai_chat.dialect import ChatDialect


@pytest.mark.parametrize("recording", recordings("openai.moderations"), ids=repr)
def test_recorded_replies_are_whole(recording: Recording) -> None:
    assert recording.body is not None
    tap = MODERATION.tap(ChatDialect())
    tap.read(recording.body)
    assert (tap.failure, tap.empty, tap.ended) == (None, False, True)


@pytest.mark.parametrize("recording", recordings("openai.moderations"), ids=repr)
async def test_recorded_calls_go_up_as_they_came_but_for_the_model(recording: Recording) -> None:
    assert recording.request is not None
    model = recording.request["model"]
    async with gateway(CHAT, more={model: "mock-moderation"}) as bench:
        reply = await bench.client.post("/v1/moderations", content=recording.request_bytes)
        assert reply.status_code == 200
        (call,) = bench.providers[0].calls
        assert call.path == "/v1/moderations"
        assert call.body == recording.request_bytes.replace(json.dumps(model).encode(), b'"mock-moderation"')
        record = await bench.record()
        assert (record.operation, record.lane, record.notes) == ("moderate", "edit", ("tokens_estimated",))
        assert record.usage is not None
        assert record.usage.estimated


async def test_a_call_without_a_model_means_openais_default() -> None:
    async with gateway(CHAT, more={"omni-moderation-latest": "omni-moderation-latest"}) as bench:
        reply = await bench.client.post("/v1/moderations", json={"input": ["I will kill", "a nice day"]})
        assert [one["flagged"] for one in reply.json()["results"]] == [True, False]
        assert bench.providers[0].calls[0].json["model"] == "omni-moderation-latest"


async def test_where_nobody_has_that_model_it_is_a_404() -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.post("/v1/moderations", json={"input": "x"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")
