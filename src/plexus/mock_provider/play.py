"""From a step to what is done on the wire, in the protocol of the call. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from plexus.mock_provider import script as do
from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.chat import reply as chat_reply
from plexus.mock_provider.chat import stream as chat_stream
from plexus.mock_provider.errors import Fault, Protocol, chat_error, kind_of, messages_error
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.messages import reply as messages_reply
from plexus.mock_provider.messages import stream as messages_stream
from plexus.mock_provider.planner import answers, limited
from plexus.mock_provider.saying import Ids, Saying, count_usage
from plexus.mock_provider.steps import Hang, Html, Raw, Redirect, Reply, Reset, Status, Step, Stream, parts_of
from plexus.mock_provider.tokens import PromptCache

JSON: Final = (b"content-type", b"application/json")
SSE: Final = (b"content-type", b"text/event-stream; charset=utf-8")
PAGE: Final = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>This is a web page.</body></html>"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a step is played on: the call's protocol and ask (None where the body was no good), and the provider's own."""

    protocol: Protocol
    ask: Ask | None
    cache: PromptCache
    issuer: str
    seed: str
    created: int
    rounds: int = 1
    chunk: int | None = None
    """Tokens in a delta, where the call says so."""

    @property
    def request_id(self) -> str:
        """The vendor's name for the call."""
        return Ids(self.seed).make("req_01", 22)

    def fields(self, kind: tuple[bytes, bytes], more: Sequence[tuple[bytes, bytes]] = ()) -> do.Fields:
        """The vendor's usual reply headers."""
        return [kind, *self._vendor_fields(), *more]

    def _vendor_fields(self) -> do.Fields:
        if self.protocol == "chat":
            return [
                (b"x-request-id", self.request_id.encode()),
                (b"openai-processing-ms", b"12"),
                (b"x-ratelimit-limit-requests", b"10000"),
                (b"x-ratelimit-remaining-requests", b"9999"),
            ]
        return [
            (b"request-id", self.request_id.encode()),
            (b"anthropic-ratelimit-requests-limit", b"4000"),
            (b"anthropic-ratelimit-requests-remaining", b"3999"),
        ]


def play(step: Step, stage: Stage) -> do.Script:
    """The actions of one step."""
    match step:
        case Status():
            return _status(step, stage)
        case Reply():
            return _reply(step, stage)
        case Raw(data=data, content_type=kind):
            return [do.RawBytes(data)] if kind is None else [do.Whole(200, [(b"content-type", kind.encode())], data)]
        case Hang():
            return _hang(step, stage)
        case Reset(after_head=after_head):
            return [do.Start(200, stage.fields(SSE)), do.Abort()] if after_head else [do.ResetConnection()]
        case Html(status=status):
            return [do.Whole(status, [(b"content-type", b"text/html")], PAGE)]
        case Redirect(location=location, status=status):
            return [do.Whole(status, [(b"location", location.encode())], b"")]


def error_body(step: Status, stage: Stage, *, request_id: bool = True) -> Json:
    """The vendor's error body."""
    code = step.code if step.code >= 400 else 500
    fault = Fault(kind_of(code, step.kind), step.message)
    if stage.protocol == "chat":
        return chat_error(fault)
    return messages_error(fault, stage.request_id if request_id else None)


def _status(step: Status, stage: Stage) -> do.Script:
    body = step.body if step.body is not None else msgspec.json.encode(error_body(step, stage))
    more = [(name.lower().encode(), value.encode()) for name, value in step.headers.items()]
    if step.retry_after is not None:
        shown = step.retry_after if isinstance(step.retry_after, str) else f"{step.retry_after:g}"
        more.append((b"retry-after", shown.encode()))
    return [do.Whole(step.code, stage.fields((b"content-type", step.content_type.encode()), more), body)]


def _hang(step: Hang, stage: Stage) -> do.Script:
    if step.head:
        return [do.Start(200, stage.fields(SSE)), do.Write(b"", 0), do.Wait(), do.Abort()]
    after = play(step.then, stage) if step.then is not None else [do.ResetConnection()]
    return [do.Wait(), *after]


# --- replies


def _reply(step: Reply, stage: Stage) -> do.Script:
    ask = stage.ask
    assert ask is not None, "a reply needs an ask"
    saying = _saying(step, ask, stage)
    more = [(name.lower().encode(), value.encode()) for name, value in step.headers.items()]
    begin: do.Script = [do.Sleep(step.latency)] if step.latency else []
    if not ask.stream:
        return begin + _json(step, saying, stage, more)
    return [*begin, do.Start(200, stage.fields(SSE, more)), *_stream(step, saying, stage)]


def _saying(step: Reply, ask: Ask, stage: Stage) -> Saying:
    scripted = step.content
    said = answers(ask, rounds=stage.rounds) if scripted is None else [limited(parts_of(scripted), ask, step.finish)]
    if step.finish is not None:
        said = [replace(answer, finish=step.finish) for answer in said]
    chunk = stage.chunk or (step.chunk if isinstance(step, Stream) else 1)
    usage = count_usage(ask, said, stage.cache, step.usage)
    return Saying(ask, said, usage, stage.created, stage.issuer, Ids(stage.seed), chunk)


def _json(step: Reply, saying: Saying, stage: Stage, more: do.Fields) -> do.Script:
    whole = chat_reply.completion(saying) if stage.protocol == "chat" else messages_reply.message(saying)
    if isinstance(step, Stream):
        if step.without_usage:
            whole.pop("usage", None)
        if step.without_finish:
            _unfinish(whole)
        if step.error_after is not None:
            body = msgspec.json.encode(error_body(step.error, stage))
            return [do.Whole(200, stage.fields(JSON, more), body)]
    body = msgspec.json.encode(whole)
    cut = isinstance(step, Stream) and (step.cut_after is not None or step.stall_after is not None)
    if not cut or not isinstance(step, Stream):
        return [do.Whole(200, stage.fields(JSON, more), body)]
    half = body[: len(body) // 2]
    if step.stall_after is not None:
        rest = body[len(half) :]
        return [do.Start(200, stage.fields(JSON, more)), do.Write(half), do.Wait(), do.Write(rest), do.End()]
    end: do.Action = do.End() if step.cut == "end" else do.Abort()
    return [do.Start(200, stage.fields(JSON, more)), do.Write(half), end]


def _unfinish(whole: Json) -> None:
    choices = whole.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        choice["finish_reason"] = None
    if "stop_reason" in whole:
        whole["stop_reason"] = None


def _stream(step: Reply, saying: Saying, stage: Stage) -> do.Script:
    frames = chat_stream.events(saying) if stage.protocol == "chat" else messages_stream.events(saying)
    if not isinstance(step, Stream):
        return [*(do.Write(frame.encode()) for frame in frames), do.End()]
    frames = _altered(step, frames, saying, stage)
    script: do.Script = []
    ended = False
    for number, frame in enumerate(frames):
        if number == step.cut_after:
            if step.cut_inside:
                script.append(do.Write(frame.encode()[: step.cut_inside], 0))
            script.append(do.End() if step.cut == "end" else do.Abort())
            ended = True
            break
        if number == step.error_after:
            script += [do.Write(_error_frame(step, stage).encode()), do.End()]
            ended = True
            break
        if number == step.stall_after:
            script.append(do.Wait())
        script.append(do.Write(_bytes(step, frame)))
        if step.delay:
            script.append(do.Sleep(step.delay))
    if not ended:
        script.append(do.End())
    return _joined(script) if step.one_write else script


def _altered(step: Stream, frames: list[Frame], saying: Saying, stage: Stage) -> list[Frame]:
    """The frames with what the step leaves out or puts in."""
    kept = [
        frame
        for frame in frames
        if not (step.without_done and frame.kind == "done") and not (step.without_usage and frame.kind == "usage")
    ]
    if step.without_finish:
        kept = [frame for frame in kept if frame.kind != "finish"]
    if step.without_usage:
        kept = [_without_usage(frame) for frame in kept]
    if step.pings:
        first = next((index for index, frame in enumerate(kept) if frame.kind == "delta"), len(kept))
        ping = messages_stream.ping() if stage.protocol == "messages" else None
        kept[first:first] = [ping] * step.pings if ping is not None else []
    if step.usage_in_every_event:
        kept = [_with_usage(frame, saying, stage) for frame in kept]
    if step.garbage_after is not None:
        kept.insert(step.garbage_after, Frame("garbage", '{"this is": no JSON'))
    return kept


def _without_usage(frame: Frame) -> Frame:
    if isinstance(frame.data, str):
        return frame
    data = {name: value for name, value in frame.data.items() if name != "usage"}
    message = data.get("message")
    if isinstance(message, dict):
        data["message"] = {name: value for name, value in message.items() if name != "usage"}
    return replace(frame, data=data)


def _with_usage(frame: Frame, saying: Saying, stage: Stage) -> Frame:
    counted = replace(saying.usage, output=frame.output)
    if stage.protocol == "chat":
        return frame.changed(usage=chat_reply.usage_object(counted)) if frame.kind == "delta" else frame
    return frame


def _error_frame(step: Stream, stage: Stage) -> Frame:
    body = error_body(step.error, stage, request_id=False)
    return Frame("error", body, None if stage.protocol == "chat" else "error")


def _bytes(step: Stream, frame: Frame) -> bytes:
    data = frame.encode()
    if step.comments:
        data = b": a comment\n\n" + data
    return data.replace(b"\n", b"\r\n") if step.crlf else data


def _joined(script: do.Script) -> do.Script:
    writes = [action for action in script if isinstance(action, do.Write)]
    others = [action for action in script if not isinstance(action, do.Write)]
    return [do.Write(b"".join(write.data for write in writes), len(writes)), *others]
