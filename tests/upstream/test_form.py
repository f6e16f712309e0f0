"""A form, posted to a token service."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from plexus.canonical.errors import ErrorKind, ProviderError, TransportError
from plexus.http1.incoming import Incoming
from plexus.http1.server import Server
from plexus.upstream.client import UpstreamClient
from plexus.upstream.form import post_form


async def test_a_form_is_posted_and_the_answer_comes_whole() -> None:
    seen: list[tuple[bytes, bytes, dict[str, list[str]]]] = []

    async def token(incoming: Incoming) -> None:
        body = await incoming.body(10_000)
        kinds = {name.lower(): value for name, value in incoming.headers}
        seen.append((incoming.path + b"?" + incoming.query, kinds[b"content-type"], parse_qs(body.decode())))
        incoming.respond(400, [(b"content-type", b"application/json")], b'{"error":"no"}')

    server, client = Server(token), UpstreamClient()
    await server.start(host="127.0.0.1", port=0)
    try:
        answer = await post_form(client, f"http://127.0.0.1:{server.port}/t?v=1", {"a": "b c", "d": "é&"})
    finally:
        await client.close()
        await server.drain(1.0)
    assert answer == (400, b'{"error":"no"}')
    assert seen == [(b"/t?v=1", b"application/x-www-form-urlencoded", {"a": ["b c"], "d": ["é&"]})]


@pytest.mark.parametrize(
    "url",
    [
        "http://tokens.example/t",
        "https://169.254.169.254/t",
        "http://metadata.google.internal/",
        "ftp://x/",
        "",
        "https://[x",
    ],
)
async def test_a_secret_goes_nowhere_unsafe(url: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await post_form(UpstreamClient(), url, {})
    assert caught.value.kind is ErrorKind.UPSTREAM_AUTH


async def test_nobody_there() -> None:
    client = UpstreamClient()
    try:
        with pytest.raises(TransportError):
            await post_form(client, "http://127.0.0.1:9/t", {})
    finally:
        await client.close()
