"""The provider itself: takes calls, plays steps, remembers what it was sent."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from plexus.domain.provider import Origin
from plexus.http1.server import Incoming, Server
from plexus.mock_provider import script as do
from plexus.mock_provider.answer import Json
from plexus.mock_provider.chat import request as chat
from plexus.mock_provider.errors import Fault, Protocol, Refused, chat_error, kind_of, messages_error
from plexus.mock_provider.faults import fault_of
from plexus.mock_provider.messages import request as messages
from plexus.mock_provider.play import JSON, Stage, play
from plexus.mock_provider.steps import Reply, Status, Step, Stream
from plexus.mock_provider.tokens import PromptCache

MAX_BODY: Final = 64 * 1024 * 1024
MODELS: Final = (
    "mock-chat", "mock-echo", "mock-tools", "mock-agent", "mock-thinking", "mock-redacted", "mock-json", "mock-refusal",
)  # fmt: skip
PATHS: Final[dict[bytes, Protocol]] = {b"/v1/chat/completions": "chat", b"/v1/messages": "messages"}


@dataclass(slots=True)
class Call:
    """One call as it was received."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    events: int = 0
    """Server-sent events that were written."""
    disconnected: bool = False
    """The caller went away before the reply was complete."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the reply is complete or the caller is gone."""

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


class MockProvider:
    """Plays OpenAI and Anthropic. Without a script the model's name says what happens (``planner``, ``faults``)."""

    def __init__(
        self, name: str = "mock", *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, record: bool = True
    ) -> None:
        self.name = name
        self.calls: list[Call] = []
        self._record = record
        self._sleep = sleep
        self._steps: deque[Step] = deque()
        self._by_model: dict[str, deque[Step]] = {}
        self._cache = PromptCache()
        self._released = asyncio.Event()
        self._served = 0

    def script(self, *steps: Step, model: str | None = None) -> None:
        """Each coming call (for ``model``, if one is named) takes the next of ``steps``."""
        queue = self._steps if model is None else self._by_model.setdefault(model, deque())
        queue.extend(steps)

    def release(self) -> None:
        """Let go on what hangs or stalls."""
        self._released.set()

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Origin]:
        """Listen while the block runs."""
        server = Server(self.handle)
        await server.start(host=host, port=port)
        try:
            yield Origin(host, server.port)
        finally:
            self.release()
            await server.drain(0)

    async def handle(self, incoming: Incoming) -> None:
        """Answer one call."""
        body = await incoming.body(MAX_BODY)
        call = Call(
            method=incoming.method.decode(),
            path=incoming.path.decode(),
            query=incoming.query.decode(),
            headers={name.decode().lower(): value.decode("latin-1") for name, value in incoming.headers},
            body=body,
        )
        if self._record:
            self.calls.append(call)
        try:
            await self._act(self._answer(call, incoming), incoming, call)
        except asyncio.CancelledError:
            call.disconnected = True
            raise
        finally:
            call.done.set()

    # --- what to answer

    def _answer(self, call: Call, incoming: Incoming) -> do.Script:
        if call.method == "GET" and call.path == "/v1/models":
            return [do.Whole(200, [JSON], msgspec.json.encode(_model_list("anthropic-version" in call.headers)))]
        if call.path == "/v1/messages/count_tokens" and call.method == "POST":
            return self._count(call)
        protocol = PATHS.get(incoming.path)
        if protocol is None or call.method != "POST":
            body = chat_error(Fault(kind_of(404), f"Unknown request URL: {call.method} {call.path}."))
            return [do.Whole(404, [JSON], msgspec.json.encode(body))]
        self._served += 1
        return self._generate(call, protocol)

    def _generate(self, call: Call, protocol: Protocol) -> do.Script:
        stage = Stage(
            protocol=protocol,
            ask=None,
            cache=self._cache,
            issuer=self.name,
            seed=f"{self.name}/{self._served}",
            created=int(time.time()),
            rounds=_int(call.headers.get("x-mock-rounds"), 1),
            chunk=_int(call.headers.get("x-mock-chunk"), 0) or None,
        )
        step = self._next_step(call)
        if isinstance(step, Status):
            return play(step, stage)
        try:
            ask = chat.read(call.body) if protocol == "chat" else messages.read(call.body, self.name)
        except Refused as refused:
            return [_refusal(refused, stage)]
        return play(step or _knobs(call), replace(stage, ask=ask))

    def _next_step(self, call: Call) -> Step | None:
        model = _model_of(call.body)
        queue = self._by_model.get(model)
        if queue:
            return queue.popleft()
        if self._steps:
            return self._steps.popleft()
        return fault_of(model)

    def _count(self, call: Call) -> do.Script:
        step = self._next_step(call)
        stage = Stage("messages", None, self._cache, self.name, f"{self.name}/count", 0)
        if isinstance(step, Status):
            return play(step, stage)
        try:
            tokens = messages.count_tokens(call.body)
        except Refused as refused:
            return [_refusal(refused, stage)]
        return [do.Whole(200, stage.fields(JSON), msgspec.json.encode({"input_tokens": tokens}))]

    # --- acting

    async def _act(self, actions: do.Script, incoming: Incoming, call: Call) -> None:
        for action in actions:
            match action:
                case do.Write(data=data, events=events):
                    if data:
                        incoming.write(data)
                        call.events += events
                        await asyncio.sleep(0)  # each event its own write, as providers do
                case do.Sleep(seconds=seconds):
                    await self._sleep(seconds)
                case do.Wait():
                    await self._released.wait()
                case _:
                    _act_at_once(action, incoming)


def _act_at_once(
    action: do.Whole | do.Start | do.End | do.Abort | do.ResetConnection | do.RawBytes, incoming: Incoming
) -> None:
    match action:
        case do.Whole(status=status, fields=fields, body=body):
            incoming.respond(status, fields, body)
        case do.Start(status=status, fields=fields):
            incoming.start(status, fields)
        case do.End():
            incoming.end()
        case do.Abort():
            incoming.abort()
        case do.ResetConnection():
            _reset(incoming)
        case do.RawBytes(data=data):
            transport, _ = incoming.detach()
            transport.write(data)
            transport.close()


def _refusal(refused: Refused, stage: Stage) -> do.Whole:
    fault = Fault(kind_of(refused.status, refused.kind), refused.message, refused.param, refused.code)
    body = chat_error(fault) if stage.protocol == "chat" else messages_error(fault, stage.request_id)
    return do.Whole(refused.status, stage.fields(JSON), msgspec.json.encode(body))


def _knobs(call: Call) -> Reply:
    """The reply as the model's name says, with the latency and delay that the call's headers ask for (milliseconds)."""
    latency = _int(call.headers.get("x-mock-latency-ms"), 0) / 1000
    delay = _int(call.headers.get("x-mock-delay-ms"), 0) / 1000
    return Stream(latency=latency, delay=delay) if delay else Reply(latency=latency)


def _int(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default


class _Named(msgspec.Struct):
    model: str = ""


def _model_of(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Named).model
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _reset(incoming: Incoming) -> None:
    """Close with RST instead of FIN: linger on, zero seconds (socket(7))."""
    transport, _ = incoming.detach()
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _model_list(anthropic: bool) -> Json:
    if anthropic:
        data = [
            {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"} for name in MODELS
        ]
        return {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
    models = [{"id": name, "object": "model", "created": 1767225600, "owned_by": "mock"} for name in MODELS]
    return {"object": "list", "data": models}
