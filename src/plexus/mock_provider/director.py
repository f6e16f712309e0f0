"""From a call to its script, without any I/O: route, read, let the mind speak or the step decide, write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from plexus.mock_provider.answer import Answer, Json
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Fault, Refused, kind_of
from plexus.mock_provider.faults import FAULTS
from plexus.mock_provider.fields import EVENT_STREAM, JSON, fields_of, request_id
from plexus.mock_provider.knobs import Knobs, knobs_of
from plexus.mock_provider.messages.request import read_count
from plexus.mock_provider.models import is_known, listing, single
from plexus.mock_provider.planner import answers, limited
from plexus.mock_provider.playback import Voice, json_script, stream_script
from plexus.mock_provider.saying import Ids, Saying, count_usage
from plexus.mock_provider.script import (
    Abort,
    Action,
    Fields,
    RawBytes,
    ResetConnection,
    Script,
    Sleep,
    Start,
    Wait,
    Whole,
)
from plexus.mock_provider.steps import Hang, Html, Raw, Redirect, Reply, Reset, Status, Step, Stream, parts_of
from plexus.mock_provider.tokens import PromptCache
from plexus.mock_provider.vendors import CHAT, MESSAGES, Vendor, growth

PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1></body></html>\n"
)
_MODEL = re.compile(r"/v1/models/(.+)")


@dataclass(slots=True, kw_only=True)
class Stage:
    """What outlives a call: who signs, what is cached, whether a secret is asked for."""

    issuer: str
    key: str | None = None
    validate: bool = True
    cache: PromptCache = field(default_factory=PromptCache)


NextStep = Callable[[str], Step | None]
"""The next step of the transcript for a model, if there is one."""


def direct(call: MockCall, stage: Stage, created: int, next_step: NextStep) -> Script:
    """What to do for ``call``, received at ``created`` (epoch seconds)."""
    return _Director(call, stage, created).script(next_step)


class _Director:
    """One call's direction."""

    def __init__(self, call: MockCall, stage: Stage, created: int) -> None:
        self.call = call
        self.stage = stage
        self.created = created
        self.ids = Ids(f"{stage.issuer}/{call.number}")
        generates = {"/v1/chat/completions": CHAT, "/v1/messages": MESSAGES, "/v1/messages/count_tokens": MESSAGES}
        anthropic = call.headers.get(b"anthropic-version") is not None
        self.vendor: Vendor = generates.get(call.path, MESSAGES if anthropic else CHAT)
        self.ident = request_id(self.vendor.protocol, self.ids)

    def script(self, next_step: NextStep) -> Script:
        """Refuse, list models, count, or play a step."""
        try:
            self._check_key()
            listed = self._models()
            return listed if listed is not None else self._post(next_step)
        except Refused as refused:
            self.call.refused = refused
            return self._refusal(refused)

    def _check_key(self) -> None:
        headers = self.call.headers
        given = headers.text(b"x-api-key") or (headers.text(b"authorization") or "").removeprefix("Bearer ")
        if self.stage.key is not None and given != self.stage.key:
            message = "invalid x-api-key" if self.vendor is MESSAGES else "Incorrect API key provided."
            raise Refused(message, kind="authentication", status=401)

    def _models(self) -> Script | None:
        one = _MODEL.fullmatch(self.call.path)
        if self.call.method != "GET" or (one is None and self.call.path != "/v1/models"):
            return None
        if one is None:
            return [self._json(200, listing(self.vendor.protocol))]
        if not is_known(one[1]):
            raise Refused(f"The model '{one[1]}' does not exist", kind="model", status=404)
        return [self._json(200, single(one[1], self.vendor.protocol))]

    def _post(self, next_step: NextStep) -> Script:
        counts = self.call.path == "/v1/messages/count_tokens"
        if not counts and self.call.path not in ("/v1/chat/completions", "/v1/messages"):
            raise Refused(f"Invalid URL ({self.call.method} {self.call.path})", kind="not-found", status=404)
        if self.call.method != "POST":
            raise Refused(f"Not allowed to {self.call.method} on {self.call.path}", kind="method", status=405)
        knobs = knobs_of(self.call.headers, self.call.model)
        if self.stage.validate:
            self._read(counts)
        step = next_step(self.call.model) or (FAULTS[knobs.fault] if knobs.fault else None)
        return self._latency(knobs) + self._step(step, knobs, counts)

    def _read(self, counts: bool) -> Ask | int:
        call = self.call
        if counts:
            return read_count(call.body, call.headers, self.stage.issuer)
        return self.vendor.read(call.body, call.headers, self.stage.issuer)

    def _step(self, step: Step | None, knobs: Knobs, counts: bool) -> Script:
        if step is not None and not isinstance(step, Reply):
            return self._unspoken(step, knobs, counts)
        asked = self._read(counts)
        if isinstance(asked, int):
            return [self._json(200, {"input_tokens": asked if knobs.input_tokens is None else knobs.input_tokens})]
        spoken = step or Reply(knobs.text)
        return ([Sleep(spoken.latency)] if spoken.latency else []) + self._reply(asked, spoken, knobs)

    def _unspoken(self, step: Step, knobs: Knobs, counts: bool) -> Script:
        """The steps that say nothing."""
        if isinstance(step, Status):
            return [self._status(step)]
        if isinstance(step, Html):
            return [Whole(step.status, self._fields("text/html; charset=utf-8"), PAGE)]
        if isinstance(step, Redirect):
            return [Whole(step.status, self._fields("text/plain", {"location": step.location}), b"")]
        if isinstance(step, Raw):
            if step.content_type is None:
                return [RawBytes(step.data)]
            return [Whole(200, self._fields(step.content_type), step.data)]
        if isinstance(step, Reset):
            return [Start(200, self._fields(EVENT_STREAM)), Abort()] if step.after_head else [ResetConnection()]
        return self._hang(step, knobs, counts)

    def _hang(self, step: Step, knobs: Knobs, counts: bool) -> Script:
        assert isinstance(step, Hang)
        rest = self._step(step.then, knobs, counts) if step.then is not None else []
        if step.head:
            more = rest[1:] if rest and isinstance(rest[0], Start) else [Abort()]
            return [Start(200, self._fields(EVENT_STREAM)), Wait(), *more]
        return [Wait(), *(rest or [ResetConnection()])]

    def _reply(self, ask: Ask, step: Reply, knobs: Knobs) -> Script:
        said = self._answers(ask, step, knobs)
        form = step if isinstance(step, Stream) else Stream()
        numbers = knobs.usage if knobs.usage != type(knobs.usage)() else step.usage
        saying = Saying(
            ask,
            said,
            count_usage(ask, said, self.stage.cache, numbers),
            self.created,
            self.stage.issuer,
            self.ids,
            chunk=knobs.chunk if knobs.chunk != 1 else form.chunk,
        )
        if knobs.delay:
            form = replace(form, delay=knobs.delay)
        fault = _fault(form.error)
        voice = Voice(
            fields=self._fields(EVENT_STREAM if ask.stream else JSON, step.headers),
            error=self.vendor.error_frame(fault),
            ping=self.vendor.ping,
            grow=growth(self.vendor, saying),
        )
        if ask.stream:
            return stream_script(self.vendor.frames(saying), form, voice)
        body = self.vendor.whole(saying)
        if form.without_usage:
            body.pop("usage", None)
        return json_script(_encoded(body), form, voice, _encoded(self.vendor.error(fault, self.ident)))

    def _answers(self, ask: Ask, step: Reply, knobs: Knobs) -> list[Answer]:
        if step.content is not None:
            parts = parts_of(step.content)
            return [limited(parts, ask, step.finish) for _ in range(ask.n)]
        minded = replace(ask, model=knobs.model or ask.model)
        said = answers(minded, rounds=knobs.rounds)
        return [replace(one, finish=step.finish) if step.finish else one for one in said]

    def _latency(self, knobs: Knobs) -> list[Action]:
        return [Sleep(knobs.latency)] if knobs.latency else []

    def _status(self, step: Status) -> Whole:
        more = dict(step.headers)
        if step.retry_after is not None:
            more["retry-after"] = str(step.retry_after)
        left = 0 if step.code == 429 else 1000
        if step.body is not None:
            return Whole(step.code, self._fields(step.content_type, more, left), step.body)
        return Whole(step.code, self._fields(JSON, more, left), _encoded(self.vendor.error(_fault(step), self.ident)))

    def _refusal(self, refused: Refused) -> Script:
        fault = Fault(kind_of(refused.status, refused.kind), refused.message, refused.param, refused.code)
        more = {"x-should-retry": "false"} if self.vendor is MESSAGES else {}
        return [Whole(refused.status, self._fields(JSON, more), _encoded(self.vendor.error(fault, self.ident)))]

    def _json(self, status: int, body: Json) -> Whole:
        return Whole(status, self._fields(JSON), _encoded(body))

    def _fields(self, content_type: str, more: Mapping[str, str] | None = None, left: int = 9999) -> Fields:
        return fields_of(self.vendor.protocol, content_type, self.ident, created=self.created, left=left, more=more)


def _fault(step: Status) -> Fault:
    return Fault(kind_of(step.code, step.kind), step.message, step.param, step.error_code)


def _encoded(body: Json) -> bytes:
    return msgspec.json.encode(body)
