"""What every codec owes to the recordings of its protocol. Each codec's test_recordings.py runs these over its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.protocols.properties import (
    AnyCodec,
    cuts,
    decode_stream,
    encode_stream,
    inbound,
    meaning,
    plain,
    without_nothing,
)
from tests.recordings import Recording, recordings

from plexus.canonical.errors import GatewayError
from plexus.canonical.events import Failure, ReplyEnd, ReplyStart, fold
from plexus.canonical.headers import Headers


@dataclass(frozen=True)
class Recorded:
    """A codec and its recordings. ``request`` is a body that asks it for a reply; ``failing`` are the ids of streams that end
    in an error; ``normalised`` are replies that are not written back exactly as they came, and why."""

    codec: AnyCodec
    name: str
    request: dict[str, Any]
    failing: frozenset[str] = frozenset()
    normalised: dict[str, str] | None = None

    @property
    def all(self) -> tuple[Recording, ...]:
        return recordings(self.name)

    @property
    def requests(self) -> list[Recording]:
        return [each for each in self.all if each.request is not None]

    @property
    def streams(self) -> list[Recording]:
        return [each for each in self.all if each.sse is not None]

    @property
    def whole_streams(self) -> list[Recording]:
        return [each for each in self.streams if each.id not in self.failing]

    @property
    def replies(self) -> list[Recording]:
        return [each for each in self.all if each.body is not None and each.status < 400]

    @property
    def errors(self) -> list[Recording]:
        return [each for each in self.all if each.status >= 400]

    # --- what is owed

    def reply_is_written_as_it_was_read(self, recording: Recording) -> None:
        codec = self.codec
        assert recording.body is not None
        response = codec.decode_response(recording.body, codec.default_dialect)
        body, losses = codec.encode_response(response, codec.decode_request(inbound(self.request)))
        assert losses == []
        if recording.id in (self.normalised or {}):
            assert meaning(codec.decode_response(body, codec.default_dialect)) == meaning(response)
        else:
            assert without_nothing(json.loads(body)) == without_nothing(json.loads(recording.body))

    def stream_is_read_whole_in_any_chunks(self, recording: Recording) -> None:
        assert recording.sse is not None
        whole = decode_stream(self.codec, [recording.sse])
        assert isinstance(whole[-1], Failure if recording.id in self.failing else ReplyEnd)
        assert sum(isinstance(event, ReplyStart) for event in whole) <= 1
        single = decode_stream(self.codec, [bytes([byte]) for byte in recording.sse])
        assert plain(single) == plain(whole)
        self.chunks_change_nothing(recording, recording.read_boundaries)

    def chunks_change_nothing(self, recording: Recording, places: tuple[int, ...] | list[int]) -> None:
        assert recording.sse is not None
        whole = decode_stream(self.codec, [recording.sse])
        assert plain(decode_stream(self.codec, cuts(recording.sse, places))) == plain(whole)

    def stream_written_again_means_the_same(self, recording: Recording, **more: Any) -> None:
        """``more`` goes into the request for a stream."""
        codec = self.codec
        assert recording.sse is not None
        events = decode_stream(codec, [recording.sse])
        request = codec.decode_request(inbound({**self.request, "stream": True, **more}))
        written = encode_stream(codec, events, request)
        assert written.endswith(codec.terminator)
        again = fold(decode_stream(codec, [written]), codec.protocol)
        assert meaning(again) == meaning(fold(events, codec.protocol))

    def tap_sees_what_the_decoder_sees(self, recording: Recording) -> None:
        codec = self.codec
        assert recording.sse is not None
        tap = codec.tap(codec.default_dialect)
        tap.watch(recording.sse.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n\n")
        events = decode_stream(codec, [recording.sse])
        if recording.id in self.failing:
            assert tap.failure is not None
            return
        response = fold(events, codec.protocol)
        assert tap.ended
        assert tap.failure is None
        assert tap.usage == response.usage

    def tap_reads_json_as_the_decoder_does(self, recording: Recording) -> None:
        codec = self.codec
        assert recording.body is not None
        tap = codec.tap(codec.default_dialect)
        tap.read(recording.body)
        response = codec.decode_response(recording.body, codec.default_dialect)
        assert tap.failure is None
        assert tap.usage == response.usage
        assert not tap.empty or not response.candidates[0].blocks

    def error_is_typed(self, recording: Recording) -> None:
        error = self.codec.decode_error(recording.status, Headers(), recording.body or recording.sse or b"")
        assert isinstance(error, GatewayError)
        assert error.status == recording.status
        assert error.message

    def body_is_read_or_refused_by_our_own_error(self, body: bytes) -> None:
        """Any bytes at all: what is neither a reply nor an error must not escape as an exception of Python's."""
        codec = self.codec
        try:
            codec.decode_response(body, codec.default_dialect)
        except GatewayError:
            pass
        codec.tap(codec.default_dialect).read(body)
        codec.decode_error(500, Headers(), body)
