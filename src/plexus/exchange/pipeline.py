"""The steps of an exchange, in order. Everything that a call goes through is below; start here."""

from __future__ import annotations

import time

from plexus.exchange.attempt import attempt_until_committable
from plexus.exchange.authenticate import authenticate
from plexus.exchange.call import Call, Question, has_form, read_form, read_question
from plexus.exchange.count import count_tokens
from plexus.exchange.exchange import Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.native import compact
from plexus.exchange.ports import Sink
from plexus.exchange.prewarm import answer_prewarm
from plexus.exchange.relay import relay
from plexus.exchange.serving import keep_serving
from plexus.exchange.turns.keep import keep
from plexus.exchange.turns.recall import PROTOCOL, recall
from plexus.routing.plan import Plan
from plexus.routing.resolve import resolve


async def run(call: Call, sink: Sink, gateway: Gateway) -> None:
    """Serve one exchange. Whatever happens, the client gets an answer and the exchange leaves exactly one record."""
    with gateway.open_exchange(call, sink) as exchange:
        snapshot = exchange.snapshot
        exchange.caller = caller = authenticate(call.headers, call.query, snapshot, gateway.digest)
        exchange.question = question = await read(call, exchange)
        plan = resolve(question.model, call.codec.protocol, caller.key, snapshot, gateway.rng)
        plan = keep_serving(plan, call.codec, gateway.provider_codecs)
        exchange.plan = plan = await recall_turns(plan, exchange, gateway)
        if not call.generate:
            answer_prewarm(sink, exchange)
            return
        with gateway.deadlines.limit(plan.targets[0].timeouts, call.headers, stream=question.stream) as deadline:
            if call.codec.operation == "count_tokens":
                reply = await count_tokens(plan, exchange, gateway, deadline)
            elif call.codec.operation == "compact":
                reply = await compact(plan, exchange, gateway, deadline)
            else:
                reply = await attempt_until_committable(plan, exchange, gateway, deadline)  # failover lives only here
            await relay(reply, sink, exchange)  # the commit is sink.start()
            if gateway.state is not None:
                keep(reply, exchange, gateway.state)


async def read(call: Call, exchange: Exchange) -> Question:
    """The client's body. Raises ClientError when it is too large, cut, or not a JSON object (or form) that names a model."""
    started, snapshot = time.perf_counter_ns(), exchange.snapshot
    if has_form(call):
        question = await read_form(call, snapshot.max_body_bytes, snapshot.keep_upload_bytes)
        exchange.waited_ns += time.perf_counter_ns() - started
        return question
    body = await call.read_body(snapshot.max_body_bytes)
    exchange.waited_ns += time.perf_counter_ns() - started
    return read_question(call, body)


async def recall_turns(plan: Plan, exchange: Exchange, gateway: Gateway) -> Plan:
    """Read what a call of the Responses API goes on from; the plan then prefers the provider that knows it."""
    if gateway.state is None or exchange.codec.protocol != PROTOCOL or exchange.codec.operation != "generate":
        return plan
    exchange.recall, plan = await recall(exchange, plan, gateway.state)
    return plan
