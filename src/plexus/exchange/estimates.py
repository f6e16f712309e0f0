"""What an attempt is billed where its provider did not say (docs/failures section 4): our estimate, flagged.

Run once, at the exit of the exchange, so that a reply with a usage pays nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from plexus.accounting.estimate import estimate_input, estimate_output, estimate_text
from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.canonical.usage import Usage, usage
from plexus.exchange.carried.estimates import estimate_carried

if TYPE_CHECKING:
    from plexus.exchange.call import AnyProviderCodec
    from plexus.exchange.exchange import Asked, Attempt, Exchange

NOTE = "tokens_estimated"

STOPPED = frozenset({ErrorKind.CLIENT_GONE, ErrorKind.SHUTTING_DOWN})
"""We hung up: once the request was sent, the provider works, and bills, until it notices."""
ACCEPTED = frozenset({
    ErrorKind.UPSTREAM_MALFORMED, ErrorKind.UPSTREAM_CUT, ErrorKind.FIRST_TOKEN_TIMEOUT, ErrorKind.STALL_TIMEOUT,
    ErrorKind.DEADLINE,
})  # fmt: skip
"""Failures behind a status of 200: the provider had accepted the call."""


def add_estimates(exchange: Exchange) -> None:
    """Give the attempts that owe an estimate their usage, and note it."""
    codec = exchange.codec
    question = exchange.question
    if question is None or codec.encode_count is not None:  # counting is free
        return
    if question.passing is not None:  # nobody has read what was asked
        return
    estimate = _estimate_carried if codec.carried else _estimate
    for attempt in exchange.attempts:
        attempt.usage = estimate(attempt, exchange)
        if attempt.usage is not None and attempt.usage.estimated and NOTE not in exchange.notes:
            exchange.notes.append(NOTE)


def usage_of_text(exchange: Exchange, said_bytes: int) -> Usage:
    """The estimate for the request of ``exchange`` and a reply of so many bytes of text."""
    output = estimate_text(said_bytes) if exchange.codec.generates else 0
    return usage(input=_input(exchange), output=output, estimated=True)


def usage_of_reply(exchange: Exchange, response: GenerateResponse) -> Usage:
    """The estimate for the request of ``exchange`` and a whole reply."""
    return usage(input=_input(exchange), output=estimate_output(response), estimated=True)


def usage_of_body(exchange: Exchange, codec: AnyProviderCodec, body: bytes, dialect: msgspec.Struct) -> Usage:
    """The same for a reply that passes as it is; one that only its client can read is sized by its bytes."""
    try:
        response = codec.decode_response(body, dialect)
    except GatewayError:
        return usage_of_text(exchange, len(body))
    return usage_of_reply(exchange, response)


def _estimate(attempt: Attempt, exchange: Exchange) -> Usage | None:
    known = attempt.usage
    if known is not None and (attempt.error is None or attempt.complete):
        return known
    if not _owes(attempt, exchange):
        return known
    if known is None:
        return usage_of_text(exchange, attempt.said_bytes)
    output = estimate_text(attempt.said_bytes)
    # A stream says its input at its beginning, and one token of output: what was delivered since counts, too.
    return known if output <= known.output else msgspec.structs.replace(known, output=output, estimated=True)


def _estimate_carried(attempt: Attempt, exchange: Exchange) -> Usage | None:
    assert exchange.question is not None
    if attempt.usage is not None or not _owes(attempt, exchange):
        return attempt.usage
    return estimate_carried(exchange.question, exchange.codec.operation, attempt.said_bytes)


def _owes(attempt: Attempt, exchange: Exchange) -> bool:
    error = attempt.error
    if error is None:
        return attempt is exchange.serving
    if attempt is exchange.serving:
        return True
    if error.kind in STOPPED:
        return attempt.sent
    cut_before_it_was_handed_on = attempt.status is None and error.kind is ErrorKind.UPSTREAM_CUT  # a JSON reply
    accepted = attempt.status == 200 or cut_before_it_was_handed_on
    return accepted and error.kind in ACCEPTED and not _said_nothing(attempt, exchange, error)


def _said_nothing(attempt: Attempt, exchange: Exchange, error: GatewayError) -> bool:
    """A stream that ended before its first event costs nothing."""
    streamed = exchange.question is not None and exchange.question.stream
    return streamed and error.kind is ErrorKind.UPSTREAM_CUT and attempt.said_bytes == 0


def _input(exchange: Exchange) -> int:
    """By the parts of the request; a body that only its provider can read, by its bytes."""
    try:
        request: Asked = exchange.canonical or exchange.codec.decode_request(exchange.inbound)
    except GatewayError:
        return estimate_text(len(exchange.inbound.envelope.raw))
    if isinstance(request, GenerateRequest):
        return estimate_input(request)
    return request.estimate(estimate_text)
