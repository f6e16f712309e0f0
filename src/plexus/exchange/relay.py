"""The commit and what follows it: the rest of the reply, carried by callbacks so that no task wakes up for each chunk."""

from __future__ import annotations

import asyncio
import time

from plexus.canonical.errors import ErrorKind, ProviderError, TransportError
from plexus.domain.provider import Timeouts
from plexus.exchange.committable import Committable, StreamReply, WholeReply, note_reply
from plexus.exchange.exchange import Exchange
from plexus.exchange.ports import Reply, Sink

JSON_FIELD = (b"content-type", b"application/json")
STREAM_FIELDS = (
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx in front of us must not hold events back
)
MAX_PASSED = 16 * 1024 * 1024
"""Bytes of a stream that are kept for its terminal frame; of a longer one the frame repeats no more than these."""
LINGER = 1.0
"""Seconds that the provider's connection may stay open behind its last frame before we drop it."""


async def relay(ready: Committable, sink: Sink, exchange: Exchange) -> None:
    """Send ``ready`` to the client. Raises GatewayError when the provider fails after the commit."""
    exchange.serving = ready.attempt
    if isinstance(ready, WholeReply):
        exchange.status = 200
        _send_whole(ready, sink, exchange)
    else:
        exchange.status = ready.status
        await _stream(ready, sink, exchange)


def _send_whole(ready: WholeReply, sink: Sink, exchange: Exchange) -> None:
    exchange.first_token_ns = time.perf_counter_ns()
    exchange.finish = ready.finish
    exchange.bytes_out = len(ready.body)
    if ready.attempt is not None:
        ready.attempt.ended_ns = exchange.first_token_ns
    sink.send(200, [JSON_FIELD, *exchange.reply_fields(), *ready.fields], ready.body)


async def _stream(ready: StreamReply, sink: Sink, exchange: Exchange) -> None:
    if ready.plain is None:
        content_type = (b"content-type", exchange.codec.stream_type + b"; charset=utf-8")
        sink.start(200, [content_type, *STREAM_FIELDS, *exchange.reply_fields(), *ready.fields])
    else:
        exchange.passes_as_it_is = True
        sink.start(ready.status, [*ready.plain, *exchange.reply_fields(), *ready.fields])
    exchange.first_token_ns = time.perf_counter_ns()
    if exchange.codec.repeats_reply:
        exchange.passed = []
    pump = Pump(ready, sink, exchange)
    try:
        await pump.run()
    except BaseException:
        ready.reply.cancel()
        raise
    finally:
        exchange.waited_ns += time.perf_counter_ns() - exchange.first_token_ns
        exchange.bytes_out = pump.written
        exchange.finish = ready.carrier.finish
        note_reply(exchange.attempt, ready.carrier)
        exchange.attempt.ended_ns = time.perf_counter_ns()
        if ready.carrier.finish is not None and ready.carrier.finish.inferred:
            exchange.notes.append("finish_inferred")


class Pump:
    """Moves a stream from the provider to the client: the ``Receiver`` of the provider's reply.

    One lazy timer serves heartbeat, idle limit and progress limit: it looks at the time of the last chunk when it fires,
    so that a chunk costs no timer.
    """

    __slots__ = (
        "_carrier", "_done", "_heartbeat", "_heartbeat_after", "_last_data", "_last_progress", "_last_write", "_loop",
        "_passed", "_ready", "_reply", "_sink", "_timeouts", "_timer", "written",
    )  # fmt: skip

    def __init__(self, ready: StreamReply, sink: Sink, exchange: Exchange) -> None:
        self._ready = ready
        self._reply: Reply = ready.reply
        self._carrier = ready.carrier
        self._sink = sink
        self._passed = exchange.passed
        self._heartbeat = exchange.codec.heartbeat
        self._heartbeat_after = exchange.snapshot.heartbeat_seconds if ready.plain is None else None
        self._timeouts: Timeouts = exchange.attempt.target.timeouts
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._last_data = self._last_progress = self._last_write = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self.written = 0

    async def run(self) -> None:
        """Until the reply is complete. Raises GatewayError when it fails."""
        self._write(self._ready.held)
        if self._ready.complete:
            self._sink.end()
            return
        if self._carrier.terminated:
            self._finish()
            return
        self._arm()
        self._reply.relay(self)
        try:
            await self._done
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._sink.when_writable(None)

    # --- Receiver

    def data(self, chunk: bytes) -> None:
        """More from the provider."""
        if self._done.done() or self._carrier.terminated:
            return
        now = self._last_data = self._loop.time()
        carrier = self._carrier
        out = carrier.take(chunk)
        if carrier.progressed:
            self._last_progress = now
        if out:
            self._last_write = now
            self._write(out)
        if carrier.failure is not None:
            self._fail(carrier.failure)
        elif carrier.terminated:
            self._finish()
        elif self._sink.full:
            self._reply.pause()
            self._sink.when_writable(self._reply.resume)

    def end(self) -> None:
        """The provider's body is complete by its framing; whether the reply is, the carrier knows."""
        carrier = self._carrier
        if carrier.terminated:
            self._complete()
            return
        self._write(carrier.close())
        if carrier.failure is not None:
            self._fail(carrier.failure)
        elif carrier.ended:
            self._sink.end()
            self._complete()
        else:
            self._fail(ProviderError(ErrorKind.UPSTREAM_CUT, "The provider's stream was cut.", status=200))

    def failed(self, error: TransportError) -> None:
        """The provider's connection broke. Behind a proper end that changes nothing."""
        if self._carrier.ended:
            self.end()
        else:
            self._fail(error)

    # --- ends

    def _finish(self) -> None:
        """The last frame has passed: the exchange is over; the provider's connection may live on if its body ends soon."""
        self._sink.end()
        self._complete()
        self._reply.linger(LINGER)

    def _complete(self) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)

    def _write(self, data: bytes) -> None:
        if data:
            self.written += len(data)
            if self._passed is not None and self.written <= MAX_PASSED:
                self._passed.append(data)
            self._sink.write(data)

    # --- time

    def _arm(self) -> None:
        """Wake up at the nearest moment at which something may be due."""
        limits = self._timeouts
        due = [
            last + after
            for last, after in (
                (self._last_data, limits.idle),
                (self._last_progress, limits.progress),
                (self._last_write, self._heartbeat_after),
            )
            if after is not None
        ]
        if due:
            self._timer = self._loop.call_at(min(due), self._tick)

    def _tick(self) -> None:
        now, limits = self._loop.time(), self._timeouts
        if limits.idle is not None and now - self._last_data >= limits.idle and not self._sink.full:
            self._fail(
                TransportError(ErrorKind.STALL_TIMEOUT, f"The provider fell silent for {limits.idle:g} seconds.")
            )
            return
        if limits.progress is not None and now - self._last_progress >= limits.progress and not self._sink.full:
            self._fail(TransportError(ErrorKind.STALL_TIMEOUT, f"No progress for {limits.progress:g} seconds."))
            return
        if self._heartbeat_after is not None and now - self._last_write >= self._heartbeat_after:
            self._last_write = now
            self._write(self._heartbeat)
        self._arm()
