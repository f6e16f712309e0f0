"""From frames to a script: here a stream is cut, stalled, garbled or slowed down, as its step says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plexus.mock_provider.frame import Frame
from plexus.mock_provider.script import Abort, Action, End, Fields, Script, Sleep, Start, Wait, Whole, Write
from plexus.mock_provider.steps import Stream

_COMMENT = b": mock\n\n"
_GARBAGE = '{"broken": "yes", '


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What a protocol adds to a playback."""

    fields: Fields
    error: Frame
    """The event that says what went wrong."""
    ping: bytes
    """A sign of life between events."""
    grow: Callable[[Frame], list[Frame]]
    """The frame with the usage up to it."""


def stream_script(frames: Sequence[Frame], step: Stream, voice: Voice) -> Script:
    """The head and the events of one stream."""
    frames = _edited(frames, step, voice)
    stop, last = _stop(frames, step, voice)
    script: Script = [Start(200, voice.fields)]
    silence = Wait(voice.ping, step.stall_pings) if step.stall_pings else Wait()
    opening = next((index for index, frame in enumerate(frames) if frame.kind != "opening"), len(frames))
    for index, frame in enumerate(frames[:stop]):
        if index == step.stall_after:
            script.append(silence)
        if index == opening:
            script += [Write(voice.ping, 0)] * step.pings
        if index and step.delay:
            script.append(Sleep(step.delay))
        script.append(Write(_bytes(frame, step)))
    if step.stall_after is not None and step.stall_after >= stop:
        script.append(silence)
    script += last
    return _joined(script) if step.one_write else script


def _stop(frames: Sequence[Frame], step: Stream, voice: Voice) -> tuple[int, list[Action]]:
    """How many events are sent, and what follows them."""
    if step.error_after is not None:
        return step.error_after, [Write(_bytes(voice.error, step)), End()]
    if step.cut_after is None:
        return len(frames), [End()]
    rest: list[Action] = []
    if step.cut_inside and step.cut_after < len(frames):
        rest.append(Write(_bytes(frames[step.cut_after], step)[: step.cut_inside], 0))
    return step.cut_after, [*rest, Abort() if step.cut == "abort" else End()]


def _edited(frames: Sequence[Frame], step: Stream, voice: Voice) -> list[Frame]:
    unwanted = {"done": step.without_done, "finish": step.without_finish, "usage": step.without_usage}
    kept = [frame for frame in frames if not unwanted.get(frame.kind)]
    if step.without_usage:
        kept = [_without_usage(frame) for frame in kept]
    if step.usage_in_every_event:
        kept = [grown for frame in kept for grown in (voice.grow(frame) if frame.kind == "delta" else [frame])]
    if step.garbage_after is not None:
        name = next((frame.name for frame in kept if frame.kind == "delta"), None)
        kept.insert(step.garbage_after, Frame("garbage", _GARBAGE, name))
    return kept


def _without_usage(frame: Frame) -> Frame:
    data = frame.data
    if isinstance(data, str):
        return frame
    kept = {name: value for name, value in data.items() if name != "usage" or value is None}
    begun = kept.get("message")
    if isinstance(begun, dict):
        kept["message"] = {name: value for name, value in begun.items() if name != "usage"}
    return Frame(frame.kind, kept, frame.name, frame.output, frame.padding)


def _bytes(frame: Frame, step: Stream) -> bytes:
    data = (_COMMENT if step.comments else b"") + frame.encode()
    return data.replace(b"\n", b"\r\n") if step.crlf else data


def _joined(script: Script) -> Script:
    """All neighbouring writes as one."""
    joined: Script = []
    for action in script:
        before = joined[-1] if joined else None
        if isinstance(action, Write) and isinstance(before, Write):
            joined[-1] = Write(before.data + action.data, before.events + action.events)
        else:
            joined.append(action)
    return joined


def json_script(body: bytes, step: Stream, voice: Voice, error: bytes) -> Script:
    """The same faults on a reply that is one JSON body; ``error`` is the body that says what went wrong."""
    if step.error_after is not None:
        return [Whole(200, voice.fields, error)]
    if step.garbage_after is not None:
        return [Whole(200, voice.fields, re.sub(rb"}\s*$", b",", body))]
    if step.cut_after is None and step.stall_after is None:
        return [Whole(200, voice.fields, body)]
    half = 0 if step.cut_after == 0 else len(body) // 2
    script: Script = [Start(200, [*voice.fields, (b"content-length", b"%d" % len(body))]), Write(body[:half], 0)]
    if step.cut_after is not None:
        return [*script, Abort()]
    return [*script, Wait(), Write(body[half:]), End()]
