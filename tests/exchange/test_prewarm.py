"""A call that generates nothing: an answer with an id, a record, and nobody is asked."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.builders import SECRET
from tests.exchange.parts import Lab, call, lab

from plexus.exchange.pipeline import run
from plexus.protocols.sse import split_events

ASKED = {"input": "Hi", "stream": True, "instructions": "Be brief.", "messages": None}


async def prewarm(bench: Lab, body: dict[str, object], secret: str = SECRET) -> None:
    asked = call(body, protocol="openai_responses", secret=secret)
    await run(msgspec.structs.replace(asked, generate=False), bench.sink, bench.gateway)


async def test_a_prewarm_is_a_complete_reply_with_nothing_in_it() -> None:
    bench = lab()
    await prewarm(bench, ASKED)
    events = [json.loads(event.data) for event in split_events(bench.sink.body)]
    assert [event["type"] for event in events] == ["response.created", "response.in_progress", "response.completed"]
    whole = events[-1]["response"]
    assert (whole["status"], whole["output"], whole["model"], whole["instructions"]) == (
        "completed", [], "chat", "Be brief.",
    )  # fmt: skip
    assert whole["id"].startswith("resp_")
    assert whole["usage"]["total_tokens"] == 0
    assert (bench.sink.status, bench.sink.ended) == (200, True)
    assert (bench.upstream.requests, bench.journal.openings) == ([], [])
    (record,) = bench.journal.records
    assert (record.status, record.notes, record.attempts, record.usage) == (200, ("prewarm",), (), None)
    assert (record.model, record.route, record.key) == ("chat", "chat", "tester")


async def test_every_one_has_an_id_of_its_own() -> None:
    said = []
    for _ in range(2):
        bench = lab()
        await prewarm(bench, ASKED)
        said.append(json.loads(split_events(bench.sink.body)[0].data)["response"]["id"])
    assert len(set(said)) == 2


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [
        ({**ASKED, "model": "unknown"}, SECRET, 404),
        ({**ASKED, "input": 1}, SECRET, 400),
        (ASKED, "sk-somebody-else-000", 401),
    ],
)
async def test_what_would_be_refused_is_refused(body: dict[str, object], secret: str, status: int) -> None:
    bench = lab()
    await prewarm(bench, body, secret)
    assert bench.sink.status == status
    assert json.loads(bench.sink.body)["error"]["message"]
