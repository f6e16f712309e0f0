"""A provider that needs no key and no network: plays Chat Completions and Messages, and every failure on demand.

- **MockProvider** (``provider``): takes calls, plays steps, remembers what it was sent.
- **Step** (``steps``): what a transcript is made of: Status, Reply, Stream, Raw, Hang, Reset, Html, Redirect.
- **Ask** (``ask``), **Answer** (``answer``): what is asked and said, in no protocol; ``planner`` decides by the model's name.
- ``chat`` and ``messages`` read requests as strictly as the vendors and write replies in their exact shapes; they share
  nothing with the gateway's codecs, so that each can find the other's mistakes.
- ``play`` turns a step into a **Script** (``script``) of actions; ``faults`` are steps by model name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from plexus.mock_provider.provider import MockProvider


@asynccontextmanager
async def serve(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """A mock provider on a port of its own while the block runs; yields its base URL."""
    provider = MockProvider(record=False)
    async with provider.serve(host, port) as origin:
        yield f"http://{origin.authority}/v1"
