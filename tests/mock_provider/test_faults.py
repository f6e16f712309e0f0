"""Every fault that can be had by name, as a caller sees it on the wire, in both protocols and both forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, MESSAGES, Caller, Seen, fetch

from plexus.mock_provider import MockProvider
from plexus.mock_provider.faults import FAULTS, PREFIX
from plexus.mock_provider.steps import OPENING, Status
from plexus.protocols.sse import SseDecoder, SseEvent, split_events

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])
TERMINAL = {CHAT: b"[DONE]", MESSAGES: b'"message_stop"'}

WAITING = {"no-first-byte": 0, "no-first-token": 0, "stall-before-token": OPENING, "stall": 6, "stall-with-pings": 6}
"""And how many events come before."""
STATUSES = {name: step for name, step in FAULTS.items() if isinstance(step, Status)}
OPENINGS = {CHAT: 1, MESSAGES: 3}
"""Events before the first words."""


def _placed(position: int, path: str) -> int:
    return OPENINGS[path] if position == OPENING else position


async def _no_sleep(_seconds: float) -> None:
    """Seconds that pass at once."""


async def _fault(path: str, name: str, *, stream: bool = True) -> Seen:
    provider = MockProvider(sleep=_no_sleep)
    async with provider.serve() as origin:
        return await fetch(origin, path, support.body_for(path, model=PREFIX + name, stream=stream))


def _events(seen: Seen) -> list[SseEvent]:
    return split_events(seen.body)


@BOTH
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", STATUSES)
async def test_statuses(path: str, name: str, stream: bool) -> None:
    step = STATUSES[name]
    seen = await _fault(path, name, stream=stream)
    assert seen.status == step.code
    assert seen.ended == "proper"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers.get("retry-after") == (None if step.retry_after is None else str(step.retry_after))
    error = json.loads(seen.body)["error"]
    assert error["type"]
    if path == CHAT:
        assert error["code"] == (step.error_code or error["code"])
        assert error["param"] == step.param


@BOTH
async def test_the_codes_that_decide_about_failover(path: str) -> None:
    wanted = {
        "context-length": ("context_length_exceeded", "invalid_request_error"),
        "content-filter": ("content_filter", "invalid_request_error"),
        "quota": ("insufficient_quota", "rate_limit_error"),
        "404-model": ("model_not_found", "not_found_error"),
        "529": ("overloaded", "overloaded_error"),
    }
    for name, (code, kind) in wanted.items():
        error = json.loads((await _fault(path, name)).body)["error"]
        assert (error["code"] if path == CHAT else error["type"]) == (code if path == CHAT else kind)


@BOTH
@pytest.mark.parametrize(
    ("name", "status", "content_type"),
    [
        ("html", 200, "text/html; charset=utf-8"),
        ("404-path", 404, "text/html; charset=utf-8"),
        ("redirect", 307, "text/plain"),
        ("wrong-type", 200, "text/plain"),
        ("malformed-json", 200, "application/json"),
    ],
)
async def test_what_is_no_api_reply(path: str, name: str, status: int, content_type: str) -> None:
    seen = await _fault(path, name)
    assert (seen.status, seen.headers["content-type"], seen.ended) == (status, content_type, "proper")
    with pytest.raises(json.JSONDecodeError):
        json.loads(seen.body)


@BOTH
async def test_connections_that_break(path: str) -> None:
    reset = await _fault(path, "reset")
    assert (reset.status, reset.ended) == (None, "reset")
    after = await _fault(path, "reset-after-head")
    assert (after.status, after.body) == (200, b"")
    assert after.ended != "proper"
    middle = await _fault(path, "reset-mid-stream")
    assert len(_events(middle)) == 6
    assert middle.ended != "proper"


@BOTH
@pytest.mark.parametrize(
    ("name", "count", "proper"), [("cut-mid-stream", 6, True), ("cut-json", 6, True), ("empty-stream", 0, True)]
)
async def test_streams_that_just_end(path: str, name: str, count: int, proper: bool) -> None:
    seen = await _fault(path, name)
    assert (seen.status, len(_events(seen)), seen.ended == "proper") == (200, count, proper)
    assert TERMINAL[path] not in seen.body


@BOTH
async def test_a_stream_cut_inside_an_event(path: str) -> None:
    seen = await _fault(path, "cut-inside-event")
    decoder = SseDecoder()
    assert len(decoder.feed(seen.body)) == 6
    (broken,) = decoder.finish() or [SseEvent(None, b"")]
    assert len(seen.body) - seen.body.rindex(b"\n\n") - 2 == 20
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken.data)


@BOTH
@pytest.mark.parametrize("name", ["cut-json", "cut-mid-stream"])
async def test_a_body_that_is_cut(path: str, name: str) -> None:
    seen = await _fault(path, name, stream=False)
    assert seen.status == 200
    assert 0 < len(seen.body) < int(seen.headers["content-length"])
    assert seen.ended != "proper"


@BOTH
@pytest.mark.parametrize(
    ("name", "before", "kind"),
    [
        ("error-before-token", OPENING, "overloaded_error"),
        ("error-mid-stream", 6, "overloaded_error"),
        ("rate-limit-mid-stream", 6, "rate_limit_error"),
    ],
)
async def test_error_events(path: str, name: str, before: int, kind: str) -> None:
    seen = await _fault(path, name)
    events = _events(seen)
    assert (seen.status, len(events), seen.ended) == (200, _placed(before, path) + 1, "proper")
    error = json.loads(events[-1].data)["error"]
    if path == MESSAGES:
        assert events[-1].name == b"error"
        assert error["type"] == kind
    else:
        assert set(error) == {"message", "type", "param", "code"}
    assert TERMINAL[path] not in seen.body
    whole = await _fault(path, name, stream=False)
    assert whole.status == 200
    assert "error" in json.loads(whole.body)


@BOTH
@pytest.mark.parametrize("stream", [True, False])
async def test_replies_that_are_no_faults(path: str, stream: bool) -> None:
    for name in ("blocked", "empty", "refusal", "length", "filtered"):
        seen = await _fault(path, name, stream=stream)
        assert (seen.status, seen.ended) == (200, "proper")
        assert (TERMINAL[path] in seen.body) == stream
    assert b'"length"' in (await _fault(CHAT, "length")).body
    assert b'"max_tokens"' in (await _fault(MESSAGES, "length")).body
    assert b'"content_filter"' in (await _fault(CHAT, "filtered")).body
    assert b'"refusal"' in (await _fault(MESSAGES, "refusal")).body


def _has(needle: bytes) -> Callable[[Seen], bool]:
    return lambda seen: needle in seen.body


FORMS: dict[tuple[str, str], tuple[Callable[[Seen], bool], bool]] = {
    ("no-done", CHAT): (_has(b"[DONE]"), False),
    ("no-done", MESSAGES): (_has(b"message_stop"), False),
    ("no-finish", CHAT): (_has(b'"finish_reason":"stop"'), False),
    ("no-finish", MESSAGES): (_has(b"message_delta"), False),
    ("no-usage", CHAT): (_has(b'"total_tokens"'), False),
    ("no-usage", MESSAGES): (_has(b"output_tokens"), False),
    ("comments", CHAT): (_has(b": mock\n\ndata: {"), True),
    ("comments", MESSAGES): (_has(b": mock\n\nevent: message_start"), True),
    ("crlf", CHAT): (_has(b"}\r\n\r\ndata: "), True),
    ("crlf", MESSAGES): (_has(b"event: ping\r\ndata: "), True),
    ("pings", CHAT): (lambda seen: seen.body.count(b": ping\n\n") == 5, True),
    ("pings", MESSAGES): (lambda seen: seen.body.count(b"event: ping\n") == 6, True),
}


@pytest.mark.parametrize(("name", "path"), FORMS)
async def test_forms(name: str, path: str) -> None:
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if path == CHAT else {}
    provider = MockProvider(sleep=_no_sleep)
    async with provider.serve() as origin:
        asked = support.body_for(path, model=PREFIX + name, stream=True, **options)
        seen = await fetch(origin, path, asked)
        usual = await fetch(origin, path, asked | {"model": "mock-chat"})
    found, wanted = FORMS[name, path]
    assert found(seen) == wanted
    assert found(usual) != wanted


@BOTH
async def test_usage_that_grows(path: str) -> None:
    events = [
        json.loads(event.data) for event in _events(await _fault(path, "growing-usage")) if event.data != b"[DONE]"
    ]
    if path == CHAT:
        counts = [event["usage"]["completion_tokens"] for event in events if event.get("usage")]
    else:
        counts = [event["usage"]["output_tokens"] for event in events if event["type"] == "message_delta"]
    assert len(counts) > 3
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@BOTH
async def test_an_event_that_is_no_json(path: str) -> None:
    events = _events(await _fault(path, "malformed-event"))
    broken = [event for event in events if event.data != b"[DONE]" and not _is_json(event.data)]
    assert len(broken) == 1
    assert events.index(broken[0]) == 6
    assert TERMINAL[path] in events[-1].data


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except json.JSONDecodeError:
        return False
    return True


@BOTH
@pytest.mark.parametrize("name", sorted(WAITING))
@pytest.mark.parametrize("stream", [True, False])
async def test_silence_lasts_until_the_caller_leaves(path: str, name: str, stream: bool) -> None:
    provider = MockProvider()
    async with provider.serve() as origin:
        caller = Caller(origin)
        await caller.send(path, support.body_for(path, model=PREFIX + name, stream=stream))
        await provider.stalled()
        call = provider.calls[0]
        assert not call.ended
        assert call.events == (_placed(WAITING[name], path) if stream else 0)
        caller.leave()
        await call.done()
        assert call.disconnected


@BOTH
async def test_a_stall_with_pings_shows_life_but_no_progress(path: str) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    provider = MockProvider(sleep=sleep)
    async with provider.serve() as origin:
        caller = Caller(origin)
        await caller.send(path, support.body_for(path, model="mock-fault-stall-with-pings", stream=True))
        ping = b": ping\n\n" if path == CHAT else b"event: ping\n"
        await caller.read(until=ping * 3 if path == CHAT else ping + b'data: {"type": "ping"}\n\n' + ping)
        assert provider.calls[0].events == 6
        assert set(slept) == {0.5}
        caller.leave()
        await provider.calls[0].done()


async def test_slow_takes_its_time_between_events() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    provider = MockProvider(sleep=sleep)
    async with provider.serve() as origin:
        seen = await fetch(origin, CHAT, support.chat(model="mock-fault-slow", stream=True))
    assert slept == [0.5] * (len(_events(seen)) - 1)


def test_each_fault_is_tested() -> None:
    forms = {name for name, _ in FORMS}
    rest = {"html", "redirect", "404-path", "wrong-type", "malformed-json", "malformed-event", "growing-usage", "slow"}
    rest |= {
        "reset",
        "reset-after-head",
        "reset-mid-stream",
        "cut-json",
        "cut-mid-stream",
        "cut-inside-event",
        "empty-stream",
    }
    rest |= {
        "error-before-token",
        "error-mid-stream",
        "rate-limit-mid-stream",
        "empty",
        "refusal",
        "length",
        "blocked",
        "filtered",
    }
    assert set(FAULTS) == set(STATUSES) | forms | rest | set(WAITING) | {"one-write"}
