"""Calls the mock provider: without a socket through its director, or over one with h11 reading along."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import h11

from plexus.canonical.headers import Headers
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.director import direct
from plexus.mock_provider.script import Script, Whole, Write
from plexus.mock_provider.stage import Stage
from plexus.mock_provider.steps import Step
from plexus.protocols.sse import SseEvent, split_events

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
RESPONSES = "/v1/responses"
GEMINI = "/v1beta/models/{model}:generateContent"
GEMINI_STREAM = "/v1beta/models/{model}:streamGenerateContent"
NOW = 1_770_000_000

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
CHAT_TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": WEATHER}}
    for name in ("get_weather", "get_time", "third")
]
MESSAGES_TOOLS = [{"name": name, "input_schema": WEATHER} for name in ("get_weather", "get_time", "third")]


def chat(text: str = "Say hello", **members: Any) -> dict[str, Any]:
    return {"model": "mock-chat", "messages": [{"role": "user", "content": text}]} | members


def messages(text: str = "Say hello", **members: Any) -> dict[str, Any]:
    return {"model": "mock-chat", "max_tokens": 1000, "messages": [{"role": "user", "content": text}]} | members


def responses(said: str = "Say hello", /, **members: Any) -> dict[str, Any]:
    return {"model": "mock-chat", "input": said} | members


def gemini(said: str = "Say hello", /, **members: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": said}]}]} | members


def gemini_path(model: str = "mock-chat", *, stream: bool = False) -> str:
    return (f"{GEMINI_STREAM}?alt=sse" if stream else GEMINI).format(model=model)


def body_for(path: str, **members: Any) -> dict[str, Any]:
    return (chat if path == CHAT else messages)(**members)


def headers_for(path: str, **more: str) -> list[tuple[bytes, bytes]]:
    named = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in more.items()}}
    if path.startswith(MESSAGES):
        named["anthropic-version"] = "2023-06-01"
    return [(name.encode(), value.encode()) for name, value in named.items()]


def script_of(path: str, body: Any, *, step: Step | None = None, stage: Stage | None = None, **headers: str) -> Script:
    """What the provider would do, without doing it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    bare, _, query = path.partition("?")
    call = MockCall(1, "POST", bare, query, Headers(headers_for(path, **headers)), raw)
    return direct(call, stage or Stage(issuer="mock"), NOW, lambda _model: step)


def get(path: str, **headers: str) -> bytes:
    """The body of a successful GET."""
    whole = bare_of("GET", path, stage=None, **headers)
    assert whole.status == 200, whole.body
    return whole.body


def bare_of(method: str, path: str, *, stage: Stage | None = None, **headers: str) -> Whole:
    """What a call without a body is answered."""
    bare, _, query = path.partition("?")
    call = MockCall(1, method, bare, query, Headers(headers_for(path, **headers)), b"")
    (whole,) = direct(call, stage or Stage(issuer="mock"), NOW, lambda _model: None)
    assert isinstance(whole, Whole)
    return whole


def reply_of(path: str, body: Any, **options: Any) -> Any:
    """The JSON body of a successful reply."""
    whole = whole_of(path, body, **options)
    assert whole.status == 200, whole.body
    return json.loads(whole.body)


def whole_of(path: str, body: Any, **options: Any) -> Whole:
    """A reply in one piece, whatever its status."""
    (whole,) = script_of(path, body, **options)
    assert isinstance(whole, Whole)
    return whole


def refusal_of(path: str, body: Any, **options: Any) -> dict[str, Any]:
    """The error of a refused request."""
    whole = whole_of(path, body, **options)
    assert whole.status == 400, whole.body
    error: dict[str, Any] = json.loads(whole.body)["error"]
    return error


def events_of(path: str, body: Any, **options: Any) -> list[SseEvent]:
    """The events of a streamed reply."""
    script = script_of(path, body if ":stream" in path else body | {"stream": True}, **options)
    return split_events(b"".join(action.data for action in script if isinstance(action, Write)))


def data_of(events: list[SseEvent]) -> list[dict[str, Any]]:
    """The JSON of events, without ``[DONE]``."""
    return [json.loads(event.data) for event in events if event.data != b"[DONE]"]


@dataclass
class Seen:
    """What a caller saw of one exchange."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: str = "nothing"
    """``proper`` by the framing, ``closed`` before that, ``reset``."""


class Caller:
    """One connection to the provider."""

    def __init__(self, origin: str) -> None:
        self.origin = urlsplit(origin)
        self.seen = Seen()
        self._connection = h11.Connection(h11.CLIENT)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, path: str, body: Any, *, method: str = "POST", **headers: str) -> None:
        self._reader, self._writer = await asyncio.open_connection(self.origin.hostname, self.origin.port)
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = [*headers_for(path, **headers), (b"host", b"mock"), (b"content-length", b"%d" % len(raw))]
        request = h11.Request(method=method, target=path, headers=fields)
        for event in (request, h11.Data(data=raw), h11.EndOfMessage()):
            self._writer.write(self._connection.send(event) or b"")
        await self._writer.drain()

    async def read(self, until: bytes | None = None) -> Seen:
        """All of the reply, or until its body contains ``until``."""
        assert self._reader is not None
        while self.seen.ended == "nothing" and (until is None or until not in self.seen.body):
            try:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    self._connection.receive_data(await self._reader.read(65536))
                    continue
            except h11.RemoteProtocolError:
                self.seen.ended = "closed"
            except ConnectionResetError:
                self.seen.ended = "reset"
            else:
                self._note(event)
        if until is None:
            self.leave()
        return self.seen

    def _note(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self.seen.status = event.status_code
            self.seen.headers = {name.decode(): value.decode() for name, value in event.headers}
        elif isinstance(event, h11.Data):
            self.seen.body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            self.seen.ended = "proper"
        elif isinstance(event, h11.ConnectionClosed):
            self.seen.ended = "closed"

    def leave(self) -> None:
        """Close the connection, whatever is under way."""
        assert self._writer is not None
        self._writer.transport.abort()


async def fetch(origin: str, path: str, body: Any, *, method: str = "POST", **headers: str) -> Seen:
    """One whole exchange."""
    caller = Caller(origin)
    await caller.send(path, body, method=method, **headers)
    return await caller.read()
