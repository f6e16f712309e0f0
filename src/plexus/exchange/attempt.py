"""The loop over targets, up to the moment at which a reply can be committed. Failover lives here and nowhere else."""

from __future__ import annotations

import time

from plexus.canonical.errors import GatewayError
from plexus.exchange.authorize import authorize, note_refusal
from plexus.exchange.carried.prepare import prepare_carried
from plexus.exchange.committable import REQUEST_IDS, Committable, EmptyReply, await_committable
from plexus.exchange.deadline import Deadline
from plexus.exchange.exchange import Attempt, Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.prepare import NotForThisTarget, prepare
from plexus.routing.plan import Plan
from plexus.routing.verdict import Circumstances, Verdict, decide, most_useful

MAX_ERROR_BODY = 1024 * 1024


async def attempt_until_committable(
    plan: Plan, exchange: Exchange, gateway: Gateway, deadline: Deadline
) -> Committable:
    """Try the plan's targets until one has something for the client. Raises the most useful of all failures."""
    failures: list[GatewayError] = []
    empty: EmptyReply | None = None
    position, tries = 0, 0
    while True:
        attempt = exchange.begin_attempt(plan.targets[position])
        tries += 1
        try:
            return await try_target(attempt, exchange, gateway)
        except GatewayError as failure:
            if exchange.recall is not None and exchange.recall.forgotten(failure):
                attempt.fail(failure, Verdict.RETRY)
                continue  # the provider no longer has the earlier turn: it gets the items
            failures.append(failure)
            if isinstance(failure, EmptyReply):
                empty = failure
            decision = decide(
                failure, _circumstances(failure, plan, exchange, gateway, (position, tries), deadline.left())
            )
            attempt.fail(failure, decision.verdict)
        if decision.verdict is Verdict.GIVE_UP:
            if empty is not None:
                return empty.reply
            raise most_useful(failures)
        if decision.verdict is Verdict.NEXT_TARGET:
            position, tries = position + 1, 0
        elif decision.wait > 0:
            await gateway.sleep(decision.wait)


def _circumstances(
    failure: GatewayError,
    plan: Plan,
    exchange: Exchange,
    gateway: Gateway,
    place: tuple[int, int],
    time_left: float,
) -> Circumstances:
    position, tries = place
    upload = exchange.question.upload if exchange.question is not None else None
    return Circumstances(
        failover=exchange.snapshot.failover,
        tries=tries,
        attempts=len(exchange.attempts),
        others=position + 1 < len(plan.targets),
        only_target=len(plan.targets) == 1,
        time_left=time_left,
        jitter=gateway.rng.uniform(-1, 1),
        fallback_on_content_filter=plan.route.fallback_on_content_filter,
        spent=upload is not None and upload.spent,
        added_by_us=isinstance(failure, NotForThisTarget) or _names_our_parameter(failure, exchange),
    )


def _names_our_parameter(failure: GatewayError, exchange: Exchange) -> bool:
    """Whether a translated request was refused for a member that the client's own body does not have."""
    if failure.param is None or exchange.attempt.lane != "translate" or exchange.question is None:
        return False
    name = failure.param.split(".")[0].split("[")[0]
    return name not in exchange.question.inbound.envelope.members


async def try_target(attempt: Attempt, exchange: Exchange, gateway: Gateway) -> Committable:
    """One attempt, up to a committable reply. Raises GatewayError, typed by what went wrong."""
    carried = exchange.codec.carried
    prepared = (prepare_carried if carried else prepare)(attempt, exchange, gateway)
    request = prepared.request
    if attempt.target.provider.account is not None:
        request = await authorize(request, attempt, gateway)
    question = exchange.question
    assert question is not None
    attempt.started_ns = started = time.perf_counter_ns()
    whole = not (carried or question.stream)
    try:
        reply = await gateway.upstream.send(request, whole=whole, sent=attempt.mark_sent)
    finally:
        exchange.waited_ns += time.perf_counter_ns() - started
    attempt.status = reply.status
    attempt.upstream_request_id = next(filter(None, map(reply.headers.text, REQUEST_IDS)), None)
    try:
        if not 200 <= reply.status < 300:
            failure = prepared.codec.decode_error(reply.status, reply.headers, await reply.body(MAX_ERROR_BODY))
            note_refusal(failure, attempt, gateway)
            raise failure
        return await await_committable(reply, prepared, attempt, exchange, gateway)
    except EmptyReply:
        raise
    except BaseException:
        reply.cancel()
        raise
