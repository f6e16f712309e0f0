"""A client that knows exactly how much of each reply it has seen."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from tests.builders import SECRET

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
SHAPES = [
    (CHAT, "plain", False),
    (CHAT, "plain", True),
    (MESSAGES, "plain", True),
    (CHAT, "translated", False),
    (CHAT, "translated", True),
]
"""Path, model, streamed: JSON and streams, passed on and translated."""


@dataclass
class Seen:
    """What the client has seen of one reply."""

    number: int
    status: int = 0
    id: str = ""
    """The exchange's, once the head was there."""
    body: bytes = b""
    complete: bool = False
    followed: bool = False
    """The same connection has had a further reply: this exchange's step in the gateway is over for sure."""


class Line:
    """One connection, one exchange after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Line:
        """Connect. Raises OSError."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, seen: Seen, path: str, model: str, *, stream: bool) -> None:
        """One exchange. Raises OSError or EOFError when the connection is cut; ``seen`` says how far it went."""
        await self.begin(seen, path, model, stream=stream)
        await self.finish(seen)

    async def begin(self, seen: Seen, path: str, model: str, *, stream: bool) -> None:
        """Ask, and read the head of the reply."""
        self._writer.write(question(seen.number, path, model, stream=stream))
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        seen.status = int(head.split(" ")[1])
        seen.id = fields["x-request-id"]
        self._length = int(fields["content-length"]) if "content-length" in fields else None

    async def finish(self, seen: Seen) -> None:
        """Read to the end of the reply."""
        if self._length is not None:
            seen.body = await self._reader.readexactly(self._length)
        else:
            while size := await self.chunk(seen):
                assert size
        seen.complete = True

    async def chunk(self, seen: Seen) -> int:
        """Read one chunk; its size, 0 at the proper end."""
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        piece = await self._reader.readexactly(size + 2)
        seen.body += piece[:-2]
        return size

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def question(number: int, path: str, model: str, *, stream: bool) -> bytes:
    """One request. The provider sees ``number`` too."""
    mark: dict[str, Any] = {"user": f"n{number}"} if path == CHAT else {"metadata": {"user_id": f"n{number}"}}
    ask = {"model": model, "max_tokens": 30, "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    body = json.dumps({**ask, **mark}).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {SECRET}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def is_whole(path: str, stream: bool, body: bytes) -> bool:
    """Whether a reply that is complete by its framing is also complete by its protocol."""
    if not stream:
        return "usage" in json.loads(body)
    return b"data: [DONE]" in body if path == CHAT else b"event: message_stop" in body


async def exchanges(port: int, numbers: range) -> set[str]:
    """One exchange for each of ``numbers``, over one connection and in every shape; their ids. Each must succeed."""
    line = await Line.open(port)
    ids = set()
    for number in numbers:
        seen = Seen(number)
        path, model, stream = SHAPES[number % len(SHAPES)]
        await line.ask(seen, path, model, stream=stream)
        assert seen.status == 200, seen.body
        assert is_whole(path, stream, seen.body)
        ids.add(seen.id)
    line.close()
    return ids
