"""A whole gateway on a socket, before mock providers: what the tests of the data plane talk to."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from tests.builders import SECRET, digest, provider, route, snapshot, target

from plexus.client_api.app import Readiness, client_api
from plexus.domain.provider import Timeouts
from plexus.domain.record import Opening, Record
from plexus.domain.snapshot import Snapshot
from plexus.exchange.fixed_fields import FixedFields
from plexus.exchange.gateway import Gateway
from plexus.exchange.turns.state import State
from plexus.http1.server import Incoming, Server
from plexus.mock_provider import MockProvider
from plexus.protocols.registry import CODECS, PROVIDER_CODECS
from plexus.providers.authorizer import Authorizer
from plexus.upstream.client import UpstreamClient
from plexus.upstream.form import post_form

CHAT, MESSAGES, RESPONSES, GEMINI = "openai_chat", "anthropic_messages", "openai_responses", "gemini"
OLLAMA, COHERE = "ollama", "cohere"
CLIENTS = (CHAT, RESPONSES, MESSAGES, GEMINI)
UPSTREAMS = tuple(dict.fromkeys(protocol for protocol, operation in PROVIDER_CODECS if operation == "generate"))
"""All protocols in which providers are asked to generate."""
PAIRS = list(itertools.product(CLIENTS, UPSTREAMS))
"""Client and provider."""
PATHS = {CHAT: "/v1/chat/completions", MESSAGES: "/v1/messages", RESPONSES: "/v1/responses"}
"""Where a protocol is asked that names the model in the body."""


def question(protocol: str, *, stream: bool = False) -> tuple[str, dict[str, Any]]:
    """The path and the body of one question to the route ``chat``."""
    said = [{"role": "user", "content": "Hello"}]
    if protocol == GEMINI:
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        contents = [{"role": "user", "parts": [{"text": "Hello"}]}]
        return f"/v1beta/models/chat:{verb}", {"contents": contents, "generationConfig": {"maxOutputTokens": 300}}
    if protocol == RESPONSES:
        return PATHS[protocol], {"model": "chat", "max_output_tokens": 300, "input": said, "stream": stream}
    return PATHS[protocol], {"model": "chat", "max_tokens": 300, "messages": said, "stream": stream}


@dataclass
class ListJournal:
    """Keeps what it is given."""

    openings: list[Opening] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    filed: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, opening: Opening) -> None:
        self.openings.append(opening)

    def close(self, record: Record) -> None:
        self.records.append(record)
        self.filed.set()


@dataclass
class Bench:
    """The gateway under test, its providers in order, and a client with the right key."""

    client: httpx2.AsyncClient
    providers: list[MockProvider]
    journal: ListJournal
    server: Server
    waits: list[float]
    configuration: list[Snapshot]
    """The last one is in force."""

    async def ask(
        self, protocol: str, *, stream: bool = False, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        """One question to the route ``chat``."""
        path, body = question(protocol, stream=stream)
        return await self.client.post(path, json=body | more, headers=headers)

    async def record(self) -> Record:
        """The record of the one exchange, once it is filed: the client may have its reply a little before."""
        await self.journal.filed.wait()
        (record,) = self.journal.records
        return record

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"


async def no_control_plane(incoming: Incoming) -> None:
    incoming.respond(404, [], b"")


async def serving(
    stack: AsyncExitStack,
    configuration: list[Snapshot],
    mocks: list[MockProvider],
    *,
    state: State | None = None,
    environ: Mapping[str, str] | None = None,
) -> Bench:
    """A gateway that serves the last of ``configuration`` for as long as ``stack`` stands."""
    journal, waits = ListJournal(), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    client = UpstreamClient()
    stack.push_async_callback(client.close)
    data_plane = Gateway(
        snapshot=lambda: configuration[-1],
        upstream=client,
        journal=journal,
        state=state,
        codecs=CODECS,
        provider_codecs=PROVIDER_CODECS,
        digest=digest,
        seal_key=b"s" * 32,
        fixed_fields=FixedFields(b"plexus/test"),
        authorizer=Authorizer(functools.partial(post_form, client), environ or {}),
        sleep=sleep,
    )
    server = Server(client_api(data_plane, no_control_plane, lambda: Readiness(ready=True, parts={})))
    await server.start(host="127.0.0.1", port=0)
    stack.push_async_callback(server.drain, 1.0)
    http = await stack.enter_async_context(
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", headers={"authorization": f"Bearer {SECRET}"}, timeout=30
        )
    )
    return Bench(http, mocks, journal, server, waits, configuration)


@asynccontextmanager
async def gateway(
    *upstream: str,
    models: tuple[str, ...] = (),
    more: Mapping[str, str] | None = None,
    timeouts: Timeouts | None = None,
    dialects: dict[str, Any] | None = None,
    state: State | None = None,
    ports: Mapping[int, int] | None = None,
    account: dict[str, Any] | None = None,
    **members: Any,
) -> AsyncIterator[Bench]:
    """A gateway whose route ``chat`` has a mock provider for each protocol of ``upstream``, tried in order; each is asked
    for the model of ``models`` at its place (``mock-chat`` by default). ``more`` are routes to models of the first provider,
    ``dialects`` the providers' answers by protocol, ``ports`` where another server plays the provider of that number,
    ``account`` further members of the providers, ``state`` what is kept of Responses, ``members`` the snapshot\'s."""
    async with AsyncExitStack() as stack:
        mocks = [MockProvider(name=f"mock{number}", validate=False) for number, _ in enumerate(upstream)]
        targets = []
        for number, (protocol, mock) in enumerate(zip(upstream, mocks, strict=True)):
            await stack.enter_async_context(mock.serve())
            of = provider(
                f"p{number}",
                port=(ports or {}).get(number, mock.port),
                protocols=(protocol,),
                timeouts=timeouts or Timeouts(),
                dialects=dialects or {},
                **(account or {}),
            )
            targets.append(target(of, models[number] if models else "mock-chat"))
        others = [route(name, target(targets[0].provider, model)) for name, model in (more or {}).items()]
        configuration: list[Snapshot] = [snapshot(route("chat", *targets), *others, **members)]
        yield await serving(stack, configuration, mocks, state=state)
