"""Operations that only a provider of the client's own protocol can serve."""

from __future__ import annotations

import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import json_reply, lab

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.domain.route import Target
from plexus.exchange.native import serves_natively
from plexus.protocols.openai_responses import COMPACT_CODEC, COUNT_CODEC
from plexus.protocols.openai_responses.dialect import ResponsesDialect

RESPONSES = "openai_responses"
COMPACTION = {"object": "response.compaction", "output": [], "usage": {"input_tokens": 9, "output_tokens": 3}}
ASK = {"input": "Hi", "messages": None}


def of(name: str, protocol: str, dialect: ResponsesDialect | None = None) -> Target:
    dialects = {} if dialect is None else {protocol: dialect}
    return target(provider(name, protocols=(protocol,), dialects=dialects), "m2")


CHAT = of("chat", "openai_chat")
NATIVE = of("native", RESPONSES)


def test_who_serves_what() -> None:
    assert [serves_natively(NATIVE, codec) for codec in (COUNT_CODEC, COMPACT_CODEC)] == [True, True]
    assert [serves_natively(CHAT, codec) for codec in (COUNT_CODEC, COMPACT_CODEC)] == [False, False]
    counts = of("counts", RESPONSES, ResponsesDialect(has_compact=False))
    assert [serves_natively(counts, codec) for codec in (COUNT_CODEC, COMPACT_CODEC)] == [True, False]
    compacts = of("compacts", RESPONSES, ResponsesDialect(has_count_tokens=False))
    assert [serves_natively(compacts, codec) for codec in (COUNT_CODEC, COMPACT_CODEC)] == [False, True]


async def test_the_first_target_that_can_is_asked_and_billed() -> None:
    bench = lab(json_reply(COMPACTION), of=snapshot(route("chat", CHAT, NATIVE)))
    record = await bench.ask(ASK, protocol=RESPONSES, operation="compact")
    assert bench.said == COMPACTION
    (request,) = bench.upstream.requests
    assert request.target == b"/v1/responses/compact"
    assert b'"model":"m2"' in request.body
    assert record.usage is not None
    assert (record.usage.input, record.usage.output, record.operation) == (9, 3, "compact")


NO_PATH = ProviderError(ErrorKind.UPSTREAM_PATH, "Not here.", status=404)


@pytest.mark.parametrize("native", [CHAT, of("none", RESPONSES, ResponsesDialect(has_compact=False)), NATIVE])
async def test_where_none_can_it_is_a_404_that_says_what_to_do(native: Target) -> None:
    bench = lab(NO_PATH, of=snapshot(route("chat", native)))
    record = await bench.ask(ASK, protocol=RESPONSES, operation="compact")
    assert bench.sink.status == 404
    assert bench.said["error"]["code"] == "operation_not_supported"
    assert "POST /v1/responses" in bench.said["error"]["message"]
    assert record.error == "not_found"
    assert len(bench.upstream.requests) == (native is NATIVE)


async def test_a_provider_that_turns_out_not_to_count_is_estimated_for() -> None:
    bench = lab(NO_PATH, of=snapshot(route("chat", NATIVE)))
    record = await bench.ask(ASK, protocol=RESPONSES, operation="count_tokens")
    assert bench.said["object"] == "response.input_tokens"
    assert bench.said["input_tokens"] > 0
    assert bench.sink.headers.get(b"x-plexus-estimated") == b"true"
    assert (record.status, record.usage) == (200, None)
    assert [attempt.error for attempt in record.attempts] == ["upstream_path"]


async def test_any_other_failure_is_the_clients() -> None:
    refused = ProviderError(ErrorKind.BAD_REQUEST, "No.", status=400)
    for operation in ("count_tokens", "compact"):
        bench = lab(refused, of=snapshot(route("chat", NATIVE)))
        record = await bench.ask(ASK, protocol=RESPONSES, operation=operation)
        assert (bench.sink.status, record.error) == (400, "bad_request")


async def test_a_sealed_thought_is_opened_for_the_operation_not_for_a_reply() -> None:
    """A body that has to be written anew goes where it was meant to, without what belongs to a reply alone."""
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "plx1.not-ours"}
    items = [sealed, {"role": "user", "content": "Hi"}]
    for operation, path in (("count_tokens", b"/v1/responses/input_tokens"), ("compact", b"/v1/responses/compact")):
        reply = {**COMPACTION, "input_tokens": 3}
        bench = lab(json_reply(reply), of=snapshot(route("chat", NATIVE)))
        await bench.ask({"input": items, "messages": None, "store": False}, protocol=RESPONSES, operation=operation)
        (request,) = bench.upstream.requests
        assert request.target == path
        assert b"store" not in request.body
