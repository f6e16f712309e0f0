"""The answer to a prewarm: a complete reply with nothing in it, for which no provider is asked.

The client gets an id to go on from; what it sent is remembered where the call came in. Providers have nothing to warm up,
since each attempt may go to another one.
"""

from __future__ import annotations

import secrets

from plexus.canonical.events import FinishSeen, ReplyEnd, ReplyStart, StreamEvent, UsageSeen
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import Usage
from plexus.exchange.exchange import Exchange
from plexus.exchange.ports import Sink

NOTE = "prewarm"


def answer_prewarm(sink: Sink, exchange: Exchange) -> None:
    """Send the reply. Raises ClientError for a request that its protocol does not allow."""
    codec, question = exchange.codec, exchange.question
    assert question is not None
    encoder = codec.stream_encoder(codec.decode_request(question.inbound))
    events: tuple[StreamEvent, ...] = (
        ReplyStart(id=secrets.token_hex(24), model=question.model),
        UsageSeen(Usage(input=0, output=0)),
        FinishSeen(Finish(reason=FinishReason.STOP)),
        ReplyEnd(),
    )
    exchange.notes.append(NOTE)
    exchange.status = 200
    sink.start(200, exchange.reply_fields())
    sink.write(b"".join(encoder.encode(event) for event in events))
    sink.end()
