"""``plexus mock``: the mock provider on a port of its own."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def mock(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks one.")] = 4010,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Play the providers' APIs, without a key and without a network.

    Chat Completions, Responses, Messages, Gemini, Ollama, Cohere; embeddings, rerank, moderations, images, audio.
    """
    from plexus.mock_provider import serve  # noqa: PLC0415 - only this command plays a provider

    def started(origin: str) -> None:
        typer.echo(f"The mock provider listens on {origin}/v1 and {origin}/v1beta")

    try:
        asyncio.run(serve(host, port, started=started))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
