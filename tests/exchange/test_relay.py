"""Behind the commit: what is relayed, what ends it, and who waits for whom."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import DONE, USAGE, Lab, ScriptedReply, chunk, lab, stream_reply

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.provider import Timeouts
from plexus.domain.record import Record

CUT = TransportError(ErrorKind.UPSTREAM_CUT, "cut")
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


async def begin(bench: Lab, reply: ScriptedReply) -> asyncio.Task[Record]:
    """An exchange whose stream has begun and waits for more."""
    asking = asyncio.create_task(bench.ask(STREAM))
    while reply.receiver is None:
        await asyncio.sleep(0)
    return asking


def failed(bench: Lab) -> bool:
    last = bench.sink.body.split(b"\n\n")[-2]
    return last.startswith(b'data: {"error"') and b"[DONE]" not in bench.sink.body


@pytest.mark.parametrize("end", [CUT, True], ids=["reset", "clean end"])
async def test_a_cut_stream_is_an_error_whatever_the_connection_did(end: Any) -> None:
    bench = lab(stream_reply(chunk("Hi"), chunk(" there"), end=end))
    record = await bench.ask(STREAM)
    assert failed(bench)
    assert bench.sink.ended
    assert (record.status, record.error) == (200, "upstream_cut")
    assert "partial" in record.notes


async def test_a_break_behind_the_proper_end_changes_nothing() -> None:
    bench = lab(stream_reply(chunk("Hi"), chunk(finish="stop"), end=CUT))
    record = await bench.ask(STREAM)
    assert bench.sink.body == chunk("Hi") + chunk(finish="stop") + DONE
    assert (record.error, record.finish) == (None, "stop")


async def test_the_client_is_served_with_the_last_frame_not_with_the_connection_s_end() -> None:
    reply = stream_reply(chunk("Hi"), end=None)
    bench = lab(reply)
    asking = await begin(bench, reply)
    assert reply.receiver is not None
    reply.receiver.data(chunk(finish="stop") + DONE)
    assert bench.sink.ended
    assert (await asking).error is None, "the record does not wait for the connection"
    assert reply.lingers
    assert not reply.cancelled


async def test_a_slow_client_pauses_the_provider() -> None:
    reply = stream_reply(chunk("Hi"), end=None)
    bench = lab(reply)
    asking = await begin(bench, reply)
    assert reply.receiver is not None
    bench.sink.full = True
    paused = []
    reply.receiver.data(chunk("more"))
    paused.append(reply.paused)
    bench.sink.full = False
    assert bench.sink.waiting is not None
    bench.sink.waiting()
    paused.append(reply.paused)
    assert paused == [True, False]
    reply.receiver.data(chunk(finish="stop") + USAGE + DONE)
    reply.receiver.end()
    assert (await asking).error is None


async def test_a_client_that_leaves_cancels_the_provider() -> None:
    reply = stream_reply(chunk("Hi"), end=None)
    bench = lab(reply)
    asking = await begin(bench, reply)
    bench.sink.gone = True
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert reply.cancelled
    (record,) = bench.journal.records
    assert (record.status, record.error) == (499, "client_gone")


LIMITS = [
    (Timeouts(idle=0.02, progress=None), "fell silent"),
    (Timeouts(idle=None, progress=0.02), "No progress"),
]


@pytest.mark.parametrize(("timeouts", "says"), LIMITS, ids=["idle", "progress"])
async def test_silence_in_a_stream_ends_it(timeouts: Timeouts, says: str) -> None:
    bench = lab(
        stream_reply(chunk("Hi"), end=None),
        of=snapshot(route("chat", target(provider(timeouts=timeouts)))),
    )
    record = await bench.ask(STREAM)
    assert record.error == "stall_timeout"
    assert says in (record.error_message or "")
    assert failed(bench)


async def test_a_silent_stream_is_kept_open_with_heartbeats() -> None:
    reply = stream_reply(chunk("Hi"), end=None)
    bench = lab(reply, of=snapshot(heartbeat_seconds=0.005))
    asking = await begin(bench, reply)
    beats = len(bench.sink.body)
    while len(bench.sink.body) == beats:
        await asyncio.sleep(0)
    assert bench.sink.body[len(chunk("Hi")) :].startswith(b":"), "an SSE comment, at an event boundary"
    assert reply.receiver is not None
    reply.receiver.data(chunk(finish="stop") + DONE)
    reply.receiver.end()
    assert (await asking).error is None


async def test_an_inferred_finish_is_noted() -> None:
    bench = lab(
        stream_reply(chunk("Hi"), DONE),
        of=snapshot(route("chat", target(provider()))),
    )
    from tests.exchange.parts import call  # noqa: PLC0415

    from plexus.exchange.pipeline import run  # noqa: PLC0415

    asked = call({"stream": True}, protocol="anthropic_messages")
    await run(asked, bench.sink, bench.gateway)
    (record,) = bench.journal.records
    assert "finish_inferred" in record.notes
    assert b"message_stop" in bench.sink.body
