"""The answer to a prewarm: a complete reply with nothing in it, for which no provider is asked.

The client gets an id to go on from; what it sent is remembered where the call came in. Providers have nothing to warm up,
since each attempt may go to another one.
"""

from __future__ import annotations

import secrets

import msgspec

from plexus.canonical.events import FinishSeen, ReplyEnd, ReplyStart, StreamEvent, UsageSeen
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import Usage
from plexus.domain.turn import Turn
from plexus.exchange.exchange import Exchange
from plexus.exchange.ports import ConnectionMemory, Sink
from plexus.exchange.turns.items import kept_item
from plexus.exchange.turns.keep import terminal_reply
from plexus.exchange.turns.recall import Recall
from plexus.protocols.members import raw_json
from plexus.protocols.openai_responses.socket import with_any_input

NOTE = "prewarm"


def answer_prewarm(sink: Sink, exchange: Exchange) -> None:
    """Send the reply, and remember the input. Raises ClientError for a request that its protocol does not allow."""
    codec, question, recall = exchange.codec, exchange.question, exchange.recall
    assert question is not None
    inbound = msgspec.structs.replace(question.inbound, envelope=with_any_input(question.inbound.envelope))
    request: GenerateRequest = codec.decode_request(inbound)
    if recall is not None:
        request = msgspec.structs.replace(request, place=recall.place)
    encoder = codec.stream_encoder(request)
    events: tuple[StreamEvent, ...] = (
        ReplyStart(id=secrets.token_hex(24), model=question.model),
        UsageSeen(Usage(input=0, output=0)),
        FinishSeen(Finish(reason=FinishReason.STOP)),
        ReplyEnd(),
    )
    written = b"".join(encoder.encode(event) for event in events)
    exchange.notes.append(NOTE)
    exchange.status = 200
    sink.start(200, exchange.reply_fields())
    sink.write(written)
    sink.end()
    if recall is not None and recall.memory is not None:
        _remember(recall.memory, recall, exchange, written)


def _remember(memory: ConnectionMemory, recall: Recall, exchange: Exchange, written: bytes) -> None:
    """What the client sent is known to its connection alone: nothing of a prewarm is stored."""
    caller = exchange.caller
    assert caller is not None
    reply = {**terminal_reply(written), "store": raw_json(False)}
    turn = Turn(
        owner=caller.key.name,
        id=msgspec.json.decode(reply["id"], type=str),
        created_at=exchange.started_at,
        previous=recall.previous,
        body=raw_json(reply),
        given=tuple(kept_item(item) for item in recall.given_items()),
    )
    memory.add(turn, recall.items)
