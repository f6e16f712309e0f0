"""What decoders hold of a reply that never ends, by the size of all that they refer to. No clock."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import msgspec
import pytest

from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import BlockStart, Failure, StreamEvent
from plexus.protocols.codec import StreamDecoder
from plexus.protocols.event_decoder import MAX_BLOCKS, MAX_CANDIDATES, MAX_MEMBERS, MAX_REPLY
from plexus.protocols.registry import CODECS, PROVIDER_CODECS
from plexus.protocols.sse import MAX_EVENT

KB = 1024


def held(root: object) -> int:
    """Bytes of ``root`` and of all that it alone leads to: values, not types, functions and modules."""
    seen: set[int] = set()
    waiting: list[object] = [root]
    size = 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | FunctionType | ModuleType):
            continue
        seen.add(id(each))
        size += len(memoryview(each)) + 64 if isinstance(each, msgspec.Raw) else sys.getsizeof(each)  # its own is wrong
        waiting += gc.get_referents(each)
        if type(each).__module__.startswith("plexus"):
            slots = [name for kind in type(each).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(each, name) for name in slots if hasattr(each, name)]
    return size


def decoder(protocol: str) -> StreamDecoder:
    codec = PROVIDER_CODECS[protocol, "generate"]
    return codec.stream_decoder(codec.default_dialect)


def frame(protocol: str, document: dict[str, Any]) -> bytes:
    data = json.dumps(document).encode()
    return data + b"\n" if protocol == "ollama" else b"data: " + data + b"\n\n"


OPENINGS: dict[str, list[dict[str, Any]]] = {
    "openai_chat": [],
    "openai_responses": [{"type": "response.created", "response": {"id": "r"}}],
    "anthropic_messages": [
        {"type": "message_start", "message": {"id": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ],
    "gemini": [],
    "ollama": [],
    "cohere": [{"type": "message-start", "id": "r"}],
}
TEXTS: dict[str, dict[str, Any]] = {
    "openai_chat": {"id": "c", "choices": [{"index": 0, "delta": {"content": "word "}}]},
    "openai_responses": {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "word "},
    "anthropic_messages": {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word "}},
    "gemini": {"candidates": [{"content": {"parts": [{"text": "word "}]}}]},
    "ollama": {"message": {"content": "word "}},
    "cohere": {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "word "}}}},
}
EACH = pytest.mark.parametrize("protocol", TEXTS)
KEEPS_TEXT = {"gemini", "openai_responses"}
"""These compare what was said with what is said at the end (offsets of citations; the whole item)."""


def said(protocol: str) -> StreamDecoder:
    found = decoder(protocol)
    for document in OPENINGS[protocol]:
        found.feed(frame(protocol, document))
    return found


def test_the_measure_sees_what_is_held() -> None:
    class Holder:
        def __init__(self) -> None:
            self.items: list[bytes] = []

    holder = Holder()
    before = held(holder)
    holder.items += [bytes([number]) * 1000 for number in range(100)]
    assert 100 * 1000 < held(holder) - before < 120 * 1000
    decoding = decoder("openai_chat")
    before = held(decoding)
    decoding.feed(b"data: " + b"x" * 100_000)
    assert held(decoding) - before > 100_000


@EACH
def test_small_events_without_end_are_not_kept(protocol: str) -> None:
    found, event = said(protocol), frame(protocol, TEXTS[protocol])
    found.feed(event * 500)
    before = held(found)
    count = 20_000
    for _ in range(count // 500):
        assert found.feed(event * 500)
    text = count * 1.2 * (sys.getsizeof("word ") + 8)
    assert held(found) - before < (text if protocol in KEEPS_TEXT else 0) + 4 * KB


@EACH
def test_events_that_say_nothing_are_not_kept(protocol: str) -> None:
    found = said(protocol)
    noise = (
        b": ping\n\n" + b"data: [1]\n\n" + b"id: 7\n\n" + frame(protocol, {"type": "new.kind", "delta": {}}) + b"\n\n"
    )
    found.feed(noise * 100)
    before = held(found)
    found.feed(noise * 10_000)
    assert held(found) - before < 4 * KB


def failure(events: list[StreamEvent]) -> str:
    last = events[-1]
    assert isinstance(last, Failure)
    assert last.error.kind is ErrorKind.UPSTREAM_MALFORMED
    return last.error.message


@EACH
def test_one_event_without_end_is_cut_off(protocol: str) -> None:
    found, piece = said(protocol), b"x" * (4 * KB * KB)
    before = held(found)
    events = found.feed(b'data: {"a":"')
    for _ in range(MAX_EVENT // len(piece)):
        assert not events
        assert held(found) - before < 1.3 * MAX_EVENT
        events = found.feed(piece)
    assert "endless event" in failure(events or found.feed(piece))
    assert found.feed(piece) == found.finish() == []


@EACH
def test_a_reply_without_end_is_cut_off(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_REPLY < 2**29
    monkeypatch.setattr("plexus.protocols.event_decoder.MAX_REPLY", 100 * KB)
    found, event = said(protocol), frame(protocol, TEXTS[protocol])
    events: list[StreamEvent] = []
    fed = 0
    while not (events and isinstance(events[-1], Failure)):
        assert fed <= 100 * KB
        events = found.feed(event)
        fed += len(event)
    assert "endless reply" in failure(events)


def blocks(protocol: str, number: int) -> list[dict[str, Any]]:
    """Events that open one more block each."""
    function = {"name": "f", "arguments": "{}"}
    call = {"id": f"c{number}", "function": function}
    match protocol:
        case "openai_chat":
            return [{"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": number, **call}]}}]}]
        case "openai_responses":
            item = {"type": "function_call", "id": f"i{number}", "call_id": f"c{number}", "name": "f", "arguments": ""}
            return [{"type": "response.output_item.added", "output_index": number, "item": item}]
        case "anthropic_messages":
            block = {"type": "tool_use", "id": f"c{number}", "name": "f", "input": {}}
            return [{"type": "content_block_start", "index": number + 1, "content_block": block}]
        case "gemini":
            return [{"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {}}}]}}]}]
        case "ollama":
            return [{"message": {"tool_calls": [{"id": f"c{number}", "function": {"name": "f", "arguments": {}}}]}}]
        case _:
            return [{"type": "tool-call-start", "index": number, "delta": {"message": {"tool_calls": call}}}]


@EACH
def test_blocks_without_end_are_cut_off(protocol: str) -> None:
    found = said(protocol)
    opened = 0
    events: list[StreamEvent] = []
    for number in range(MAX_BLOCKS + 2):
        run = b"".join(frame(protocol, document) for document in blocks(protocol, number))
        events = found.feed(run)
        if events and isinstance(events[-1], Failure):
            break
        opened += sum(isinstance(event, BlockStart) for event in events)
    assert "endless number of blocks" in failure(events)
    assert MAX_BLOCKS - 2 < opened <= MAX_BLOCKS
    assert held(found) < MAX_BLOCKS * 4 * KB


def test_answers_without_end_are_cut_off() -> None:
    found = decoder("openai_chat")
    events: list[StreamEvent] = []
    for index in range(MAX_CANDIDATES + 1):
        assert not any(isinstance(event, Failure) for event in events)
        events = found.feed(frame("openai_chat", {"id": "c", "choices": [{"index": index, "delta": {}}]}))
    assert "endless number of answers" in failure(events)
    found = decoder("gemini")
    for index in range(MAX_CANDIDATES + 1):
        events = found.feed(frame("gemini", {"candidates": [{"index": index}]}))
    assert "cannot be read" in failure(found.feed(frame("gemini", {"candidates": [{"index": -1}]})))


def test_items_that_hold_no_block_are_cut_off() -> None:
    found = said("openai_responses")
    events: list[StreamEvent] = []
    for number in range(MAX_BLOCKS + 1):
        assert not any(isinstance(event, Failure) for event in events)
        item = {"type": "message", "role": "assistant"}
        added = {"type": "response.output_item.added", "output_index": number, "item": item}
        events = found.feed(frame("openai_responses", added))
    assert "endless number of items" in failure(events)


@pytest.mark.parametrize(("protocol", "event"), [
    ("anthropic_messages", lambda number: {"type": "message_delta", "delta": {f"new{number}": 1}}),
    ("gemini", lambda number: {"candidates": [{f"new{number}": 1}]}),
])  # fmt: skip
def test_unknown_members_without_end_are_not_kept(protocol: str, event: Callable[[int], dict[str, Any]]) -> None:
    found = said(protocol)
    sizes = []
    for start in (0, MAX_MEMBERS, 4 * MAX_MEMBERS):
        for number in range(start, start + MAX_MEMBERS):
            found.feed(frame(protocol, event(number)))
        sizes.append(held(found))
    assert sizes[1] - sizes[0] < 4 * KB
    assert sizes[2] - sizes[1] < 4 * KB


@pytest.mark.parametrize("protocol", [protocol for protocol in TEXTS if (protocol, "generate") in CODECS])
def test_what_passes_a_tap_is_not_kept(protocol: str) -> None:
    codec = CODECS[protocol, "generate"]
    tap, boundary = codec.tap(codec.default_dialect), codec.boundary()
    run = b"".join(frame(protocol, document) for document in OPENINGS[protocol])
    tap.watch(boundary.feed(run + frame(protocol, TEXTS[protocol])))
    before = held(tap) + held(boundary)
    for _ in range(200):
        tap.watch(boundary.feed(frame(protocol, TEXTS[protocol]) * 100))
    assert held(tap) + held(boundary) - before < 4 * KB
