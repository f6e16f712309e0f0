"""The steps in order, and that each exchange leaves one record whatever stops it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.builders import key, provider, route, snapshot, target
from tests.exchange.parts import DONE, USAGE, Lab, call, chunk, json_reply, lab, stream_reply

from plexus.canonical.errors import ClientError, ErrorKind, TransportError
from plexus.exchange.call import Call
from plexus.exchange.pipeline import run


async def test_a_json_call_from_the_key_to_the_record() -> None:
    bench = lab(json_reply(x_request_id="up_1"))
    record = await bench.ask(user_agent="tester/1", x_request_id="mine")
    assert bench.sink.status == 200
    assert bench.said["choices"][0]["message"]["content"] == "Hi."
    assert (record.status, record.key, record.client_ip, record.user_agent) == (200, "tester", "127.0.0.9", "tester/1")
    assert (record.protocol, record.operation, record.model, record.route) == (
        "openai_chat",
        "generate",
        "chat",
        "chat",
    )
    assert (record.provider, record.target_model, record.lane, record.reason) == ("acme", "m1", "edit", "in_order")
    assert (record.finish, record.stream, record.client_request_id) == ("stop", False, "mine")
    assert record.usage is not None
    assert (record.usage.input, record.usage.output, record.usage.estimated) == (5, 2, False)
    assert record.bytes_out == len(bench.sink.body)
    (attempt,) = record.attempts
    assert (attempt.number, attempt.status, attempt.upstream_request_id) == (1, 200, "up_1")
    assert bench.sink.headers.get(b"x-request-id") == record.id.encode()
    assert bench.sink.headers.get(b"x-plexus-target") == b"acme/m1"
    assert bench.sink.headers.get(b"x-plexus-attempts") == b"1"
    assert bench.sink.headers.get(b"x-upstream-request-id") == b"up_1"


async def test_a_stream_from_the_key_to_the_record() -> None:
    bench = lab(stream_reply(chunk("Hel"), chunk("lo"), chunk(finish="stop"), USAGE, DONE))
    record = await bench.ask({"stream": True, "stream_options": {"include_usage": True}})
    assert bench.sink.body == chunk("Hel") + chunk("lo") + chunk(finish="stop") + USAGE + DONE
    assert bench.sink.ended
    assert (record.status, record.stream, record.finish, record.error) == (200, True, "stop", None)
    assert record.first_token_us is not None
    assert record.bytes_out == len(bench.sink.body)


async def test_the_opening_is_in_the_journal_before_the_provider_is_called() -> None:
    bench = lab(None)
    asking = asyncio.create_task(bench.ask())
    await bench.upstream.called.wait()
    (opening,) = bench.journal.openings
    assert (opening.key, opening.model, opening.target, opening.bytes_in > 0) == ("tester", "chat", "acme/m1", True)
    assert bench.journal.records == []
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


REFUSED: list[tuple[Call, int, str | None]] = [
    # the call, status, error kind in the record (None: no record, since nobody knows whose it is)
    (call(secret="sk-someone-else-entirely"), 401, None),
    (call(b"not json"), 400, "bad_request"),
    (call({"model": "nowhere"}), 404, "model_unknown"),
    (call({"model": "other"}), 403, "key_forbidden"),
    (call({"messages": [{"role": "narrator", "content": "x"}], "model": "translated"}), 400, "bad_request"),
]


@pytest.mark.parametrize(("refused", "status", "error"), REFUSED)
async def test_a_call_that_is_refused_costs_no_call_upstream(refused: Call, status: int, error: str | None) -> None:
    elsewhere = target(provider("b", protocols=("anthropic_messages",)))
    routes = (route("chat"), route("other"), route("translated", elsewhere))
    bench = lab(of=snapshot(*routes, keys=(key(models="chat|translated"),)))
    await run(refused, bench.sink, bench.gateway)
    assert bench.sink.status == status
    assert bench.said["error"]["message"]
    assert bench.upstream.requests == []
    assert [record.error for record in bench.journal.records] == ([error] if error else [])
    assert bench.gateway.counters.refused == (0 if error else 1)
    assert bench.gateway.counters.active == 0


async def test_a_body_that_cannot_be_read_is_answered_and_recorded() -> None:
    async def too_large(limit: int) -> bytes:
        raise ClientError(ErrorKind.BODY_TOO_LARGE, f"more than {limit}", code="request_too_large")

    bench = lab()
    await run(msgspec.structs.replace(call(), read_body=too_large), bench.sink, bench.gateway)
    assert bench.sink.status == 413
    assert bench.journal.records[0].error == "body_too_large"


async def test_a_client_that_leaves_is_recorded_as_gone_and_told_nothing() -> None:
    bench = lab(None)
    asking = asyncio.create_task(bench.ask())
    await bench.upstream.called.wait()
    bench.sink.gone = True
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (record,) = bench.journal.records
    assert (record.status, record.error, bench.sink.committed) == (499, "client_gone", False)


async def test_a_gateway_that_stops_says_so() -> None:
    bench = lab(None)
    asking = asyncio.create_task(bench.ask())
    await bench.upstream.called.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert bench.sink.status == 503
    assert bench.journal.records[0].error == "shutting_down"


async def test_our_own_defect_is_a_500_that_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    bench = lab()

    class Broken:
        async def send(self, *_: Any, **__: Any) -> Any:
            raise ZeroDivisionError("secret detail")

    bench.gateway.upstream = Broken()
    record = await bench.ask()
    assert (bench.sink.status, record.error) == (500, "internal")
    assert "secret detail" not in bench.sink.body.decode()
    assert "secret detail" in caplog.text


async def test_the_client_s_deadline_ends_it() -> None:
    bench = lab(None)
    record = await bench.ask(x_plexus_deadline_ms="10")
    assert (bench.sink.status, record.error) == (504, "deadline")


async def test_an_exchange_keeps_the_configuration_that_it_began_with() -> None:
    first, second = snapshot(route("chat", target(model="old"))), snapshot(route("chat", target(model="new")))
    bench: Lab = lab(TransportError(ErrorKind.RESET, "reset"), json_reply(), of=first)
    bench.gateway.sleep = _swap(bench, second)
    record = await bench.ask()
    assert [attempt.model for attempt in record.attempts] == ["old", "old"]
    bench.upstream.script.append(json_reply())
    bench.sink.committed = False
    assert (await bench.ask()).target_model == "new"


def _swap(bench: Lab, new: Any) -> Any:
    async def sleep(seconds: float) -> None:
        bench.waits.append(seconds)
        bench.gateway.snapshot = lambda: new

    return sleep
