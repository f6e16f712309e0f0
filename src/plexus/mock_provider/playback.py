"""From frames to a script: here a stream is cut, stalled, garbled or slowed down, as its step says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from plexus.mock_provider.frame import Frame
from plexus.mock_provider.framing import Framing
from plexus.mock_provider.script import Abort, Action, End, Fields, Script, Sleep, Start, Wait, Whole, Write
from plexus.mock_provider.steps import OPENING, Stream

USAGE_MEMBERS: Final = frozenset({"usage", "usageMetadata", "prompt_eval_count", "eval_count"})
"""What the protocols call the token counts of a reply."""
_GARBAGE = '{"broken": "yes", '


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What a protocol adds to a playback."""

    fields: Fields
    error: Callable[[Sequence[Frame]], list[Frame]]
    """The events that say what went wrong, after those that were sent."""
    framing: Framing
    grow: Callable[[Frame], list[Frame]]
    """The frame with the usage up to it."""


def stream_script(frames: Sequence[Frame], step: Stream, voice: Voice) -> Script:
    """The head and the events of one stream."""
    frames = _edited(frames, step, voice)
    opening = next((index for index, frame in enumerate(frames) if frame.kind != "opening"), len(frames))
    step = _placed(step, opening)
    stop, last = _stop(frames, step, voice)
    script: Script = [Start(200, voice.fields)]
    ping = voice.framing.ping
    silence = Wait(ping, step.stall_pings) if step.stall_pings and ping else Wait()
    for index, frame in enumerate(frames[:stop]):
        if index == step.stall_after:
            script.append(silence)
        if index == opening:
            script += [Write(ping, 0)] * (step.pings if ping else 0)
        if index and step.delay:
            script.append(Sleep(step.delay))
        script.append(Write(_bytes(frame, step, voice, first=index == 0)))
    if step.stall_after is not None and step.stall_after >= stop:
        script.append(silence)
    script += last
    return _joined(script) if step.one_write else script


def _placed(step: Stream, opening: int) -> Stream:
    """``step`` with ``OPENING`` as the number it stands for."""
    names = ("cut_after", "error_after", "stall_after", "garbage_after")
    found = {name: opening for name in names if getattr(step, name) == OPENING}
    return replace(step, **found) if found else step  # type: ignore[arg-type]  # these members are numbers


def _stop(frames: Sequence[Frame], step: Stream, voice: Voice) -> tuple[int, list[Action]]:
    """How many events are sent, and what follows them."""
    close: list[Action] = [Write(voice.framing.close, 0)] if voice.framing.close else []
    if step.error_after is not None:
        told = voice.error(frames[: step.error_after])
        first = step.error_after == 0
        data = b"".join(_bytes(frame, step, voice, first=first and not at) for at, frame in enumerate(told))
        return step.error_after, [Write(data, len(told)), *close, End()]
    if step.cut_after is None:
        return len(frames), [*close, End()]
    rest: list[Action] = []
    if step.cut_inside and step.cut_after < len(frames):
        whole = _bytes(frames[step.cut_after], step, voice, first=step.cut_after == 0)
        rest.append(Write(whole[: step.cut_inside], 0))
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
    kept = {name: value for name, value in data.items() if name not in USAGE_MEMBERS or value is None}
    for inside in ("message", "response", "delta"):
        begun = kept.get(inside)
        if isinstance(begun, dict):
            kept[inside] = {name: value for name, value in begun.items() if name not in USAGE_MEMBERS}
    return replace(frame, data=kept)


def _bytes(frame: Frame, step: Stream, voice: Voice, *, first: bool) -> bytes:
    framing = voice.framing
    data = (framing.comment if step.comments else b"") + framing.encode(frame, first)
    return re.sub(rb"\r?\n", b"\r\n", data) if step.crlf and framing.text else data


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


def json_script(body: bytes, step: Stream, fields: Fields, error: bytes) -> Script:
    """The same faults on a reply that is one JSON body; ``error`` is the body that says what went wrong."""
    if step.error_after is not None:
        return [Whole(200, fields, error)]
    if step.garbage_after is not None:
        return [Whole(200, fields, re.sub(rb"}\s*$", b",", body))]
    if step.cut_after is None and step.stall_after is None:
        return [Whole(200, fields, body)]
    half = 0 if step.cut_after == 0 else len(body) // 2
    script: Script = [Start(200, [*fields, (b"content-length", b"%d" % len(body))]), Write(body[:half], 0)]
    if step.cut_after is not None:
        return [*script, Abort()]
    return [*script, Wait(), Write(body[half:]), End()]
