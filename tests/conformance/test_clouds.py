"""Clouds, from the configuration to the wire: each of the four client protocols before each cloud's API, with its credentials.

The mock providers refuse what the vendors refuse: wrong signatures of requests and of thoughts, tokens that they did not give,
members and paths that are not theirs.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.configuration.loading import load
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, Bench, question, serving
from tests.protocols.properties import cuts

from plexus.canonical.content import Reasoning, Text, ToolCall
from plexus.canonical.events import fold
from plexus.canonical.response import FinishReason, GenerateResponse
from plexus.mock_provider import MockProvider, Status, Stream
from plexus.mock_provider.steps import OPENING
from plexus.protocols.registry import CODECS

SECRET = "the-only-secret-of-the-mock"
KEYS = {"AWS_ACCESS_KEY_ID": "AKMOCK", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "session"}
PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
VERTEX = "v1/projects/p/locations/global/publishers"


def google(origin: str) -> str:
    """A service account whose tokens come from the mock."""
    account = {
        "type": "service_account",
        "client_email": "me@example.com",
        "private_key": PEM,
        "token_uri": f"{origin}/token",
    }
    return json.dumps({"credentials": json.dumps(account)})


def entra(origin: str) -> str:
    return f"{{ tenant_id: ten, client_id: app, client_secret: sec, authority: '{origin}' }}"


CLOUDS: dict[str, Callable[[str], str]] = {
    "bedrock": lambda at: f"base_url: '{at}', aws: {{ region: eu-central-1 }}",
    "bedrock key": lambda at: f"preset: bedrock, base_url: '{at}', api_key: {SECRET}",
    "vertex gemini": lambda at: f"preset: vertex, base_url: {{ gemini: '{at}/{VERTEX}/google' }}, google: {google(at)}",
    "vertex claude": lambda at: (
        f"preset: vertex, base_url: {{ messages: '{at}/{VERTEX}/anthropic' }}, google: {google(at)}"
    ),
    "azure": lambda at: f"preset: azure, base_url: {{ chat: '{at}/openai/v1' }}, entra: {entra(at)}",
    "azure responses": lambda at: f"preset: azure, base_url: {{ responses: '{at}/openai/v1' }}, api_key: {SECRET}",
    "azure classic": lambda at: (
        f"base_url: '{at}/openai/deployments/{{model}}?api-version=2024-10-21', auth: api-key, api_key: {SECRET}"
    ),
}
GEMINI_AT = CLOUDS["vertex gemini"]
EACH = pytest.mark.parametrize("cloud", CLOUDS)
CLIENTS = pytest.mark.parametrize("protocol", [CHAT, RESPONSES, MESSAGES, GEMINI])
FORMS = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])


@asynccontextmanager
async def before(cloud: str, model: str = "mock-chat", *, key: str = SECRET) -> AsyncIterator[Bench]:
    """A gateway whose route ``chat`` is ``model`` at ``cloud``."""
    async with AsyncExitStack() as stack:
        mock = MockProvider(name="cloud", key=key)
        origin = await stack.enter_async_context(mock.serve())
        name = cloud if cloud == "bedrock" else "p"
        text = f"""
        providers: {{ {name}: {{ {CLOUDS[cloud](origin)}, passthrough: true }} }}
        models: {{ chat: {{ provider: {name}, model_id: {model} }} }}
        keys: {{ me: {{ secret: sk-test-secret-0123456789, passthrough: true }} }}
        """
        yield await serving(stack, [load(text).snapshot], [mock], environ=KEYS)


def heard(protocol: str, reply: httpx2.Response, *, stream: bool) -> GenerateResponse:
    """What the client understands."""
    assert reply.status_code == 200, reply.text
    codec = CODECS[protocol, "generate"]
    if not stream:
        response: GenerateResponse = codec.decode_response(reply.content, codec.default_dialect)
        return response
    decoder = codec.stream_decoder(codec.default_dialect)
    events = [event for piece in cuts(reply.content, range(0, 100_000, 97)) for event in decoder.feed(piece)]
    return fold([*events, *decoder.finish()], protocol)


def words(response: GenerateResponse) -> str:
    return "".join(block.text for block in response.candidates[0].blocks if isinstance(block, Text))


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: dict[str, Any] = {
    CHAT: {"tools": [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]},
    RESPONSES: {"tools": [{"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False}]},
    MESSAGES: {"tools": [{"name": "get_weather", "input_schema": SCHEMA}]},
    GEMINI: {"tools": [{"functionDeclarations": [{"name": "get_weather", "parametersJsonSchema": SCHEMA}]}]},
}


@EACH
@CLIENTS
@FORMS
async def test_words(cloud: str, protocol: str, stream: bool) -> None:
    async with before(cloud) as bench:
        response = heard(protocol, await bench.ask(protocol, stream=stream), stream=stream)
        record = await bench.record()
    assert "Hello" in words(response)
    finish = response.candidates[0].finish
    assert finish is not None
    assert finish.reason is FinishReason.STOP
    assert response.id
    assert response.model == "mock-chat"
    counts = record.usage
    assert counts is not None
    assert (counts.input > 0, counts.output > 0, counts.estimated) == (True, True, False)


@EACH
@CLIENTS
@FORMS
async def test_tools(cloud: str, protocol: str, stream: bool) -> None:
    async with before(cloud, "mock-tools") as bench:
        reply = await bench.ask(protocol, stream=stream, **TOOLS[protocol])
    response = heard(protocol, reply, stream=stream)
    (call,) = [block for block in response.candidates[0].blocks if isinstance(block, ToolCall)]
    assert call.name == "get_weather"
    assert json.loads(call.arguments) == {"city": "Paris"}
    assert response.candidates[0].finish is not None
    assert response.candidates[0].finish.reason is FinishReason.TOOL_CALLS


THINK: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 5000}


@pytest.mark.parametrize("model", ["mock-thinking-tools", "mock-redacted"])
@pytest.mark.parametrize("cloud", ["bedrock", "vertex claude", "vertex gemini"])
@FORMS
async def test_thoughts_come_back_to_who_signed_them(cloud: str, model: str, stream: bool) -> None:
    """The mock refuses a thought that is not genuine, so a second turn that is answered has all of it."""
    async with before(cloud, model) as bench:
        first = await bench.ask(MESSAGES, stream=stream, **THINK, **TOOLS[MESSAGES])
        blocks = heard(MESSAGES, first, stream=stream).candidates[0].blocks
        thoughts = [block for block in blocks if isinstance(block, Reasoning)]
        said = [written for block in blocks if (written := _again(block)) is not None]
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "sunny"}
            for block in blocks
            if isinstance(block, ToolCall)
        ]
        turns = [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": said},
            {"role": "user", "content": results or "And?"},
        ]
        second = await bench.ask(MESSAGES, stream=stream, **THINK, **TOOLS[MESSAGES], messages=turns)
        assert heard(MESSAGES, second, stream=stream).candidates[0].blocks
        sent = bench.providers[0].calls[-1].body
    if cloud != "vertex gemini" or model != "mock-redacted":
        assert thoughts
        assert any(thought.state is not None for thought in thoughts)
        assert any(
            word in sent for word in (b"signature", b"redactedContent", b"redacted_thinking", b"thoughtSignature")
        )
    assert b"plx1" not in sent
    assert second.headers.get("x-plexus-losses", "").count("other_provider") == 0


def _again(block: Any) -> dict[str, Any] | None:
    """A block as the client sends it back."""
    match block:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Reasoning(redacted=True, state=state) if state is not None:
            return {"type": "redacted_thinking", "data": state.value}
        case Reasoning(text=text, state=state):
            return {"type": "thinking", "thinking": text, "signature": state.value if state is not None else ""}
        case ToolCall(id=ident, name=name, arguments=arguments):
            return {"type": "tool_use", "id": ident, "name": name, "input": json.loads(arguments)}
        case _:
            return None


@pytest.mark.parametrize("cloud", ["bedrock", "vertex claude"])
@CLIENTS
@FORMS
async def test_thoughts_show(cloud: str, protocol: str, stream: bool) -> None:
    async with before(cloud, "mock-thinking") as bench:
        response = heard(protocol, await bench.ask(protocol, stream=stream), stream=stream)
    assert any(isinstance(block, Reasoning) and block.text for block in response.candidates[0].blocks)


@pytest.mark.parametrize("cloud", ["bedrock", "bedrock key", "azure responses", "azure classic"])
async def test_a_wrong_credential_is_not_the_clients_fault(cloud: str) -> None:
    async with before(cloud, key="another-secret-than-it-has") as bench:
        reply = await bench.ask(CHAT)
        record = await bench.record()
    assert reply.status_code == 502
    assert record.attempts[0].error == "upstream_auth"


def _nowhere(at: str) -> str:
    """The credentials of an account whose tokens nobody gives."""
    return GEMINI_AT(at).replace(f"{at}/token", f"{at}/nowhere")


async def test_a_token_that_is_refused_is_an_attempt_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLOUDS, "vertex gemini", _nowhere)
    async with before("vertex gemini") as bench:
        reply = await bench.ask(CHAT)
        record = await bench.record()
        assert [call.path for call in bench.providers[0].calls] == ["/nowhere"]
    assert reply.status_code == 502
    assert [attempt.error for attempt in record.attempts] == ["upstream_auth"]


@EACH
@FORMS
async def test_a_rate_limit_is_one(cloud: str, stream: bool) -> None:
    async with before(cloud) as bench:
        bench.providers[0].script(*[Status(429)] * 3)
        reply = await bench.ask(CHAT, stream=stream)
    assert reply.status_code == 429


@CLIENTS
async def test_an_exception_inside_bedrocks_stream_is_told(protocol: str) -> None:
    async with before("bedrock") as bench:
        bench.providers[0].script(Stream("one two three four", error_after=4))
        reply = await bench.ask(protocol, stream=True)
        record = await bench.record()
    assert b"one" in reply.content
    assert record.error == "upstream_error"


async def test_an_exception_before_the_first_word_moves_on() -> None:
    async with before("bedrock") as bench:
        bench.providers[0].script(Stream("x", error_after=OPENING), Stream("here"))
        reply = await bench.ask(CHAT, stream=True)
        record = await bench.record()
    assert b"here" in reply.content
    assert [attempt.error for attempt in record.attempts] == ["upstream_error", None]


@pytest.mark.parametrize("inside", [0, 9])
async def test_a_cut_event_stream_never_ends_as_if_finished(inside: int) -> None:
    async with before("bedrock") as bench:
        bench.providers[0].script(Stream("one two three four", cut_after=5, cut_inside=inside))
        reply = await bench.ask(CHAT, stream=True)
        record = await bench.record()
    assert b"[DONE]" not in reply.content
    assert b'"error"' in reply.content
    assert record.error == "upstream_cut"


async def test_a_token_is_asked_for_once() -> None:
    async with before("vertex gemini") as bench:
        for _ in range(3):
            assert (await bench.ask(CHAT)).status_code == 200
        paths = [call.path for call in bench.providers[0].calls]
    assert paths.count("/token") == 1
    assert len(paths) == 4


async def test_a_claude_body_is_passed_on_but_for_what_vertex_wants_otherwise() -> None:
    async with before("vertex claude") as bench:
        path, body = question(MESSAGES)
        reply = await bench.client.post(path, json={**body, "top_k": 5})
        call = bench.providers[0].calls[-1]
        record = await bench.record()
    assert reply.status_code == 200
    assert call.path == f"/{VERTEX}/anthropic/models/mock-chat:rawPredict"
    assert call.json["top_k"] == 5
    assert call.json["anthropic_version"] == "vertex-2023-10-16"
    assert record.attempts[0].lane == "edit"


async def test_caching_shows_in_the_usage() -> None:
    async with before("bedrock", "us.anthropic.claude-mock") as bench:
        long = [{"type": "text", "text": "word " * 2000, "cache_control": {"type": "ephemeral"}}]
        for _ in range(2):
            await bench.ask(MESSAGES, system=long)
        first, second = (record.usage for record in bench.journal.records)
    assert first is not None
    assert second is not None
    assert first.cache_write > 1000
    assert second.cached_input == first.cache_write


@pytest.mark.parametrize("cloud", ["bedrock", "vertex gemini"])
async def test_raw_calls_carry_the_accounts_credential(cloud: str) -> None:
    async with before(cloud) as bench:
        name, path, body = {
            "bedrock": (
                "bedrock",
                "/model/mock-chat/converse",
                {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
            ),
            "vertex gemini": (
                "p",
                f"/{VERTEX}/google/models/mock-chat:generateContent",
                {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
            ),
        }[cloud]
        reply = await bench.client.post(f"/raw/{name}{path}", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json().get("output") or reply.json().get("candidates")
