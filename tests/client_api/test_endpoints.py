"""Paths to endpoints, and Gemini's paths on the port: which are served, which are a 404, which form the reply has."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, gateway
from tests.recordings import Recording, recordings

from plexus.client_api.endpoints import ACTIONS, find_place, find_raw
from plexus.mock_provider import Raw

HI: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (b"/v1beta/models/m:generateContent", ("m", "generateContent")),
        (b"/v1/models/m:countTokens", ("m", "countTokens")),
        (b"/v1beta/models/org/m:1.5:generateContent", ("org/m:1.5", "generateContent")),
        (b"/v1beta/models/org%2Fm%3A1:generateContent", ("org/m:1", "generateContent")),
        (b"/v1beta/models/m", None),
        (b"/v1beta/models/:generateContent", None),
        (b"/v1beta/models/a:b/c", None),
        (b"/v1beta/modelsm:generateContent", None),
        (b"/v2/models/m:generateContent", None),
    ],
)
def test_model_and_action_stand_in_the_path(path: bytes, place: tuple[str, str] | None) -> None:
    assert find_place(path) == place


@pytest.mark.parametrize("prefix", ["/v1beta", "/v1"])
@pytest.mark.parametrize("action", ["predict", "embedText", "batchGenerateContent", "generatecontent", ""])
async def test_an_unknown_action_is_a_404_and_reaches_nobody(prefix: str, action: str) -> None:
    assert action not in ACTIONS
    async with gateway(GEMINI) as bench:
        reply = await bench.client.post(f"{prefix}/models/chat:{action}", json=HI)
        assert reply.status_code == 404
        assert reply.json()["error"]["status"] == "NOT_FOUND"
        assert not bench.providers[0].calls


async def test_an_unknown_model_is_a_404_in_geminis_shape() -> None:
    async with gateway(GEMINI) as bench:
        reply = await bench.client.post("/v1beta/models/nobody:generateContent", json=HI)
        assert (reply.status_code, reply.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("upstream", [GEMINI, CHAT, MESSAGES])
@pytest.mark.parametrize("prefix", ["/v1beta", "/v1"])
async def test_the_key_may_stand_in_the_query_and_goes_no_further(upstream: str, prefix: str) -> None:
    async with gateway(upstream) as bench:
        del bench.client.headers["authorization"]
        reply = await bench.client.post(f"{prefix}/models/chat:streamGenerateContent?key={SECRET}&alt=sse", json=HI)
        assert reply.status_code == 200
        (call,) = bench.providers[0].calls
        sent = repr([*call.headers, call.path, call.query, call.body])
        assert SECRET not in sent
        assert "upstream-secret" in sent


@pytest.mark.parametrize("upstream", [GEMINI, CHAT, MESSAGES])
async def test_a_stream_without_sse_is_one_json_array(upstream: str) -> None:
    async with gateway(upstream, models=("mock-words-100",)) as bench:
        array = await bench.client.post("/v1beta/models/chat:streamGenerateContent", json=HI)
        assert array.headers["content-type"].startswith("application/json")
        chunks = array.json()
        assert len(chunks) > 2
        assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"
        record = await bench.record()
        assert record.usage is not None
        assert record.usage.output == chunks[-1]["usageMetadata"]["candidatesTokenCount"]
        assert record.finish == "stop"


FORMS = [each for each in recordings("gemini.generate") if each.status == 200 and "stream" in each.request_path]


@pytest.mark.parametrize("recording", [each for each in FORMS if "mid-stream" not in each.id][::4], ids=repr)
async def test_both_forms_come_back_byte_for_byte(recording: Recording) -> None:
    body = recording.body or (recording.sse or b"")
    query, kind = ("", "application/json") if recording.body else ("?alt=sse", "text/event-stream")
    async with gateway(GEMINI) as bench:
        bench.providers[0].script(Raw(body, kind))
        reply = await bench.client.post(f"/v1beta/models/chat:streamGenerateContent{query}", json=HI)
        assert reply.content.rstrip() == body.rstrip()
        (call,) = bench.providers[0].calls
        assert call.body == reply.request.content
        record = await bench.record()
        assert record.usage is not None
        assert record.attempts[0].lane == "pass"


@pytest.mark.parametrize("upstream", [GEMINI, CHAT, MESSAGES])
async def test_an_array_that_breaks_is_still_json_and_ends_in_an_error(upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-cut-mid-stream",)) as bench:
        reply = await bench.client.post("/v1beta/models/chat:streamGenerateContent", json=HI)
        chunks = reply.json()
        assert chunks[0]["candidates"]
        assert chunks[-1]["error"]["status"] == "INTERNAL"


@pytest.mark.parametrize(
    ("path", "headers", "shape"),
    [
        ("/v1/models", {"x-goog-api-key": SECRET}, "models"),
        (f"/v1/models?key={SECRET}", {}, "models"),
        ("/v1beta/models", {"authorization": f"Bearer {SECRET}"}, "models"),
        ("/v1/models", {"authorization": f"Bearer {SECRET}"}, "object"),
        ("/v1/models", {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}, "has_more"),
    ],
)
async def test_the_list_has_the_shape_of_who_asks(path: str, headers: dict[str, str], shape: str) -> None:
    async with gateway(CHAT) as bench:
        del bench.client.headers["authorization"]
        assert shape in (await bench.client.get(path, headers=headers)).json()


async def test_geminis_list_has_pages_and_each_model_its_page() -> None:
    async with gateway(CHAT) as bench:
        page = (await bench.client.get("/v1beta/models?pageSize=1&pageToken=9")).json()
        assert page == {"models": []}
        huge = await bench.client.get("/v1beta/models?pageSize=" + "9" * 5000)
        assert huge.status_code == 200
        one = (await bench.client.get("/v1beta/models/chat")).json()
        assert one["name"] == "models/chat"
        assert "generateContent" in one["supportedGenerationMethods"]
        missing = await bench.client.get("/v1beta/models/nobody")
        assert (missing.status_code, missing.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (b"/raw/openai/v1/files", ("openai", b"/v1/files")),
        (b"/raw/my%20own/v1/a%2Fb", ("my own", b"/v1/a%2Fb")),
        (b"/raw/openai", ("openai", b"")),
        (b"/raw/openai/", ("openai", b"/")),
        (b"/raw//v1", ("", b"/v1")),
    ],
)
def test_a_raw_path_names_its_provider(path: bytes, place: tuple[str, bytes]) -> None:
    assert find_raw(path) == place
