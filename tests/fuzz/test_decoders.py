"""Every decoder, fed with bytes of three kinds: without sense, nasty on purpose, and recordings that were damaged.

Always the same ones: ``scripts/fuzz`` looks further, with a minute of its own in ``scripts/test --full``.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.mutate import CHANGES, mutate
from tests.fuzz.seeds import covered, seeds
from tests.fuzz.targets import TARGETS, check_grammar

from plexus.canonical.content import Text
from plexus.canonical.events import BlockEnd, BlockStart, ReplyEnd, StreamEvent, TextDelta
from plexus.protocols.registry import CODECS, PROVIDER_CODECS

EACH = pytest.mark.parametrize("name", TARGETS)
SIZE = 12_000

DEEP = 20_000
NASTY = [
    b"", b"\x00", b"\x3f", b"\xef\xbb\xbf{}", b"[" * DEEP, b'{"a":' * DEEP, b'{"a":' + b"[" * DEEP,
    b"\x00data: " + b"[" * DEEP + b"\n\n",
    b'\x00data: {"choices":' + b"[" * DEEP + b"\n\n", b"\x00event: message_start\ndata: {" + b'"a":{' * DEEP + b"\n\n",
    b'{"error":' + b"[" * DEEP + b"]" * DEEP + b"}", b'{"a":"\xff\xfe"}', b'{"\\ud800":1}', b'{"a":"\\ud800"}', b"1" * 5000,
    b'{"created":1e400}', b'{"model":"m","messages":[' + b"{}," * 500 + b"{}]}", b"\x00" + b"data: {}\r\n\r\n" * 200,
    b"\x00" + b"{}\n" * 200, b"\x3fdata: [DONE]\n\n", b'{"a":1,"a":2}', b'{"mod\\u0065l":"a","model":"b"}',
    b"\n" * 500, b"\r" * 500,
]  # fmt: skip


@EACH
def test_nasty_bytes(name: str) -> None:
    for data in NASTY:
        TARGETS[name](data)


@EACH
@given(data=st.binary(max_size=200))
@settings(deadline=None, max_examples=30, derandomize=True, database=None)
def test_bytes_without_sense(name: str, data: bytes) -> None:
    TARGETS[name](data)


@EACH
@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=60, derandomize=True, database=None)
def test_damaged_recordings(name: str, seed: int) -> None:
    random = Random(seed)
    TARGETS[name](mutate(random.choice(seeds(name, SIZE)), random))


def test_recordings_are_read_as_they_are() -> None:
    for name, target in TARGETS.items():
        for data in seeds(name, SIZE)[:5]:
            target(data)


def test_every_function_of_the_registry_is_a_target() -> None:
    for protocol, operation in PROVIDER_CODECS:
        assert {f"{protocol}/{operation}/{name}" for name in ("decode_response", "decode_error")} <= set(TARGETS)
        assert (f"{protocol}/{operation}/stream_decoder" in TARGETS) == (operation == "generate")
    for (protocol, operation), codec in CODECS.items():
        names = ("decode_request", "edits", "tap_read", *(["tap_watch"] if codec.streams else []))
        assert {f"{protocol}/{operation}/{name}" for name in names} <= set(TARGETS)


def test_streams_begin_with_recordings() -> None:
    found = covered()
    streams = {name: count for name, count in found.items() if name.endswith("/generate/stream_decoder")}
    assert min(streams.values()) >= 2
    assert sum(found.values()) > 1000


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_damage_is_done(change: object) -> None:
    data = b'data: {"a": {"b": [1, 2]}}\n\n'
    found = {change(data, Random(seed)) for seed in range(20)}  # type: ignore[operator]
    assert len(found - {data}) > 5
    assert change(b"", Random(1)) is not None  # type: ignore[operator]


BROKEN: list[list[StreamEvent]] = [
    [TextDelta(0, "x")],
    [BlockStart(0, Text(text="")), BlockStart(0, Text(text=""))],
    [BlockStart(0, Text(text="")), BlockEnd(0), TextDelta(0, "x")],
    [BlockStart(0, Text(text="")), BlockEnd(0), BlockEnd(0)],
    [ReplyEnd(), ReplyEnd()],
]


@pytest.mark.parametrize("events", BROKEN)
def test_the_judge_sees_a_broken_grammar(events: list[StreamEvent]) -> None:
    with pytest.raises(AssertionError):
        check_grammar(events)
