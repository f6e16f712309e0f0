"""The steps of an exchange, in order. Everything that a call goes through is below; start here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.exchange.attempt import attempt_until_committable
from plexus.exchange.authenticate import authenticate
from plexus.exchange.call import Call, Question, read_question
from plexus.exchange.exchange import Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.ports import Sink
from plexus.exchange.relay import relay
from plexus.routing.plan import Plan
from plexus.routing.resolve import resolve


async def run(call: Call, sink: Sink, gateway: Gateway) -> None:
    """Serve one exchange. Whatever happens, the client gets an answer and the exchange leaves exactly one record."""
    with gateway.open_exchange(call, sink) as exchange:
        snapshot = exchange.snapshot
        exchange.caller = caller = authenticate(call.headers, call.query, snapshot, gateway.digest)
        exchange.question = question = await read(call, exchange)
        exchange.plan = plan = resolve(question.model, call.codec.protocol, caller.key, snapshot, gateway.rng)
        async with deadline(plan, question, exchange) as time_left:
            reply = await attempt_until_committable(plan, exchange, gateway, time_left)  # failover lives only here
            await relay(reply, sink, exchange)  # the commit is sink.start()


async def read(call: Call, exchange: Exchange) -> Question:
    """The client's body. Raises ClientError when it is too large, cut, or not a JSON object that names a model."""
    started = time.perf_counter_ns()
    body = await call.read_body(exchange.snapshot.max_body_bytes)
    exchange.waited_ns += time.perf_counter_ns() - started
    return read_question(call, body)


DEADLINE_FIELD = b"x-plexus-deadline-ms"


@asynccontextmanager
async def deadline(plan: Plan, question: Question, exchange: Exchange) -> AsyncIterator[Callable[[], float]]:
    """The one time limit over all attempts and the relay. ``x-plexus-deadline-ms`` may shorten it.

    Yields how many seconds are left.
    """
    limits = plan.targets[0].timeouts
    seconds = limits.total_stream if question.stream else limits.total
    wish = exchange.call.headers.text(DEADLINE_FIELD)
    if wish is not None and wish.isdecimal():
        seconds = min(seconds, int(wish) / 1000)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    try:
        async with asyncio.timeout_at(end):
            yield lambda: end - loop.time()
    except TimeoutError:
        raise TransportError(ErrorKind.DEADLINE, f"No complete reply within {seconds:g} seconds.") from None
