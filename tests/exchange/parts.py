"""The pipeline's surroundings, in memory: a sink that remembers, a provider that answers what it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.builders import SECRET, digest, snapshot
from tests.gateway import ListJournal

from plexus.canonical.errors import GatewayError, TransportError
from plexus.canonical.headers import Field, Headers
from plexus.domain.record import Record
from plexus.domain.snapshot import Snapshot
from plexus.exchange.call import Call
from plexus.exchange.fixed_fields import FixedFields
from plexus.exchange.gateway import Gateway
from plexus.exchange.pipeline import run
from plexus.exchange.ports import Receiver
from plexus.protocols.registry import CODECS, PROVIDER_CODECS
from plexus.providers.authorizer import Authorizer
from plexus.upstream.request import UpstreamRequest

CHAT_REPLY: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}


def chunk(content: str | None = None, *, finish: str | None = None, **members: Any) -> bytes:
    """One event of a Chat stream."""
    delta = {} if content is None else {"content": content}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"id": "c1", "model": "m1", "choices": choices, **members}).encode() + b"\n\n"


USAGE = b'data: {"id":"c1","model":"m1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n'
DONE = b"data: [DONE]\n\n"


@dataclass
class MemorySink:
    """Keeps what the client would get."""

    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    committed: bool = False
    ended: bool = False
    aborted: bool = False
    gone: bool = False
    full: bool = False
    waiting: Callable[[], None] | None = None

    def send(self, status: int, headers: Iterable[Field], body: bytes) -> None:
        self.start(status, headers)
        self.body = body
        self.ended = True

    def start(self, status: int, headers: Iterable[Field]) -> None:
        assert not self.committed, "two starts"
        self.status, self.headers, self.committed = status, Headers(headers), True

    def write(self, data: bytes) -> None:
        assert self.committed
        assert not self.ended, "a write behind the end"
        self.body += data

    def end(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.aborted = True

    def when_writable(self, callback: Callable[[], None] | None) -> None:
        self.waiting = callback


class ScriptedReply:
    """A provider's answer: the pieces of its body, then its end, or what broke it; None for silence."""

    def __init__(
        self, status: int, fields: list[Field], pieces: list[bytes], end: TransportError | bool | None = True
    ) -> None:
        self.status = status
        self.headers = Headers(fields)
        self.pieces = list(pieces)
        self.last = end
        self.cancelled = False
        self.paused = False
        self.lingers = False
        self.receiver: Receiver | None = None

    async def body(self, limit: int) -> bytes:
        whole = b"".join(self.pieces)
        assert len(whole) <= limit
        self.pieces = []
        await self._end()
        return whole

    async def chunk(self) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        await self._end()
        return b""

    async def _end(self) -> None:
        if self.last is None:
            await asyncio.get_running_loop().create_future()
        if isinstance(self.last, TransportError):
            raise self.last

    def relay(self, receiver: Receiver) -> None:
        self.receiver = receiver
        pieces, self.pieces = self.pieces, []
        for piece in pieces:
            receiver.data(piece)
        if isinstance(self.last, TransportError):
            receiver.failed(self.last)
        elif self.last:
            receiver.end()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def linger(self, seconds: float) -> None:
        self.lingers = True

    def cancel(self) -> None:
        self.cancelled = True


def json_reply(body: Any = None, status: int = 200, **fields: str) -> ScriptedReply:
    """A JSON reply; header names with underscores for hyphens."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    raw = body if isinstance(body, bytes) else json.dumps(CHAT_REPLY if body is None else body).encode()
    return ScriptedReply(status, [(b"content-type", b"application/json"), *named], [raw])


def stream_reply(*pieces: bytes, end: TransportError | bool | None = True) -> ScriptedReply:
    """A stream."""
    return ScriptedReply(200, [(b"content-type", b"text/event-stream")], list(pieces), end)


class ScriptedUpstream:
    """Answers each call with the next of its script: a reply, an error, or (None) never."""

    def __init__(self, *script: ScriptedReply | GatewayError | None) -> None:
        self.script = list(script)
        self.requests: list[UpstreamRequest] = []
        self.called = asyncio.Event()

    async def send(self, request: UpstreamRequest, *, whole: bool, sent: Callable[[], None]) -> ScriptedReply:
        self.requests.append(request)
        step = self.script.pop(0)
        if not isinstance(step, GatewayError):
            sent()
        self.called.set()
        if step is None:
            await asyncio.get_running_loop().create_future()
            raise AssertionError
        if isinstance(step, GatewayError):
            raise step
        return step


@dataclass
class Lab:
    """A gateway without sockets."""

    gateway: Gateway
    upstream: ScriptedUpstream
    journal: ListJournal
    sink: MemorySink
    waits: list[float]

    async def ask(
        self, body: Any = None, *, protocol: str = "openai_chat", operation: str = "generate", **headers: str
    ) -> Record:
        """One exchange, and the record that it left."""
        await run(call(body, protocol=protocol, operation=operation, **headers), self.sink, self.gateway)
        return self.journal.records[-1]

    @property
    def said(self) -> Any:
        return json.loads(self.sink.body)


def call(
    body: Any = None,
    *,
    protocol: str = "openai_chat",
    operation: str = "generate",
    secret: str = SECRET,
    **headers: str,
) -> Call:
    asked = {"model": "chat", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    raw = body if isinstance(body, bytes) else json.dumps({**asked, **(body or {})}, separators=(",", ":")).encode()

    async def read_body(limit: int) -> bytes:
        return raw

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    fields = Headers([(b"authorization", b"Bearer " + secret.encode()), *named])
    return Call(codec=CODECS[protocol, operation], headers=fields, peer="127.0.0.9", read_body=read_body)


async def no_fetch(url: str, form: dict[str, str]) -> tuple[int, bytes]:
    """For gateways whose providers need no tokens."""
    raise AssertionError(f"{url} was asked for a token with {sorted(form)}")


def lab(*script: ScriptedReply | GatewayError | None, of: Snapshot | None = None) -> Lab:
    """A gateway whose provider answers ``script``."""
    upstream, journal, waits = ScriptedUpstream(*script), ListJournal(), list[float]()
    current = of or snapshot()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    gateway = Gateway(
        snapshot=lambda: current,
        upstream=upstream,
        journal=journal,
        codecs=CODECS,
        provider_codecs=PROVIDER_CODECS,
        digest=digest,
        seal_key=b"s" * 32,
        fixed_fields=FixedFields(b"plexus/test"),
        authorizer=Authorizer(no_fetch, {}),
        sleep=sleep,
    )
    return Lab(gateway, upstream, journal, MemorySink(), waits)
