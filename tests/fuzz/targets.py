"""What is fuzzed: everything that reads bytes from outside, as functions that raise only where a promise is broken.

The promise: a decoder that is fed with any bytes raises nothing but its own typed error, and a stream decoder nothing at all;
what it gives can be written for every client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.events import BlockEnd, BlockStart, Failure, ReplyEnd, StreamEvent, fold
from plexus.canonical.headers import Headers
from plexus.canonical.request import GenerateRequest
from plexus.http1.body import BodyIncomplete, BodyTooLarge, body_decoder
from plexus.http1.head import CHUNKED, Malformed, Preface, parse_reply, parse_request
from plexus.protocols import envelope, multipart, reasoning_state
from plexus.protocols.codec import Codec, Inbound, ProviderCodec
from plexus.protocols.faults import retry_after
from plexus.protocols.gemini import ARRAY_CODEC
from plexus.protocols.ndjson import LineCutter
from plexus.protocols.registry import CODECS, PROVIDER_CODECS
from plexus.protocols.sse import SseDecoder
from plexus.protocols.unreadable import as_utf8

Target = Callable[[bytes], None]
AnyCodec = Codec[Any, Any, Any]
AnyProviderCodec = ProviderCodec[Any, Any, Any]

STATUSES = (400, 401, 404, 429, 500, 503)
PATH = {"model": "m", "action": "generateContent"}
MAX_PIECES = 64


def pieces(data: bytes) -> tuple[int, Iterator[bytes]]:
    """``data`` in as many pieces as its first byte says, at most MAX_PIECES: so the fuzzer chooses the chunking."""
    count = data[0] % MAX_PIECES + 1 if data else 1
    rest = data[1:]
    size = max(1, -(-len(rest) // count))
    return count, (rest[start : start + size] for start in range(0, len(rest), size))


# --- towards providers


def events_of(codec: AnyProviderCodec, data: bytes) -> list[StreamEvent]:
    """All events of a stream that comes in pieces. Raises AssertionError where their grammar is broken."""
    decoder = codec.stream_decoder(codec.default_dialect)
    _, chunks = pieces(data)
    events = [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()
    check_grammar(events)
    assert decoder.feed(b"data: {}\n\n") == [] or not _over(events), "nothing comes after the end"
    return events


def _over(events: list[StreamEvent]) -> bool:
    return any(isinstance(event, Failure | ReplyEnd) for event in events)


def check_grammar(events: list[StreamEvent]) -> None:
    """Blocks open once and close once, deltas come between, and nothing follows the end."""
    opened: set[tuple[int, int]] = set()
    closed: set[tuple[int, int]] = set()
    for number, event in enumerate(events):
        assert not isinstance(event, Failure | ReplyEnd) or number == len(events) - 1, "something follows the end"
        index, candidate = getattr(event, "index", None), getattr(event, "candidate", 0)
        if index is None:
            continue
        place = (candidate, index)
        if isinstance(event, BlockStart):
            assert place not in opened, "a block opens twice"
            opened.add(place)
        else:
            assert place in opened - closed, "a delta outside its block"
            if isinstance(event, BlockEnd):
                closed.add(place)


def response_target(codec: AnyProviderCodec) -> Target:
    def run(data: bytes) -> None:
        try:
            response = codec.decode_response(data, codec.default_dialect)
        except GatewayError:
            return
        if codec.operation == "generate":
            for client, request in ASKED.values():
                client.encode_response(response, request)

    return run


def stream_target(codec: AnyProviderCodec) -> Target:
    def run(data: bytes) -> None:
        events = events_of(codec, data)
        told: list[StreamEvent] = [event for event in events if not isinstance(event, Failure)]
        fold(told, codec.protocol)
        for client, request in ASKED.values():
            encoder = client.stream_encoder(request)
            for event in told:
                encoder.encode(event)

    return run


def error_target(codec: AnyProviderCodec) -> Target:
    def run(data: bytes) -> None:
        for status in STATUSES:
            error = codec.decode_error(status, Headers([(b"retry-after", data[:20])]), data)
            assert isinstance(error, GatewayError)
            assert error.message
            for client, _ in ASKED.values():
                client.encode_error(error, "request")
                client.encode_stream_error(error, b"")

    return run


# --- towards clients


def request_target(codec: AnyCodec) -> Target:
    def run(data: bytes) -> None:
        try:
            inbound = Inbound(envelope.read(data), path=PATH)
            request = codec.decode_request(inbound)
        except GatewayError:
            return
        for (_, operation), provider in PROVIDER_CODECS.items():
            if operation == codec.operation:
                try:
                    provider.encode_request(request, provider.default_dialect)
                except GatewayError:
                    pass

    return run


def edits_target(codec: AnyCodec) -> Target:
    def run(data: bytes) -> None:
        try:
            body = envelope.read(data)
            edits = codec.edits(body, "other", codec.default_dialect)
            again = envelope.read(body.replace(edits))
        except GatewayError:
            return
        assert {name: bytes(raw) for name, raw in again.members.items()} == {
            **{name: bytes(raw) for name, raw in body.members.items()},
            **edits,
        }

    return run


def tap_target(codec: AnyCodec) -> Target:
    """What the lanes that keep the body do with a stream: hold it back to whole events, watch, cut."""

    def run(data: bytes) -> None:
        tap, boundary = codec.tap(codec.default_dialect), codec.boundary()
        _, chunks = pieces(data)
        passed = []
        for chunk in chunks:
            try:
                whole = boundary.feed(chunk)
            except GatewayError:
                return
            passed.append(whole)
            if whole:
                tap.watch(whole)
                for event in codec.split(whole):
                    codec.withholds(event)
        passed.append(boundary.finish())
        assert b"".join(passed) == data[1:]
        _ = (tap.usage, tap.empty, tap.finish, tap.said_bytes)
        codec.encode_stream_error(GatewayError(ErrorKind.UPSTREAM_CUT, "x"), b"".join(passed))

    return run


def read_target(codec: AnyCodec) -> Target:
    def run(data: bytes) -> None:
        tap = codec.tap(codec.default_dialect)
        tap.read(data)
        _ = (tap.usage, tap.empty, tap.finish)

    return run


# --- the rest


def read_envelope(data: bytes) -> None:
    try:
        body = envelope.read(data)
    except GatewayError:
        return
    for kind in (str, bool, int):
        for name in body.members:
            try:
                body.get(name, kind)
            except GatewayError:
                pass
    changed = envelope.read(body.replace({"model": b'"x"', "new": b"1"}))
    assert bytes(changed.members["model"]) == b'"x"'
    kept = body.remove(frozenset({"model"}))
    assert set(kept.members) == set(body.members) - {"model"}


def read_sse(data: bytes) -> None:
    decoder = SseDecoder()
    _, chunks = pieces(data)
    found = [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()
    whole = SseDecoder()
    assert [*whole.feed(data[1:]), *whole.finish()] == found


def read_ndjson(data: bytes) -> None:
    cutter = LineCutter()
    _, chunks = pieces(data)
    found = [line for chunk in chunks for line in cutter.feed(chunk)] + cutter.finish()
    assert found == [line for each in as_utf8(data[1:]).split(b"\n") if (line := each.strip())]


def read_heads(data: bytes) -> None:
    for read in (parse_request, lambda head: parse_reply(head, b"GET")):
        try:
            read(data)
        except (Malformed, Preface):
            pass


def read_chunked(data: bytes) -> None:
    decoder = body_decoder(CHUNKED)
    _, chunks = pieces(data)
    try:
        for chunk in chunks:
            decoder.feed(chunk)
    except (Malformed, BodyIncomplete, BodyTooLarge):
        pass


def read_form(data: bytes) -> None:
    """In pieces as in one; an edit of it is the form with one value changed."""
    _, chunks = pieces(data)
    given = list(chunks)
    found = [_scanned(given), _scanned([data[1:]])]
    assert found[0] == found[1]
    fields, _ = found[0]
    if "model" in fields:
        edits = fields["model"].change("other")
        again, refused = _scanned(list(multipart.replace(given, edits)))
        assert refused is not None or again["model"].text == "other"


def _scanned(chunks: list[bytes]) -> tuple[dict[str, multipart.Value], str | None]:
    scanner = multipart.FormScanner(b"x", frozenset({"model", "stream"}))
    try:
        for chunk in chunks:
            scanner.feed(chunk)
        scanner.finish()
    except GatewayError as refusal:
        return {}, refusal.message
    return scanner.fields, None


def read_small_texts(data: bytes) -> None:
    """Values that stand in headers and members."""
    text = data.decode("latin-1")
    retry_after(Headers([(b"retry-after", data)]))
    retry_after(Headers([(b"retry-after-ms", data)]))
    reasoning_state.unseal(text, b"k" * 32)
    reasoning_state.unseal(reasoning_state.PREFIX + text, b"k" * 32)


def _asked() -> Mapping[str, tuple[AnyCodec, GenerateRequest]]:
    said = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "stream": True}
    bodies: dict[str, dict[str, Any]] = {
        "openai_responses": {"model": "m", "input": "hi", "stream": True},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    }
    found: dict[str, tuple[AnyCodec, GenerateRequest]] = {}
    for (protocol, operation), codec in CODECS.items():
        if operation == "generate":
            body = msgspec.json.encode(bodies.get(protocol, said))
            found[protocol] = (codec, codec.decode_request(Inbound(envelope.read(body), path=PATH)))
    return found


ASKED = _asked()
"""Each client's protocol, and a request that asks it for a stream."""


def _targets() -> dict[str, Target]:
    found: dict[str, Target] = {}
    for (protocol, operation), provider in PROVIDER_CODECS.items():
        found[f"{protocol}/{operation}/decode_response"] = response_target(provider)
        found[f"{protocol}/{operation}/decode_error"] = error_target(provider)
        if operation == "generate":
            found[f"{protocol}/{operation}/stream_decoder"] = stream_target(provider)
    clients = {f"{protocol}/{operation}": codec for (protocol, operation), codec in CODECS.items()}
    for name, codec in {**clients, "gemini/array": ARRAY_CODEC}.items():
        found[f"{name}/decode_request"] = request_target(codec)
        found[f"{name}/edits"] = edits_target(codec)
        found[f"{name}/tap_read"] = read_target(codec)
        if codec.streams:
            found[f"{name}/tap_watch"] = tap_target(codec)
    found |= {
        "envelope": read_envelope, "sse": read_sse, "ndjson": read_ndjson, "http1/heads": read_heads,
        "http1/chunked": read_chunked, "multipart": read_form, "small_texts": read_small_texts,
    }  # fmt: skip
    return found


TARGETS = _targets()
"""By name: ``protocol/operation/function``."""
