"""What a spoke that faces providers only owes to the recordings of its protocol."""

from __future__ import annotations

import json
from typing import Any

from tests.protocols.properties import AnyProviderCodec, cuts, decode_stream, plain
from tests.recordings import Recording

from plexus.canonical.content import ToolCall
from plexus.canonical.errors import GatewayError
from plexus.canonical.events import Failure, ReplyEnd, ReplyStart
from plexus.canonical.headers import Headers
from plexus.canonical.response import GenerateResponse


def stream_is_read_whole_in_any_chunks(codec: AnyProviderCodec, recording: Recording) -> None:
    assert recording.stream is not None
    whole = decode_stream(codec, [recording.stream])
    assert isinstance(whole[0], ReplyStart)
    assert isinstance(whole[-1], ReplyEnd)
    assert sum(isinstance(event, ReplyStart | ReplyEnd | Failure) for event in whole) == 2
    assert plain(decode_stream(codec, [bytes([byte]) for byte in recording.stream])) == plain(whole)
    chunks_change_nothing(codec, recording, recording.read_boundaries)


def chunks_change_nothing(codec: AnyProviderCodec, recording: Recording, places: tuple[int, ...] | list[int]) -> None:
    assert recording.stream is not None
    whole = decode_stream(codec, [recording.stream])
    assert plain(decode_stream(codec, cuts(recording.stream, places))) == plain(whole)


def a_stream_that_is_cut_never_ends(codec: AnyProviderCodec, recording: Recording, place: int) -> None:
    """Without its last event, wherever the connection breaks."""
    assert recording.stream is not None
    events = decode_stream(codec, [recording.stream[: place % last_event(recording.stream)]])
    assert not any(isinstance(event, ReplyEnd) for event in events)


def last_event(stream: bytes) -> int:
    """Where the event that ends the reply begins."""
    place = stream.rfind(b'"message-end"')
    return stream.rfind(b"data:", 0, place) if place > 0 else stream.rstrip().rfind(b"\n")


def calls_of(response: GenerateResponse) -> list[tuple[str, Any]]:
    blocks = response.candidates[0].blocks
    return [(block.name, json.loads(block.arguments or "{}")) for block in blocks if isinstance(block, ToolCall)]


def any_bytes_are_read_or_refused_by_our_own_error(codec: AnyProviderCodec, body: bytes) -> None:
    try:
        codec.decode_response(body, codec.default_dialect)
    except GatewayError:
        pass
    assert isinstance(codec.decode_error(500, Headers(), body), GatewayError)
    events = decode_stream(codec, [body])
    assert sum(isinstance(event, Failure | ReplyEnd) for event in events) <= 1
