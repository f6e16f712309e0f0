"""The port as clients meet it: routes, bodies, keys, headers."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import brotli
import httpx2
import pytest
from tests.builders import SECRET, key
from tests.gateway import CHAT, MESSAGES, PATHS, gateway

from plexus.client_api.query import read_query

BODY = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 100}).encode()
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("br", brotli.compress(BODY)),
        ("identity", BODY),
    ],
    ids=["gzip", "deflate", "br", "identity"],
)
@pytest.mark.parametrize("protocol", [CHAT, MESSAGES])
async def test_compressed_bodies_are_read_and_go_on_plain(protocol: str, coding: str, packed: bytes) -> None:
    async with gateway(protocol) as bench:
        reply = await bench.client.post(PATHS[protocol], content=packed, headers={**JSON, "content-encoding": coding})
        assert reply.status_code == 200
        (call,) = bench.providers[0].calls
        assert call.json["messages"] == json.loads(BODY)["messages"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"{}", {}, 400),
        (b"\xff\xfe", {}, 400),
        (BODY, {"content-encoding": "snappy"}, 400),
        (b"not gzip", {"content-encoding": "gzip"}, 400),
        (b'{"model": "chat", "x": "' + b"a" * 70_000 + b'"}', {}, 413),
        (gzip.compress(b" " * 70_000, mtime=0), {"content-encoding": "gzip"}, 413),
    ],
    ids=["cut", "list", "empty", "no-utf8", "unknown-coding", "broken-gzip", "too-large", "bomb"],
)
@pytest.mark.parametrize("protocol", [CHAT, MESSAGES])
async def test_bad_bodies_are_told_in_the_clients_protocol(
    protocol: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    async with gateway(protocol, max_body_bytes=65_536) as bench:
        reply = await bench.client.post(PATHS[protocol], content=content, headers={**JSON, **headers})
        assert reply.status_code == status
        assert reply.json()["error"]["message"]
        assert (reply.json().get("type") == "error") == (protocol == MESSAGES)
        assert not bench.providers[0].calls


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("authorization", f"Bearer {SECRET}", None),
        ("authorization", f"bearer {SECRET}", None),
        ("x-api-key", SECRET, None),
        ("x-goog-api-key", SECRET, None),
        ("x-api-key", f"{SECRET}:team-a", "team-a"),
    ],
)
async def test_every_way_to_send_a_key(name: str, value: str, label: str | None) -> None:
    async with gateway(CHAT) as bench, httpx2.AsyncClient(base_url=bench.url) as stranger:
        reply = await stranger.post(PATHS[CHAT], content=BODY, headers={**JSON, name: value})
        assert reply.status_code == 200
        record = await bench.record()
        assert (record.key, record.label) == ("tester", label)


async def test_a_key_in_the_query_stays_here() -> None:
    async with gateway(CHAT) as bench, httpx2.AsyncClient(base_url=bench.url) as stranger:
        assert (await stranger.post(f"{PATHS[CHAT]}?key={SECRET}&beta=true", content=BODY)).status_code == 200
        (call,) = bench.providers[0].calls
        assert SECRET not in call.query
        assert SECRET not in str(list(call.headers))


async def test_the_providers_credential_replaces_the_clients() -> None:
    async with gateway(CHAT) as bench:
        await bench.ask(CHAT, headers={"cookie": "a=b", "x-forwarded-for": "10.0.0.1", "x-secret": "mine"})
        (call,) = bench.providers[0].calls
        assert call.headers.text(b"authorization") == "Bearer upstream-secret"
        for name in (b"cookie", b"x-forwarded-for", b"x-secret", b"x-api-key"):
            assert call.headers.text(name) is None


@pytest.mark.parametrize("protocol", [CHAT, MESSAGES])
async def test_without_a_key_nothing_happens(protocol: str) -> None:
    async with gateway(protocol) as bench, httpx2.AsyncClient(base_url=bench.url) as stranger:
        assert (await stranger.post(PATHS[protocol], content=BODY)).status_code == 401
        assert not bench.providers[0].calls


async def test_a_key_sees_and_uses_its_models_only() -> None:
    async with gateway(CHAT, keys=(key(models="other.*"),)) as bench:
        assert (await bench.client.get("/v1/models")).json()["data"] == []
        assert (await bench.client.get("/v1/models/chat")).status_code == 404
        assert (await bench.ask(CHAT)).status_code == 403
        assert not bench.providers[0].calls


async def test_models_take_the_shape_of_the_caller() -> None:
    async with gateway(CHAT) as bench:
        plain = (await bench.client.get("/v1/models")).json()
        assert plain["object"] == "list"
        anthropic = (await bench.client.get("/v1/models", headers={"anthropic-version": "2023-06-01"})).json()
        assert anthropic["has_more"] is False
        assert anthropic["data"][0]["type"] == "model"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("HEAD", "/v1/models", 200),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/messages", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/unheard-of", 404),
    ],
)
async def test_routes(method: str, path: str, status: int) -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.request(method, path)
        assert reply.status_code == status
        assert ("allow" in reply.headers) == (status == 405)


@pytest.mark.parametrize(("client", "upstream"), [(CHAT, MESSAGES), (MESSAGES, CHAT)])
async def test_what_is_lost_is_told(client: str, upstream: str) -> None:
    async with gateway(upstream) as bench:
        invented: dict[str, Any] = {"invented\u0007member": 1}
        reply = await bench.ask(client, **invented)
        assert reply.status_code == 200
        record = await bench.record()
        assert "invented" in reply.headers["x-plexus-losses"]
        assert [loss for loss in record.losses if "invented" in loss.path]


async def test_strict_refuses_what_would_be_lost() -> None:
    async with gateway(MESSAGES, keys=(key(strict=True),)) as bench:
        assert (await bench.ask(CHAT)).status_code == 200
        assert (await bench.ask(CHAT, logit_bias={"1": 1})).status_code == 400
        assert len(bench.providers[0].calls) == 1


async def test_a_deadline_of_the_client_is_kept() -> None:
    async with gateway(CHAT, models=("mock-fault-no-first-byte",)) as bench:
        reply = await bench.ask(CHAT, headers={"x-plexus-deadline-ms": "50"})
        assert reply.status_code == 504
        assert reply.json()["error"]["code"] == "upstream_timeout"
        (call,) = bench.providers[0].calls
        await call.done()
        assert call.disconnected


async def test_one_exchange_one_record_and_an_opening_before_it() -> None:
    async with gateway(CHAT) as bench:
        for _ in range(5):
            await bench.ask(CHAT)
        ids = [opening.id for opening in bench.journal.openings]
        assert len(set(ids)) == 5
        assert {record.id for record in bench.journal.records} <= set(ids)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"", b""),
        (b"key=secret", b""),
        (b"a=1&KEY=secret&b=%20", b"a=1&b=%20"),
        (b"%6bey=secret&x", b"x"),
        (b"monkey=1&keys=2", b"monkey=1&keys=2"),
    ],
)
def test_the_client_s_secret_leaves_the_query_in_every_spelling(raw: bytes, kept: bytes) -> None:
    pairs, found = read_query(raw)
    assert found == kept
    assert ("secret" in pairs.values()) is (b"secret" in raw)
