"""From a call to its script, without any I/O: route, read, let the mind speak or the step decide, write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from plexus.mock_provider.answer import Answer as Candidate
from plexus.mock_provider.answer import Json, UsageNumbers
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.bedrock.signed import check_signature, is_signed
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Fault, Refused, kind_of
from plexus.mock_provider.faults import FAULTS
from plexus.mock_provider.fields import fields_of, request_id
from plexus.mock_provider.framing import SSE, Framing
from plexus.mock_provider.knobs import Knobs, knobs_of
from plexus.mock_provider.planner import answers, limited
from plexus.mock_provider.playback import USAGE_MEMBERS, Voice, json_script, stream_script
from plexus.mock_provider.routes import Answer, Route, find, refusal
from plexus.mock_provider.saying import Ids, Saying, count_usage
from plexus.mock_provider.script import Abort, Fields, RawBytes, ResetConnection, Script, Sleep, Start, Wait, Whole
from plexus.mock_provider.stage import Desk, Stage
from plexus.mock_provider.steps import Hang, Html, Raw, Redirect, Reply, Reset, Status, Step, Stream, parts_of
from plexus.mock_provider.vendors import Generator, growth

PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1></body></html>\n"
)


WRONG_KEY: Final = {
    "messages": ("invalid x-api-key", 401),
    "gemini": ("API key not valid. Please pass a valid API key.", 400),
    "cohere": ("invalid api token", 401),
    "bedrock": ("The security token included in the request is invalid.", 403),
}
"""What a wrong secret is answered."""

NextStep = Callable[[str], Step | None]
"""The next step of the transcript for a model, if there is one."""
Answering = Callable[[Reply], Script]
Prepare = Callable[[], Answering]
"""Checks a call (raises Refused); what it gives answers it."""


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
        self.vendor, self.route, self.match = find(call)
        self.ident = request_id(self.vendor.protocol, self.ids)

    def script(self, next_step: NextStep) -> Script:
        """Refuse, or play a step."""
        try:
            self._check_key()
            if self.route is None or self.match is None:
                raise refusal(self.call)
            knobs = knobs_of(self.call.headers, self.call.model)
            operation = self._operation(self.route, self.match, knobs)
            if self.stage.validate or not self.route.scripted:
                operation()
            step = next_step(self.call.model) if self.route.scripted else None
            step = step or (FAULTS[knobs.fault] if knobs.fault else None)
            return ([Sleep(knobs.latency)] if knobs.latency else []) + self._step(step, knobs, operation)
        except Refused as refused:
            self.call.refused = refused
            return self._refusal(refused)

    def _check_key(self) -> None:
        headers = self.call.headers
        if self.vendor.keyless:
            return
        if self.vendor.protocol == "bedrock" and is_signed(self.call):
            check_signature(self.call, self.stage.key)
            return
        given = headers.text(b"x-api-key") or headers.text(b"x-goog-api-key") or headers.text(b"api-key")
        given = given or (headers.text(b"authorization") or "").removeprefix("Bearer ")
        given = given or dict(parse_qsl(self.call.query)).get("key")
        if self.stage.key is not None and given != self.stage.key:
            message, status = WRONG_KEY.get(self.vendor.protocol, ("Incorrect API key provided.", 401))
            raise Refused(message, kind="authentication", status=status)

    def _operation(self, route: Route, match: re.Match[str], knobs: Knobs) -> Prepare:
        """What checks the call, and gives what answers it."""
        if route.operation is None:
            assert isinstance(self.vendor, Generator)
            return self._generation(self.vendor, knobs)
        given = route.operation

        def prepare() -> Answering:
            def answering(step: Reply) -> Script:
                desk = Desk(
                    call=self.call,
                    stage=self.stage,
                    ids=self.ids,
                    created=self.created,
                    match=match,
                    numbers=_numbers(step, knobs),
                )
                return self._operated(given(desk)(), step)

            given(Desk(call=self.call, stage=self.stage, ids=self.ids, created=self.created, match=match))
            return answering

        return prepare

    def _generation(self, vendor: Generator, knobs: Knobs) -> Prepare:
        def prepare() -> Answering:
            ask = vendor.read(self.call, self.stage)
            return lambda step: self._reply(vendor, ask, step, knobs)

        return prepare

    def _operated(self, answer: Answer, step: Reply) -> Script:
        """The answer of an operation; the faults of a stream work on it too."""
        form = step if isinstance(step, Stream) else Stream()
        fault = _fault(form.error)
        if isinstance(answer, list):
            assert isinstance(self.vendor, Generator)
            voice = Voice(
                fields=self._fields(SSE.content_type, form.headers),
                error=partial(self.vendor.error_frames, fault),
                framing=SSE,
                grow=lambda frame: [frame],
            )
            return stream_script(answer, form, voice)
        kind, body = answer if isinstance(answer, tuple) else (self.vendor.json_type, _encoded(answer))
        return json_script(body, form, self._fields(kind, step.headers), _encoded(self.vendor.error(fault, self.ident)))

    def _step(self, step: Step | None, knobs: Knobs, operation: Prepare) -> Script:
        if step is not None and not isinstance(step, Reply):
            return self._unspoken(step, knobs, operation)
        spoken = step or Reply(knobs.text)
        answering = operation()
        return ([Sleep(spoken.latency)] if spoken.latency else []) + answering(spoken)

    def _unspoken(self, step: Step, knobs: Knobs, operation: Prepare) -> Script:
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
            return (
                [Start(200, self._fields(self.framing.content_type)), Abort()]
                if step.after_head
                else [ResetConnection()]
            )
        return self._hang(step, knobs, operation)

    def _hang(self, step: Step, knobs: Knobs, operation: Prepare) -> Script:
        assert isinstance(step, Hang)
        rest = self._step(step.then, knobs, operation) if step.then is not None else []
        if step.head:
            more = rest[1:] if rest and isinstance(rest[0], Start) else [Abort()]
            return [Start(200, self._fields(self.framing.content_type)), Wait(), *more]
        return [Wait(), *(rest or [ResetConnection()])]

    def _reply(self, vendor: Generator, ask: Ask, step: Reply, knobs: Knobs) -> Script:
        said = self._answers(ask, step, knobs)
        form = step if isinstance(step, Stream) else Stream()
        saying = Saying(
            ask,
            said,
            count_usage(ask, said, self.stage.cache, _numbers(step, knobs)),
            self.created,
            self.stage.issuer,
            self.ids,
            chunk=knobs.chunk if knobs.chunk != 1 else form.chunk,
        )
        if knobs.delay:
            form = replace(form, delay=knobs.delay)
        fault = _fault(form.error)
        if ask.stream:
            return self._stream(vendor, saying, form, fault)
        body = vendor.whole(saying)
        vendor.remember(self.stage, ask, body)
        if form.without_usage:
            body = {name: value for name, value in body.items() if name not in USAGE_MEMBERS}
        fields = self._fields(vendor.json_type, step.headers)
        return json_script(_encoded(body), form, fields, _encoded(vendor.error(fault, self.ident)))

    def _stream(self, vendor: Generator, saying: Saying, form: Stream, fault: Fault) -> Script:
        voice = Voice(
            fields=self._fields(self.framing.content_type, form.headers),
            error=partial(vendor.error_frames, fault),
            framing=self.framing,
            grow=growth(vendor, saying),
        )
        frames = vendor.frames(saying)
        last = frames[-1].data if frames else {}
        if isinstance(last, dict):
            vendor.remember(self.stage, saying.ask, last)
        return stream_script(frames, form, voice)

    @property
    def framing(self) -> Framing:
        """How the call's stream is framed."""
        return self.vendor.framing(self.call)

    def _answers(self, ask: Ask, step: Reply, knobs: Knobs) -> list[Candidate]:
        if step.content is not None:
            parts = parts_of(step.content)
            return [limited(parts, ask, step.finish) for _ in range(ask.n)]
        minded = replace(ask, model=knobs.model or ask.model)
        said = answers(minded, rounds=knobs.rounds)
        return [replace(one, finish=step.finish) if step.finish else one for one in said]

    def _status(self, step: Status) -> Whole:
        more = dict(step.headers)
        if step.retry_after is not None and self.vendor.protocol != "gemini":
            more["retry-after"] = str(step.retry_after)
        more |= self.vendor.error_fields(_fault(step))
        left = 0 if step.code == 429 else 1000
        if step.body is not None:
            return Whole(step.code, self._fields(step.content_type, more, left), step.body)
        return Whole(
            step.code,
            self._fields(self.vendor.json_type, more, left),
            _encoded(self.vendor.error(_fault(step), self.ident)),
        )

    def _refusal(self, refused: Refused) -> Script:
        fault = Fault(
            kind_of(refused.status, refused.kind), refused.message, refused.param, refused.code, refused.status
        )
        more = (
            {"x-should-retry": "false"} if self.vendor.protocol == "messages" else {**self.vendor.error_fields(fault)}
        )
        fields = self._fields(self.vendor.json_type, more)
        return [Whole(refused.status, fields, _encoded(self.vendor.error(fault, self.ident)))]

    def _fields(self, content_type: str, more: Mapping[str, str] | None = None, left: int = 9999) -> Fields:
        return fields_of(self.vendor.protocol, content_type, self.ident, created=self.created, left=left, more=more)


def _fault(step: Status) -> Fault:
    code = kind_of(step.code, step.kind).status if step.code < 400 else step.code
    return Fault(kind_of(step.code, step.kind), step.message, step.param, step.error_code, code, step.retry_after)


def _numbers(step: Reply, knobs: Knobs) -> UsageNumbers:
    return knobs.usage if knobs.usage != UsageNumbers() else step.usage


def _encoded(body: Json) -> bytes:
    return msgspec.json.encode(body)
